/** `npu-rescaler gen`: writes the Verilog of a configuration with its manifests. */
import { Command } from 'commander';
import { datasheetOf } from '../datasheet/datasheet.ts';
import { DEFAULT_OPTIONS, type GeneratedBlock, type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import { createSimulator } from '../sim/simulators/index.ts';
import { testbenches } from '../sim/testbench.ts';
import { counted } from './count.ts';
import { writeFiles } from './files.ts';
import { ARCH, K, LEADING_ONE, MACS, PIPELINE, place, single, UNITS } from './options.ts';

interface GenFlags extends GenerateOptions {
  readonly out: string;
  readonly testbench?: true;
  readonly datasheet?: true;
  readonly json?: true;
}

export const gen = new Command('gen')
  .summary('write Verilog of a rescaler, dot-product unit and systolic array')
  .description(
    'Writes parameterized Verilog-2005 of the rescaler, the dot-product unit and the systolic array, each with a JSON manifest of its interface. --macs, --k and --units set the defaults of the Verilog parameters.',
  )
  .addOption(single(MACS, 'multiplications a beat (parameter MACS)').default(DEFAULT_OPTIONS.macs))
  .addOption(single(K, 'width of the multiplier (parameter K)').default(DEFAULT_OPTIONS.k))
  .addOption(single(UNITS, 'units of the systolic array (parameter UNITS)').default(DEFAULT_OPTIONS.units))
  .addOption(single(ARCH, 'circuit of the rescaler').default(DEFAULT_OPTIONS.arch))
  .addOption(single(PIPELINE, 'register stages inside the rescaler path').default(DEFAULT_OPTIONS.pipeline))
  .addOption(single(LEADING_ONE, 'leading one of the multiplier').default(DEFAULT_OPTIONS.leadingOne))
  .addOption(single(place('out', 'dir'), 'folder to write to').default('rtl'))
  .option(
    '--testbench',
    'also write self-checking test benches with their vectors, <module>_tb.v and <module>_tb.hex, for any simulator; they end with PASS or FAIL and the counts',
  )
  .option(
    '--datasheet',
    'also write datasheet.md: interface, timing diagrams (simulated; WaveDrom source and SVG), reset, parameters, rounding with examples, how to use the files in your own flow',
  )
  .option('--json', 'print what was written as JSON')
  .addHelpText('after', '\nExample:\n  npu-rescaler gen --macs 8 --k 4 --pipeline 1 --out build/rtl')
  .action(async ({ out, json, testbench, datasheet, ...options }: GenFlags) => {
    const blocks = generate(options);
    const modules = blocks.flatMap(({ manifest, verilog }) => [
      { name: manifest.file, text: verilog },
      { name: `${manifest.module}.json`, text: `${JSON.stringify(manifest, undefined, 2)}\n` },
    ]);
    const files = [
      ...modules,
      ...(testbench ? testbenches(options, blocks) : []),
      ...(datasheet ? (await datasheetOf(options, blocks, createSimulator('cxxrtl'))).files : []),
    ];
    const written = writeFiles(out, files);
    console.log(
      json
        ? JSON.stringify({ written, modules: blocks.map(({ manifest }) => manifest) }, undefined, 2)
        : [...written.map((path) => `wrote ${path}`), '', ...blocks.map(interfaceTable)].join('\n'),
    );
  });

function interfaceTable({ manifest }: GeneratedBlock): string {
  const { module, parameters, ports, latencyCycles } = manifest;
  const values = parameters.map(({ name, default: value }) => `${name} = ${value}`).join(', ');
  const latency = latencyCycles === 0 ? 'combinational' : `latency ${counted(latencyCycles, 'cycle')}`;
  const rows = ports.map(({ name, direction, sign, width }) => [
    direction,
    name,
    `${width.bits}`,
    sign === 'signed' ? 'signed' : '',
    width.expression === `${width.bits}` ? '' : width.expression,
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [`${module} (${values}; ${latency})`, ...lines.map((line) => `  ${line}`), ''].join('\n');
}
