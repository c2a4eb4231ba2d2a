/** The C++ around a design that runs whole blocks of rows inside WebAssembly. */
import { type Field, inputLayout, outputLayout, wordMask } from './rows.ts';
import type { Design, Port } from './simulator.ts';

/**
 * How a row is evaluated:
 * - `combinational`: once, there is no state.
 * - `once`: once. With the clock presented as rising, one evaluation reads the current state and computes both
 *   the outputs and the next state, which `commit` then moves into place. Exact if every register takes the
 *   rising clock itself, and the logic has no loops.
 * - `settled`: with the clock low until nothing changes, then with the clock high likewise. For resets that
 *   don't wait for the clock, latches, loops, and the clock as data; at 60 % of the speed.
 */
export type Schedule = 'combinational' | 'once' | 'settled';

export const schedules: readonly Schedule[] = ['combinational', 'once', 'settled'];

/** Words of input and output that a block may hold: 256 KiB, about the size of a second-level cache. */
const BLOCK_WORDS = 1 << 16;

/** Far beyond what any logic takes that comes to rest at all. */
const MOST_EVALUATIONS = 1000;

/** Number of rows that the simulator takes at a time. */
export function blockRows(design: Design): number {
  return Math.max(1, Math.floor(BLOCK_WORDS / (inputLayout(design).words + outputLayout(design).words)));
}

/** Reads rows from `inputs`, writes rows to `outputs`: one call of `run` for a block. */
export function batchHarness(design: Design, schedule: Schedule): string {
  return `${preamble(design)}
extern "C" {
__attribute__((export_name("inputs"))) uint32_t *input_rows() { return inputs; }
__attribute__((export_name("outputs"))) uint32_t *output_rows() { return outputs; }

// Returns how many rows came to rest. Flattened: inlining the evaluation into the loop doubles the speed.
__attribute__((flatten, export_name("run"))) uint32_t run(uint32_t rows) {
	const uint32_t *in = inputs;
	uint32_t *out = outputs;
	for (uint32_t row = 0; row < rows; row++, in += ${inputLayout(design).words}, out += ${outputLayout(design).words}) {
		drive(in);
		${beforeSampling(design, schedule)}
		sample(out);
		${afterSampling(design, schedule)}
	}
	return rows;
}
}
`;
}

/** What a tracer shows of a design, as its translation finds it. */
export interface Hierarchy {
  /** The ports of the design, and every other signal as an output: `u_rescaler.product`. */
  readonly ports: readonly Port[];
  /** Paths of the clock: the input, and its namesakes in instances. */
  readonly clocks: readonly string[];
}

/** A harness that samples the whole hierarchy, and tells what that is. */
export function traceHarness(design: Design, hierarchy: Hierarchy): string {
  return `${batchHarness({ ...design, ports: hierarchy.ports }, 'settled')}
extern "C" __attribute__((export_name("hierarchy"))) const char *hierarchy() {
	return R"json(${JSON.stringify(hierarchy)})json";
}
`;
}

/** Instance, buffers, and the copying between the buffers and the ports. */
function preamble(design: Design): string {
  const inputs = inputLayout(design);
  const outputs = outputLayout(design);
  const rows = blockRows(design);
  return `#include "design.h"

static cxxrtl_design::${mangle(design.top)} dut;
static uint32_t inputs[${rows * inputs.words}];
static uint32_t outputs[${rows * outputs.words}];

// An output that is a register itself is a wire, any other is a value.
template<size_t Bits> static const uint32_t *words(const cxxrtl::value<Bits> &port) { return port.data; }
template<size_t Bits> static const uint32_t *words(const cxxrtl::wire<Bits> &port) { return port.curr.data; }

// Evaluates until no register and no loop changes any more, if that ever happens.
static inline bool settle() {
	for (int evaluation = 0; evaluation < ${MOST_EVALUATIONS}; evaluation++) {
		dut.eval();
		if (!dut.commit()) return true;
	}
	return false;
}

static inline void drive(const uint32_t *in) {
${inputs.fields.map(driveField).join('\n')}
}

static inline void sample(uint32_t *out) {
${outputs.fields.map(sampleField).join('\n')}
}
`;
}

function driveField(field: Field): string {
  return eachWord(field, (i) => {
    const mask = wordMask(field, i).toString(16);
    return `\tdut.${mangle(field.port.name)}.data[${i}] = in[${field.offset + i}] & 0x${mask}u;`;
  });
}

function sampleField(field: Field): string {
  return eachWord(field, (i) => `\tout[${field.offset + i}] = words(dut.${mangle(field.port.name)})[${i}];`);
}

function eachWord({ words }: Field, line: (index: number) => string): string {
  return Array.from({ length: words }, (_, i) => line(i)).join('\n');
}

function beforeSampling({ clock }: Design, schedule: Schedule): string {
  const setClock = (level: number) =>
    clock === undefined ? '' : `dut.${mangle(clock)}.data[0] = ${level}; `;
  if (schedule === 'combinational') return `${setClock(0)}dut.eval();`;
  if (schedule === 'settled') return `${setClock(0)}if (!settle()) return row;`;
  return `${setClock(1)}dut.prev_${mangle(clock ?? '')}.data[0] = 0; dut.eval();`;
}

function afterSampling({ clock }: Design, schedule: Schedule): string {
  if (schedule === 'once') return 'dut.commit();';
  if (schedule === 'combinational' || clock === undefined) return '';
  return `dut.${mangle(clock)}.data[0] = 1; if (!settle()) return row;`;
}

/** The C++ name that write_cxxrtl gives to a module or a port. */
export function mangle(name: string): string {
  const encode = (character: string) =>
    character === '_' ? '__' : `_${character.charCodeAt(0).toString(16)}_`;
  return `p_${name.replace(/[^A-Za-z0-9]/g, encode)}`;
}
