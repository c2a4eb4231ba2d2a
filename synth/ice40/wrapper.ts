/**
 * A frame for place and route with three pins, so that the number of pins limits no unit.
 *
 * A shift register feeds every input of the unit, and every output is registered again before one parity bit
 * leaves. All paths of the unit thus run from register to register. What the frame itself adds between
 * registers is at most the parity of `out` and `out_valid`, two logic cells deep.
 */
import type { Design, Port } from '../../hdl-gen/design.ts';

export const WRAPPER = 'ice40_wrapper';
/** Instance of the unit inside the frame; its cells have names that start so. */
export const INSTANCE = 'unit';

/** The frame as Verilog, with the unit as a black box: its netlist is put in after the frame's synthesis. */
export function wrapperVerilog({ top, ports, clock }: Design): string {
  const inputs = ports.filter(({ direction, name }) => direction === 'input' && name !== clock);
  const outputs = ports.filter(({ direction }) => direction === 'output');
  const inputBits = bitsOf(inputs);
  const outputBits = bitsOf(outputs);
  const clocks = clock === undefined ? [] : [`.${clock}(clk)`];
  const connections = [...clocks, ...slices('loaded', inputs), ...slices('outputs', outputs)];
  const declarations = ports.map(
    ({ direction, width, name }) => `${direction} wire [${width - 1}:0] ${name}`,
  );
  return `\`default_nettype none

module ${WRAPPER} (input wire clk, input wire serial_in, output reg serial_out);
    reg [${inputBits - 1}:0] loaded;
    wire [${outputBits - 1}:0] outputs;
    reg [${outputBits - 1}:0] captured;
    always @(posedge clk) begin
        loaded <= {loaded[${inputBits - 2}:0], serial_in};
        captured <= outputs;
        serial_out <= ^captured;
    end
    ${top} ${INSTANCE} (
        ${connections.join(',\n        ')}
    );
endmodule

(* blackbox *)
module ${top} (
    ${declarations.join(',\n    ')}
);
endmodule

\`default_nettype wire
`;
}

function bitsOf(ports: readonly Port[]): number {
  return ports.reduce((sum, { width }) => sum + width, 0);
}

/** Each port on its own bits of a vector. */
function slices(vector: string, ports: readonly Port[]): readonly string[] {
  let offset = 0;
  return ports.map(({ name, width }) => {
    const low = offset;
    offset += width;
    return `.${name}(${vector}[${offset - 1}:${low}])`;
  });
}
