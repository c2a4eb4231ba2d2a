/**
 * Self-checking Verilog test benches with their vectors, for people with a simulator of their own: the same
 * vectors, golden outputs and moment of sampling as in `cosim`, without anything of this package at run time.
 */
import { type GeneratedBlock, type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import type { Manifest } from '../hdl-gen/verilog/manifest.ts';
import { GENERATOR } from '../hdl-gen/version.ts';
import type { Bench, Stimulus } from './bench.ts';
import { Random } from './random.ts';
import { benchesOf } from './regression.ts';
import {
  countRows,
  getField,
  inputLayout,
  outputLayout,
  type Port,
  type RowLayout,
  type SourceFile,
} from './simulators/index.ts';

/** Rows of each kind, directed and random: enough to see every case, few enough to keep beside the Verilog. */
const MOST_ROWS = 2000;
const FEWEST_ROWS = 500;
/** Of a unit, spread over all: so that every kind of them is among the rows that are kept. */
const DIRECTED_RESCALES = 600;
/** Beyond it, wide rows become fewer. */
const BYTES_OF_A_KIND = 1_000_000;
const SEED = 1;

/** `<module>_tb.v` and `<module>_tb.hex` for each block; the same options give the same text. */
export function testbenches(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[] = generate(options),
): readonly SourceFile[] {
  return benchesOf(options, blocks).flatMap((bench) => {
    const block = blocks.find(({ manifest }) => manifest.module === bench.design.top);
    if (!block) throw new Error(`no block is named ${bench.design.top}`);
    const vectors = vectorsOf(bench);
    const name = `${bench.design.top}_tb`;
    return [
      { name: `${name}.v`, text: printTestbench(bench, block.manifest, vectors) },
      { name: `${name}.hex`, text: vectors.text },
    ];
  });
}

interface Vectors {
  readonly text: string;
  readonly rows: number;
  /** Rows whose outputs are compared. */
  readonly compared: number;
}

/** Directed and random rows, one after the other. */
export function testbenchStimulus(bench: Bench): Stimulus {
  const { words } = inputLayout(bench.design);
  const count = Math.floor(BYTES_OF_A_KIND / digitsOf(bench));
  const rows = Math.max(FEWEST_ROWS, Math.min(count, MOST_ROWS));
  const directed = someRows(bench.directed(DIRECTED_RESCALES), rows, words, bench.design.clock !== undefined);
  const random = bench.random(new Random(SEED), rows);
  const both = new Uint32Array(directed.length + random.length);
  both.set(directed);
  both.set(random, directed.length);
  return both;
}

/** Of cases that stand alone every n-th; of a sequence its beginning, where everything has its first turn. */
function someRows(stimulus: Stimulus, rows: number, words: number, isSequence: boolean): Stimulus {
  const count = stimulus.length / words;
  if (isSequence || count <= rows) return stimulus.slice(0, rows * words);
  const some = new Uint32Array(rows * words);
  for (let row = 0; row < rows; row += 1) {
    const from = Math.floor((row * count) / rows) * words;
    some.set(stimulus.subarray(from, from + words), row * words);
  }
  return some;
}

/** Bits of a row of the memory: whether it is compared, expected outputs, inputs. */
function bitsOf({ design }: Bench): number {
  const fields = [...outputLayout(design).fields, ...inputLayout(design).fields];
  return fields.reduce((sum, { port }) => sum + port.width, 1);
}

function digitsOf(bench: Bench): number {
  return Math.ceil(bitsOf(bench) / 4);
}

/** One hexadecimal number a row. */
function vectorsOf(bench: Bench): Vectors {
  const inputs = inputLayout(bench.design);
  const outputs = outputLayout(bench.design);
  const stimulus = testbenchStimulus(bench);
  const expectation = bench.expect(stimulus);
  const rows = countRows(inputs, stimulus);
  const digits = digitsOf(bench);
  const lines = Array.from({ length: rows }, (_, row) => {
    let value = row >= expectation.firstChecked ? 1n : 0n;
    const append = (layout: RowLayout, table: Uint32Array) => {
      for (const field of layout.fields) {
        const width = field.port.width;
        value = (value << BigInt(width)) | BigInt.asUintN(width, getField(layout, table, row, field));
      }
    };
    append(outputs, expectation.outputs);
    append(inputs, stimulus);
    return value.toString(16).padStart(digits, '0');
  });
  return { text: `${lines.join('\n')}\n`, rows, compared: rows - expectation.firstChecked };
}

function printTestbench(bench: Bench, manifest: Manifest, { rows, compared }: Vectors): string {
  const { clock, top, files } = bench.design;
  const name = `${top}_tb`;
  const inputs = inputLayout(bench.design).fields.map(({ port }) => port);
  const outputs = outputLayout(bench.design).fields.map(({ port }) => port);
  const pins = [...(clock === undefined ? [] : [clock]), ...[...inputs, ...outputs].map((port) => port.name)];
  const others = files.map((file) => file.name).filter((file) => file !== `${top}.v`);
  const overrides = manifest.parameters.map((parameter) => `.${parameter.name}(${parameter.name})`);
  const whenClocked = (...lines: readonly string[]) => (clock === undefined ? [] : lines);
  const expected = (port: Port) => `expected_${port.name}`;
  const actual = (port: Port) => port.name;

  return `// ${name}: self-checking test bench of ${top}.
//
// Each line of ${name}.hex is one clock cycle: the inputs, and the outputs that
// the golden model expects at its end, just before the rising edge. The first mismatches are
// printed; the last line is PASS or FAIL with the number of vectors.
//
// To run it in this folder with Icarus Verilog:
//   $ iverilog -g2005 -y . -o ${name}.vvp ${name}.v && vvp ${name}.vvp
// with Verilator 5:
//   $ verilator --binary --timing -y . ${name}.v && obj_dir/V${name}
// with another simulator, compile ${[`${top}.v`, ...others].join(', ')} with it.
// Elsewhere, set the parameter VECTORS to the path of ${name}.hex.
//
// Generated by ${GENERATOR.name} ${GENERATOR.version}; do not edit.
\`default_nettype none

module ${name} #(
    // The vectors, seen from where the simulation runs.
    parameter VECTORS = "${name}.hex"
);
${block(4, [
  ...manifest.parameters.map((parameter) => `localparam ${parameter.name} = ${parameter.default};`),
  '// Lines of the vectors, and those of them whose outputs are compared.',
  `localparam ROWS = ${rows};`,
  `localparam COMPARED = ${compared};`,
  '// Mismatches that are printed.',
  'localparam PRINTED = 10;',
])}

${block(4, [
  ...whenClocked(`reg ${clock} = 1'b1;`),
  ...inputs.map((port) => declare('reg', port, port.name)),
  ...outputs.map((port) => declare('wire', port, port.name)),
])}

    ${top} #(${overrides.join(', ')}) dut (
${block(8, list(pins.map((pin) => `.${pin.padEnd(Math.max(...pins.map(({ length }) => length)))} (${pin})`)))}
    );

    // A line is: whether it is compared, the expected outputs, the inputs.
    reg [${bitsOf(bench) - 1}:0] rows [0:ROWS-1];
${block(4, ['reg compared;', ...outputs.map((port) => declare('reg', port, expected(port)))])}

    integer file;
    integer cycle;
    integer right;
    integer wrong;

    initial begin
        right = 0;
        wrong = 0;
        file = $fopen(VECTORS, "r");
        if (file == 0) begin
            $display("cannot open %0s", VECTORS);
        end else begin
            $fclose(file);
            $readmemh(VECTORS, rows);
            for (cycle = 0; cycle < ROWS; cycle = cycle + 1) begin
                // Inputs change after the rising edge.
                #1;
                {
${block(20, list(['compared', ...outputs.map(expected), ...inputs.map(actual)]))}
                } = rows[cycle];
                #4;
${block(16, [...whenClocked(`${clock} = 1'b0;`), '#5;'])}
                // Unknown in a line that the file does not have.
                if (compared === 1'b1) begin
                    if (${outputs.map((port) => `${actual(port)} === ${expected(port)}`).join(' && ')}) begin
                        right = right + 1;
                    end else begin
                        wrong = wrong + 1;
                        if (wrong <= PRINTED) begin
                            $write("cycle %0d:", cycle);
${block(28, [
  ...print(bench, inputs, actual),
  '$write("\\n  expected");',
  ...print(bench, outputs, expected),
  '$write("\\n  actual  ");',
  ...print(bench, outputs, actual),
  '$write("\\n");',
])}
                        end
                    end
                end
${block(16, [...whenClocked(`${clock} = 1'b1;`), ''])}            end
            if (right + wrong != COMPARED) begin
                $display("%0s has %0d of %0d vectors", VECTORS, right + wrong, COMPARED);
            end
        end
        if (right == COMPARED && wrong == 0) begin
            $display("PASS: %0d vectors", COMPARED);
        end else begin
            $display("FAIL: %0d of %0d vectors", COMPARED - right, COMPARED);
        end
        $finish(0);
    end
endmodule

\`default_nettype wire
`;
}

/** Lines with that many spaces in front. */
function block(indent: number, lines: readonly string[]): string {
  return lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join('\n');
}

/** Lines that end in commas, but for the last. */
function list(items: readonly string[]): readonly string[] {
  return items.map((item, i) => (i === items.length - 1 ? item : `${item},`));
}

function declare(kind: 'reg' | 'wire', { signed, width }: Port, name: string): string {
  const range = width === 1 ? '' : `[${width - 1}:0] `;
  return `${kind} ${signed ? 'signed ' : ''}${range}${name};`;
}

/** Statements that print ports, a few at a time: flattened ones in hexadecimal, numbers in decimal. */
function print(bench: Bench, ports: readonly Port[], nameOf: (port: Port) => string): readonly string[] {
  const statements: string[] = [];
  for (let i = 0; i < ports.length; i += PORTS_OF_A_LINE) {
    const some = ports.slice(i, i + PORTS_OF_A_LINE);
    const format = some.map(({ name }) => ` ${name}=${name in bench.elements ? '0x%h' : '%0d'}`).join('');
    statements.push(`$write("${format}", ${some.map(nameOf).join(', ')});`);
  }
  return statements;
}

const PORTS_OF_A_LINE = 3;
