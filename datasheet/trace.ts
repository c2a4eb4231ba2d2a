/**
 * What the emitted Verilog does with three dot products, cycle by cycle: simulated, and compared with golden
 * before anybody sees it.
 */
import { multiplierFormat, quantizeMultiplier, storedMultiplier } from '../golden/index.ts';
import { type GeneratedBlock, type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import type { Bench } from '../sim/bench.ts';
import { firstMismatch } from '../sim/compare.ts';
import { Random } from '../sim/random.ts';
import { benchesOf } from '../sim/regression.ts';
import {
  fieldOf,
  inputLayout,
  outputLayout,
  type Response,
  type Simulator,
} from '../sim/simulators/index.ts';
import { readBits, readSigned, writeBits } from '../sim/words.ts';

/** The simulation contradicts the golden model: the Verilog is wrong, and so would be its datasheet. */
export class DatasheetError extends Error {
  override readonly name = 'DatasheetError';
}

/** One signal: what it shows in each cycle, or undefined where it may be anything. */
export interface Lane {
  readonly name: string;
  readonly values: readonly (Level | Label | undefined)[];
}

/** Of a signal of one bit. */
export type Level = 0 | 1;
/** What a bus carries. */
export type Label = string;

/** From the last beat of a dot product to its result. */
export interface Span {
  readonly fromCycle: number;
  readonly toCycle: number;
}

export interface UnitTrace {
  /** Of the unit's own ports: its part of the flattened ones, in an array. */
  readonly inputs: readonly Lane[];
  readonly outputs: readonly Lane[];
  /** Of the first dot product. */
  readonly latency: Span;
}

export interface Trace {
  /** Clock, reset and control, and the activations. */
  readonly common: readonly Lane[];
  readonly units: readonly UnitTrace[];
}

/** The beats of each dot product, by cycle: A with a bubble, B of one beat right after it, C after B. */
const BEATS = { A: [1, 3], B: [4], C: [5, 6] } as const;
const FACTORS = { A: 0.02, B: 0.04, C: 0.015 } as const;
type Product = keyof typeof BEATS;
const PRODUCTS = Object.keys(BEATS) as readonly Product[];
const LAST_BEAT = 6;
const OUTPUT_RANGE = { zeroPoint: 3, actMin: -128, actMax: 127 } as const;
/** Two units show the skew, and are soon compiled; the files are the same for any number. */
export const ARRAY_UNITS = 2;

/** @throws DatasheetError, SimulatorError */
export async function unitTrace(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
  simulator: Simulator,
): Promise<Trace> {
  const [, bench] = benchesOf(options, blocks);
  return trace(bench, { ...options, units: 1 }, latencyOf(blocks), simulator);
}

/** Of an array of two units. @throws DatasheetError, SimulatorError */
export async function arrayTrace(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
  simulator: Simulator,
): Promise<Trace> {
  const shown = { ...options, units: ARRAY_UNITS };
  const [, , bench] = benchesOf(shown, options.units === ARRAY_UNITS ? blocks : generate(shown));
  return trace(bench, shown, latencyOf(blocks), simulator);
}

async function trace(
  bench: Bench,
  options: GenerateOptions,
  latencyCycles: number,
  simulator: Simulator,
): Promise<Trace> {
  const { units } = options;
  const cycles = LAST_BEAT + units + latencyCycles + 1;
  const stimulus = stimulusOf(bench, options, cycles);
  const compiled = await simulator.compile(bench.design);
  let response: Response;
  try {
    response = await compiled.run(stimulus);
  } finally {
    await compiled.dispose();
  }
  const outputs = outputLayout(bench.design);
  const expectation = bench.expect(stimulus);
  const mismatch = firstMismatch(expectation, response, outputs.words);
  if (mismatch !== undefined) {
    throw new DatasheetError(
      `${bench.design.top} and the golden model differ in cycle ${mismatch} of the timing diagram; ` +
        'npx npu-rescaler cosim shows the smallest case',
    );
  }
  const all = Array.from({ length: cycles }, (_, cycle) => cycle);
  const at = (cycle: number, port: string, width: number, unit: number): number =>
    (cycle * outputs.words + fieldOf(outputs, port).offset) * 32 + unit * width;
  const beats = beatLabels(cycles);
  const isBeat = beats.map((label) => label !== undefined);
  const unitOf = (unit: number): UnitTrace => {
    const index = units === 1 ? '' : `[${unit}]`;
    const delayed = (labels: readonly (string | undefined)[]): readonly (string | undefined)[] =>
      all.map((cycle) => labels[cycle - unit]);
    const valid = all.map(
      (cycle): Level => (readBits(response.outputs, at(cycle, 'out_valid', 1, unit), 1) ? 1 : 0),
    );
    const out = all.map((cycle) => `${readSigned(response.outputs, at(cycle, 'out', 8, unit), 8)}`);
    const known = <T>(values: readonly T[]): readonly (T | undefined)[] =>
      values.map((value, cycle) => (cycle < expectation.firstChecked ? undefined : value));
    return {
      inputs: [
        { name: `w${index}`, values: delayed(beats) },
        { name: `bias${index}`, values: delayed(productLabels(cycles, (cyclesOfBeats) => cyclesOfBeats[0])) },
        {
          name: `multiplier${index} … act_max${index}`,
          values: delayed(productLabels(cycles, (cyclesOfBeats) => cyclesOfBeats.at(-1))),
        },
      ],
      outputs: [
        { name: `out_valid${index}`, values: known(valid) },
        { name: `out${index}`, values: known(out) },
      ],
      latency: { fromCycle: (BEATS.A.at(-1) ?? 0) + unit, toCycle: valid.indexOf(1) },
    };
  };
  return {
    common: [
      { name: 'rst', values: all.map((cycle) => (cycle === 0 ? 1 : 0)) },
      { name: 'in_valid', values: isBeat.map((beat) => (beat ? 1 : 0)) },
      {
        name: 'in_last',
        values: isBeat.map((beat, cycle) => (beat ? (isLast(cycle) ? 1 : 0) : undefined)),
      },
      { name: 'x', values: beats },
    ],
    units: Array.from({ length: units }, (_, unit) => unitOf(unit)),
  };
}

/** What is not part of a beat is random: it may be anything. */
function stimulusOf(
  bench: Bench,
  { macs, k, units, leadingOne }: GenerateOptions,
  cycles: number,
): Uint32Array {
  const layout = inputLayout(bench.design);
  const format = multiplierFormat(k, { leadingOne });
  const random = new Random(1);
  // So that most sums are within the range of the output.
  const amplitude = Math.ceil(90 / Math.sqrt(macs));
  const rows = new Uint32Array(cycles * layout.words);
  random.fill(rows);
  const write = (cycle: number, port: string, width: number, element: number, value: number): void => {
    const { offset } = fieldOf(layout, port);
    writeBits(rows, (cycle * layout.words + offset) * 32 + element * width, width, value);
  };
  const shiftBits = fieldOf(layout, 'shift').port.width / units;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    write(cycle, 'rst', 1, 0, cycle === 0 ? 1 : 0);
    write(cycle, 'in_valid', 1, 0, 0);
  }
  for (const product of PRODUCTS) {
    const { multiplier, shift } = quantizeMultiplier(FACTORS[product], format);
    for (const cycle of BEATS[product]) {
      write(cycle, 'in_valid', 1, 0, 1);
      write(cycle, 'in_last', 1, 0, isLast(cycle) ? 1 : 0);
      for (let i = 0; i < macs; i += 1) {
        write(cycle, 'x', 8, i, random.between(-amplitude, amplitude));
        for (let unit = 0; unit < units; unit += 1) {
          write(cycle + unit, 'w', 8, unit * macs + i, random.between(-amplitude, amplitude));
        }
      }
    }
    for (let unit = 0; unit < units; unit += 1) {
      const first = BEATS[product][0] + unit;
      const last = (BEATS[product].at(-1) ?? first) + unit;
      write(first, 'bias', 32, unit, random.between(-500, 500));
      write(last, 'multiplier', k, unit, storedMultiplier({ multiplier, shift }, format));
      write(last, 'shift', shiftBits, unit, shift);
      write(last, 'zero_point', 8, unit, OUTPUT_RANGE.zeroPoint);
      write(last, 'act_min', 8, unit, OUTPUT_RANGE.actMin);
      write(last, 'act_max', 8, unit, OUTPUT_RANGE.actMax);
    }
  }
  return rows;
}

function isLast(cycle: number): boolean {
  return PRODUCTS.some((product) => BEATS[product].at(-1) === cycle);
}

/** `A0`, `A1`, `B0`: which beat a cycle carries. */
function beatLabels(cycles: number): readonly (string | undefined)[] {
  const labels = new Map<number, string>(
    PRODUCTS.flatMap((product) => BEATS[product].map((cycle, i) => [cycle, `${product}${i}`] as const)),
  );
  return Array.from({ length: cycles }, (_, cycle) => labels.get(cycle));
}

/** `A`, `B`, `C`, each in one cycle of its beats. */
function productLabels(
  cycles: number,
  which: (beats: readonly number[]) => number | undefined,
): readonly (string | undefined)[] {
  const labels = new Map(PRODUCTS.map((product) => [which(BEATS[product]), product] as const));
  return Array.from({ length: cycles }, (_, cycle) => labels.get(cycle));
}

function latencyOf(blocks: readonly GeneratedBlock[]): number {
  return blocks.find(({ manifest }) => manifest.module === 'dot_product_unit')?.manifest.latencyCycles ?? 0;
}
