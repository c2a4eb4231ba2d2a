/**
 * The datasheet of a configuration: what a person needs to use the blocks, made from their manifests, their
 * netlist, their simulation and the golden model, so that it says what they do.
 */
import { classifyRegisters, type Registers } from '../formal/registers.ts';
import { maxShift, multiplierFormat, multiplierWidth } from '../golden/index.ts';
import { ARCHITECTURES, LEADING_ONES, PIPELINE_DEPTHS } from '../hdl-gen/blocks/parameters.ts';
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import type { Manifest, ManifestPort } from '../hdl-gen/verilog/manifest.ts';
import { GENERATOR } from '../hdl-gen/version.ts';
import type { Simulator } from '../sim/simulators/index.ts';
import { drawTimingDiagram, timingDiagram, type WaveJson } from './timing-diagram.ts';
import { ARRAY_UNITS, arrayTrace, unitTrace } from './trace.ts';
import { type WorkedExample, workedExamples } from './worked-examples.ts';

export { DatasheetError } from './trace.ts';

export interface Datasheet {
  /** Traces of the simulation, by module, as WaveDrom's source. */
  readonly diagrams: Readonly<Record<string, WaveJson>>;
  /** `datasheet.md`, and each diagram as `<module>.timing.svg` and `<module>.timing.json`. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
}

/**
 * @param blocks generated with the same options
 * @throws DatasheetError where the simulation differs from golden; SimulatorError, ToolError
 */
export async function datasheetOf(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
  simulator: Simulator,
): Promise<Datasheet> {
  const cycles = manifestOf(blocks, 'dot_product_unit').latencyCycles;
  const array = await arrayTrace(options, blocks, simulator);
  const diagrams = {
    dot_product_unit: timingDiagram(
      await unitTrace(options, blocks, simulator),
      `dot_product_unit: latency ${cycles} cycles`,
    ),
    systolic_array: timingDiagram(
      array,
      `systolic_array: ${array.units.length} units, skew of one cycle each`,
    ),
  };
  const registers: Record<string, Registers> = {};
  for (const module of ['dot_product_unit', 'systolic_array']) {
    const units = module === 'systolic_array' ? 'dot_product_unit' : undefined;
    registers[module] = await classifyRegisters(blocks, manifestOf(blocks, module), units);
  }
  return {
    diagrams,
    files: [
      { name: 'datasheet.md', text: datasheetText(options, blocks, registers) },
      ...Object.entries(diagrams).flatMap(([module, source]) => [
        { name: `${module}.timing.svg`, text: drawTimingDiagram(source) },
        { name: `${module}.timing.json`, text: `${JSON.stringify(source, undefined, 2)}\n` },
      ]),
    ],
  };
}

function datasheetText(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
  registers: Readonly<Record<string, Registers>>,
): string {
  const { macs, k, units, arch, pipeline, leadingOne } = options;
  const flags = `--macs ${macs} --k ${k} --units ${units} --arch ${arch} --pipeline ${pipeline} --leading-one ${leadingOne}`;
  return `# Datasheet: ${blocks.map(({ manifest }) => manifest.module).join(', ')}

macs ${macs}, k ${k}, units ${units}, ${arch}, pipeline ${pipeline}, leading one ${leadingOne}. Made by ${GENERATOR.name} ${GENERATOR.version};
the same again:

    npx npu-rescaler gen ${flags} --datasheet

${interfaces(blocks)}
${timing(blocks)}
${resets(registers)}
${parameterSets(blocks, options)}
${arithmetic(options)}
${ownFlow(blocks, flags)}`;
}

function interfaces(blocks: readonly GeneratedBlock[]): string {
  const sections = blocks.map(
    ({ manifest: { module, ports, latencyCycles } }) => `### ${module}

${latencyCycles === 0 ? 'Combinational.' : `Latency ${latencyCycles} cycle${latencyCycles === 1 ? '' : 's'}.`} Bits are those at the default parameters.

${table(
  ['port', 'direction', 'bits', 'width', 'sign', 'what'],
  ports.map(({ name, direction, sign, width, description }) => [
    code(name),
    direction,
    `${width.bits}`,
    code(width.expression),
    sign,
    description,
  ]),
)}
`,
  );
  return `## Interface

In a flattened port, element i is at bits \`(i+1)*n-1\` to \`i*n\`, n being the width of one element.

${sections.join('\n')}`;
}

function timing(blocks: readonly GeneratedBlock[]): string {
  const { latencyCycles } = manifestOf(blocks, 'dot_product_unit');
  return `## Timing

Both pictures are traces of the emitted Verilog, simulated and compared with the golden model in every cycle. Inputs
are taken, and outputs change, at the rising edge of \`clk\`: what stands in a cycle is taken at its end. Hatched
inputs may be anything, and were random. A, B and C are three dot products, A0 the first beat of A.

![dot_product_unit](dot_product_unit.timing.svg)

- A beat is a cycle with \`in_valid\`. Cycle 2 has none: a bubble, in which no input matters.
- \`bias\` is taken with the first beat, \`multiplier\`, \`shift\`, \`zero_point\`, \`act_min\` and \`act_max\` with the last.
- B has one beat, which is first and last at once, and follows A without a pause; so does C.
- \`out_valid\` is high for one cycle, ${latencyCycles} cycles after the last beat. \`out\` keeps its value until the next result.

![systolic_array](systolic_array.timing.svg)

- The picture has UNITS = ${ARRAY_UNITS}.
- \`in_valid\`, \`in_last\` and \`x\` enter at unit 0 and move one unit a cycle: what enters in cycle t is at unit u in
  cycle t + u.
- Unit u takes its own part of \`w\`, \`bias\` and the parameters in that cycle, so they come u cycles later than for
  unit 0.
- \`out_valid[u]\` follows a last beat by u + ${latencyCycles} cycles.
`;
}

function resets(registers: Readonly<Record<string, Registers>>): string {
  const list = (names: readonly string[]): string => names.map(code).join(', ') || 'none';
  const rows = Object.entries(registers).map(([module, { control, data, reset }]) => [
    code(module),
    list(reset.filter((name) => control.includes(name))),
    list(reset.filter((name) => data.includes(name))),
    list(data.filter((name) => !reset.includes(name))),
  ]);
  return `## Reset

\`rst\` is synchronous and active high; one cycle is enough. It drops the sum and every result that is under way. A beat
in the same cycle is dropped, too. After it \`out_valid\` and \`out\` are 0, whatever the registers held before.

Registers without a reset carry data, which nothing reads before the beat that writes it. From the netlists, that of
the array without its units:

${table(['module', 'control, reset', 'data, reset', 'data, not reset'], rows)}
`;
}

function parameterSets(blocks: readonly GeneratedBlock[], options: GenerateOptions): string {
  const { parameters } = manifestOf(blocks, 'systolic_array');
  return `## Supported parameter sets

The files are parameterized: each value and every combination in these ranges is supported, by instantiation, without
generating anew. A value outside stops elaboration, with a message that names the range.

${table(
  ['parameter', 'range', 'default here', 'what'],
  parameters.map(({ name, minimum, maximum, default: value, description }) => [
    code(name),
    `${minimum} to ${maximum}`,
    `${value}`,
    description,
  ]),
)}

What is fixed in the files, and takes others to change:

${table(
  ['option', 'choices', 'here', 'what'],
  [
    ['`--arch`', ARCHITECTURES.join(', '), options.arch, 'circuit; the function is the same'],
    [
      '`--pipeline`',
      PIPELINE_DEPTHS.join(', '),
      `${options.pipeline}`,
      'registers inside the rescaler, a cycle of latency each',
    ],
    [
      '`--leading-one`',
      LEADING_ONES.join(', '),
      options.leadingOne,
      'whether the multiplier port carries it',
    ],
  ],
)}
`;
}

function arithmetic({ k, leadingOne }: GenerateOptions): string {
  const format = multiplierFormat(k, { leadingOne });
  const width = multiplierWidth(format);
  const port =
    leadingOne === 'hidden'
      ? `The port carries the ${k} bits behind the leading one of m: m = 2^${k} + multiplier.`
      : 'The port carries m as it is.';
  return `## Rounding and saturation

    y = clamp(zero_point + floor((a * m + 2^(s-1)) / 2^s), act_min, act_max)

- m has ${width} bit${width === 1 ? '' : 's'}, unsigned. ${port}
- s is 0 to ${maxShift(format)}. A larger one, or act_min above act_max, is outside of the contract, and not detected.
- One rounding, half up (towards +infinity), over the exact product; none at s = 0.
- The quotient is taken as 32 bits, two's complement. It can wrap only where m * 2^-s is above 1.
- The sum with the zero point is exact, and clamped: it saturates, it never wraps.
- The accumulator wraps in 32 bits.

Computed by the golden model, with m = 2^${width - 1}:

${table(
  ['a', 's', 'zero_point', 'act_min .. act_max', 'a * m / 2^s', 'rounded', 'y', 'shows'],
  workedExamples(format).map(exampleRow),
)}
`;
}

function exampleRow({
  accumulator,
  parameters,
  exact,
  quotient,
  output,
  shows,
}: WorkedExample): readonly string[] {
  const { shift, outputZeroPoint, activationMin, activationMax } = parameters;
  return [
    `${accumulator}`,
    `${shift}`,
    `${outputZeroPoint}`,
    `${activationMin} .. ${activationMax}`,
    `${exact.toNumber()}`,
    `${quotient}`,
    `**${output}**`,
    shows,
  ];
}

function ownFlow(blocks: readonly GeneratedBlock[], flags: string): string {
  const array = manifestOf(blocks, 'systolic_array');
  const files = blocks
    .filter(({ manifest }) => [...array.instantiates, array.module].includes(manifest.module))
    .map(({ manifest }) => manifest.file);
  const unit = manifestOf(blocks, 'dot_product_unit');
  const signal = ({ name, width }: ManifestPort): string => (width.expression === '1' ? name : `${name}[*]`);
  const ports = (direction: ManifestPort['direction']): string =>
    unit.ports
      .filter((port) => port.direction === direction && port.name !== 'clk')
      .map(signal)
      .join(' ');
  return `## Your own flow

### Files

Verilog-2005, no includes, no defines, no vendor cells. For \`systolic_array\` read, in this order, ${files.map(code).join(', ')};
for a block alone, what \`instantiates\` in its manifest \`<module>.json\` names, then the block. Override the parameters where
you instantiate it.

### Lint

    verilator --lint-only -Wall --top-module systolic_array ${files.join(' ')}

is silent; there is no waiver to carry over.

### Test bench

    npx npu-rescaler gen ${flags} --testbench

adds \`<module>_tb.v\` and \`<module>_tb.hex\`: stimulus and golden outputs of every cycle, for any simulator. In the folder
with the files,

    iverilog -g2005 -y . -o tb.vvp dot_product_unit_tb.v && vvp tb.vvp

ends with PASS. It takes a netlist in the place of the file, too: a netlist has no parameters, so take them off the
instance \`dut\`.

### Synthesis

- One clock, rising edge. No latch, no multicycle path, no false path: \`rst\` is synchronous, and is timed as data.
- The outputs are registers. \`x\`, \`w\` and \`bias\` go through the multipliers before the first register, so their input
  delay counts; the other inputs go to registers.
- Nothing has to be kept from optimization; retiming is welcome where \`--pipeline\` is not 0.

Constraints of \`dot_product_unit\`; the period, and the shares of it outside of the block, are yours:

    create_clock -name clk -period 2.0 [get_ports clk]
    set_input_delay 0.4 -clock clk [get_ports {${ports('input')}}]
    set_output_delay 0.4 -clock clk [get_ports {${ports('output')}}]

Area and delay in your cells, before that: \`npx npu-rescaler synth-sweep --liberty cells.lib\`.

### What is shown, and what is left to you

    npx npu-rescaler signoff ${flags}

proves and simulates these files. That your netlist equals them, and its timing, are for your own tools.
`;
}

function manifestOf(blocks: readonly GeneratedBlock[], module: string): Manifest {
  const block = blocks.find(({ manifest }) => manifest.module === module);
  if (!block) throw new Error(`no block is named ${module}`);
  return block.manifest;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}
