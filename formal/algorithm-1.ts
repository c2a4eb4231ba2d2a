/**
 * The specification, written for the proofs and for nothing else: Algorithm 1 and Eq. (1) over integers that
 * are wide enough for every intermediate result, as SPEC section 1 and golden/rescale.ts state them. It
 * shares no text with the generated Verilog.
 *
 * -2^31 * (2^W - 1) <= acc * m < 2^(31+W), so W + 32 bits hold the product exactly.
 */
export const ALGORITHM_1 = {
  top: 'algorithm_1',
  files: [
    {
      name: 'algorithm_1.v',
      text: `
module algorithm_1 #(
    parameter W = 4, // width of m, with its leading one
    parameter S = 5  // width of the shift
) (
    input wire signed [31:0] acc,
    input wire [W-1:0] m,
    input wire [S-1:0] shift,
    input wire signed [7:0] zero_point,
    input wire signed [7:0] act_min,
    input wire signed [7:0] act_max,
    output wire signed [7:0] out
);
    wire signed [W+31:0] a = acc;
    wire signed [W+31:0] b = {32'd0, m};
    wire signed [W+31:0] product = a * b;

    // Half up, once; nothing to round at shift 0.
    wire signed [127:0] dividend = product;
    wire signed [127:0] half = shift == 0 ? 128'sd0 : 128'sd1 <<< (shift - 1);
    wire signed [127:0] rounded = dividend + half;
    wire signed [127:0] floor = rounded >>> shift;

    // As a 32-bit value, two's complement.
    wire signed [31:0] quotient = floor[31:0];

    // Exact, then clamped.
    wire signed [63:0] y = quotient + zero_point;
    wire signed [63:0] upper = act_max;
    wire signed [63:0] lower = act_min;
    assign out = y > upper ? act_max : y < lower ? act_min : y[7:0];
endmodule
`,
    },
  ],
} as const;
