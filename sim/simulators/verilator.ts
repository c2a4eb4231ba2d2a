/** Simulation by a native Verilator: the design becomes a program that turns a file of rows into another. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached, contentKey, defaultCacheDirectory } from '../../tools/cache.ts';
import {
  createDirectory,
  removeDirectory,
  requireTool,
  runTool,
  withDirectory,
  writeSources,
} from './processes.ts';
import { countRows, type Field, inputLayout, outputLayout, wordMask } from './rows.ts';
import {
  type CompiledDesign,
  checkDesign,
  type Design,
  type Simulator,
  type SimulatorOptions,
} from './simulator.ts';
import { declarations, HARNESS, inputName, instance, outputName } from './verilog-harness.ts';

const ADVICE =
  'verilator is not on the PATH: install Verilator 5 (Debian and Ubuntu: apt install verilator g++ make, ' +
  "macOS: brew install verilator), or use the simulator 'cxxrtl', which comes with this package";

const MAKE_ADVICE =
  'make is not on the PATH, and Verilator needs it as well as a C++ compiler ' +
  "(Debian and Ubuntu: apt install g++ make); or use the simulator 'cxxrtl', which comes with this package";

/** Lint is for whoever writes the Verilog; two states that start at zero, as in cxxrtl. */
const FLAGS = [
  ...['--cc', '--exe', '--Mdir', 'build', '-o', 'simulator'],
  ...['-O3', '--x-assign', 'fast', '--x-initial', '0', '--noassert', '-Wno-lint', '-Wno-style', '-Wno-fatal'],
  ...['--default-language', '1364-2005', '--top-module', HARNESS],
];

/** What becomes of the design. */
interface Build {
  readonly flags: readonly string[];
  /** How the generated C++ is compiled. */
  readonly optimization: readonly string[];
}

const BATCH: Build = { flags: [], optimization: ['OPT_FAST=-O3', 'OPT_SLOW=-O0', 'OPT_GLOBAL=-O0'] };
/** A waveform is short, and the compiler takes most of the time. */
const TRACE: Build = {
  flags: ['--trace'],
  optimization: ['OPT_FAST=-O1', 'OPT_SLOW=-O0', 'OPT_GLOBAL=-O0'],
};

/** Verilator's own library: half of the compiler's work, and the same for every design. */
const RUNTIME = ['verilated.o', 'verilated_threads.o'];

export function createVerilator(options: SimulatorOptions = {}): Simulator {
  return {
    name: 'verilator',
    requireInstalled: () => requireTool('verilator', ['--version'], ADVICE),
    async compile(design) {
      checkDesign(design);
      const { program, fingerprint } = await buildProgram(design, BATCH, options);
      let tracer: Promise<Program> | undefined;
      return {
        fingerprint,
        run: async (stimulus) => ({ outputs: await runProgram(design, program, stimulus) }),
        async waveform(stimulus) {
          tracer ??= buildProgram(design, TRACE, options);
          return traceProgram(design, (await tracer).program, stimulus);
        },
        async dispose() {
          await removeDirectory(dirname(program));
          const traced = await tracer?.catch(() => undefined);
          if (traced !== undefined) await removeDirectory(dirname(traced.program));
        },
      } satisfies CompiledDesign;
    },
  };
}

interface Program {
  /** Path, in a temporary directory of its own. */
  readonly program: string;
  readonly fingerprint: string;
}

async function buildProgram(
  design: Design,
  { flags, optimization }: Build,
  { cacheDirectory = defaultCacheDirectory(), onStage }: SimulatorOptions,
): Promise<Program> {
  const sources = [
    ...design.files,
    { name: `${HARNESS}.v`, text: verilogHarness(design) },
    { name: 'main.cc', text: cppHarness(design) },
  ];
  const directory = await createDirectory();
  try {
    const verilator = (args: readonly string[], where: string) =>
      runTool('verilator', args, { directory: where, advice: ADVICE });
    const version = await verilator(['--version'], directory);
    const args = [...FLAGS, ...flags, ...sources.map(({ name }) => name)];
    const fingerprint = contentKey([version, JSON.stringify(sources), ...args, ...optimization]);
    const content = await cached(cacheDirectory, fingerprint, () =>
      withDirectory(async (workspace) => {
        await writeSources(workspace, sources);
        const start = performance.now();
        await verilator(args, workspace);
        const make = async (target: string): Promise<Uint8Array> => {
          const where = { directory: join(workspace, 'build'), advice: MAKE_ADVICE };
          await runTool('make', ['-j', '-f', `V${HARNESS}.mk`, target, ...optimization], where);
          return readFile(join(workspace, 'build', target));
        };
        for (const object of RUNTIME) {
          const key = contentKey([version, object, ...flags, ...optimization]);
          const compiled = await cached(cacheDirectory, key, () => make(object));
          // Newer than its source, so make takes it as it is.
          await writeFile(join(workspace, 'build', object), compiled);
        }
        const program = await make('simulator');
        onStage?.('verilator', performance.now() - start);
        return program;
      }),
    );
    const program = join(directory, 'simulator');
    await writeFile(program, content);
    await chmod(program, 0o700);
    return { program, fingerprint };
  } catch (error) {
    await removeDirectory(directory);
    throw error;
  }
}

function runProgram(design: Design, program: string, stimulus: Uint32Array): Promise<Uint32Array> {
  return withDirectory(async (directory) => {
    await execute(design, program, directory, stimulus, []);
    const { buffer, byteOffset, byteLength } = await readFile(join(directory, 'response'));
    return new Uint32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  });
}

function traceProgram(design: Design, program: string, stimulus: Uint32Array): Promise<string> {
  return withDirectory(async (directory) => {
    await execute(design, program, directory, stimulus, ['waveform.vcd']);
    return readFile(join(directory, 'waveform.vcd'), 'utf8');
  });
}

async function execute(
  design: Design,
  program: string,
  directory: string,
  stimulus: Uint32Array,
  options: readonly string[],
): Promise<void> {
  countRows(inputLayout(design), stimulus);
  await writeFile(join(directory, 'stimulus'), stimulus);
  const advice = `${program} cannot be executed: is the directory mounted noexec? TMPDIR can name another`;
  await runTool(program, ['stimulus', 'response', ...options], { directory, advice });
}

function verilogHarness(design: Design): string {
  const ports = [
    ...(design.clock === undefined ? [] : ['input clock']),
    ...declarations('input', inputLayout(design).fields, inputName),
    ...declarations('output', outputLayout(design).fields, outputName),
  ];
  return `\`timescale 1ns / 1ns
module ${HARNESS} (
  ${ports.join(',\n  ')}
);
  ${instance(design)}
endmodule
`;
}

function cppHarness(design: Design): string {
  const inputs = inputLayout(design);
  const outputs = outputLayout(design);
  const clock = (level: number) => (design.clock === undefined ? '' : `top.clock = ${level};`);
  return `#include "V${HARNESS}.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif
#include <cstdint>
#include <cstdio>

static const size_t BLOCK_ROWS = 4096;
static uint32_t inputs[BLOCK_ROWS * ${inputs.words}];
static uint32_t outputs[BLOCK_ROWS * ${outputs.words}];

int main(int, char **argv) {
	FILE *stimulus = fopen(argv[1], "rb");
	FILE *response = fopen(argv[2], "wb");
	if (!stimulus || !response) return 1;
	VerilatedContext context;
#if VM_TRACE
	context.traceEverOn(true);
	VerilatedVcdC vcd;
#endif
	V${HARNESS} top{&context};
#if VM_TRACE
	top.trace(&vcd, 99);
	vcd.open(argv[3]);
	uint64_t time_ns = 0;
#endif
	while (size_t rows = fread(inputs, sizeof(uint32_t) * ${inputs.words}, BLOCK_ROWS, stimulus)) {
		const uint32_t *in = inputs;
		uint32_t *out = outputs;
		for (size_t row = 0; row < rows; row++, in += ${inputs.words}, out += ${outputs.words}) {
${inputs.fields.map(driveField).join('\n')}
#if VM_TRACE
			// Inputs change just after the edge, while the clock is still high.
			top.eval();
			vcd.dump(time_ns);
			time_ns += 5;
#endif
			${clock(0)}
			top.eval();
#if VM_TRACE
			vcd.dump(time_ns);
			time_ns += 5;
#endif
${outputs.fields.map(sampleField).join('\n')}
${design.clock === undefined ? '' : `\t\t\t${clock(1)}\n\t\t\ttop.eval();`}
		}
		if (fwrite(outputs, sizeof(uint32_t) * ${outputs.words}, rows, response) != rows) return 1;
	}
	top.final();
#if VM_TRACE
	vcd.dump(time_ns);
	vcd.close();
#endif
	return fclose(response);
}
`;
}

/** Up to 64 bits Verilator has integers of the next size, above that arrays of 32-bit words. */
function driveField(field: Field, index: number): string {
  const word = (i: number) => `(in[${field.offset + i}] & 0x${wordMask(field, i).toString(16)}u)`;
  const name = `top.${inputName(index)}`;
  if (field.words === 1) return `\t\t\t${name} = ${word(0)};`;
  if (field.words === 2) return `\t\t\t${name} = ${word(0)} | uint64_t(${word(1)}) << 32;`;
  return Array.from({ length: field.words }, (_, i) => `\t\t\t${name}[${i}] = ${word(i)};`).join('\n');
}

function sampleField({ offset, words }: Field, index: number): string {
  const name = `top.${outputName(index)}`;
  const word = (i: number) => {
    if (words === 1) return name;
    return words === 2 ? `uint32_t(${name} >> ${32 * i})` : `${name}[${i}]`;
  };
  return Array.from({ length: words }, (_, i) => `\t\t\tout[${offset + i}] = ${word(i)};`).join('\n');
}
