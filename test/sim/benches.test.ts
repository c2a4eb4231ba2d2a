import { describe, expect, test } from 'vitest';
import { maxShift, multiplierFormat } from '../../golden/index.ts';
import { DEFAULT_OPTIONS, type GenerateOptions } from '../../hdl-gen/generate.ts';
import type { Bench, Stimulus } from '../../sim/bench.ts';
import { Coverage } from '../../sim/coverage.ts';
import { Random } from '../../sim/random.ts';
import { benchesOf } from '../../sim/regression.ts';
import {
  countRows,
  createRows,
  fieldOf,
  getField,
  inputLayout,
  outputLayout,
  setField,
} from '../../sim/simulators/index.ts';
import { writeBits } from '../../sim/words.ts';
import { expectedOutputs, type Shape } from './transactions.ts';

/** Corners of macs and k, both formats, every pipeline depth, chains of one and of several. */
const CONFIGURATIONS: readonly Partial<GenerateOptions>[] = [
  { macs: 1, k: 1, units: 1, pipeline: 0 },
  { macs: 1, k: 32, units: 3, pipeline: 3 },
  { macs: 64, k: 1, units: 2, pipeline: 1 },
  { macs: 64, k: 32, units: 1, pipeline: 2 },
  { macs: 3, k: 1, units: 2, pipeline: 2, leadingOne: 'hidden' },
  { macs: 1, k: 32, units: 2, pipeline: 0, leadingOne: 'hidden' },
  { macs: 2, k: 2, units: 32, pipeline: 1 },
  { macs: 8, k: 4, units: 4, pipeline: 0 },
  { macs: 5, k: 17, units: 3, pipeline: 1, leadingOne: 'hidden' },
];

const title = (options: Partial<GenerateOptions>) =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

const optionsOf = (options: Partial<GenerateOptions>): GenerateOptions => ({
  ...DEFAULT_OPTIONS,
  arch: 'plain',
  ...options,
});

function shapeOf({ macs, k, leadingOne, units, pipeline }: GenerateOptions, bench: Bench): Shape {
  const unitsOf: Readonly<Record<string, number>> = { rescaler: 0, dot_product_unit: 1 };
  return { macs, k, leadingOne, units: unitsOf[bench.design.top] ?? units, latencyCycles: 2 + pipeline };
}

/** Every row that golden's bench checks, against the transactions of the tests. */
function checkExpectation(bench: Bench, shape: Shape, stimulus: Stimulus): void {
  const layout = outputLayout(bench.design);
  const { outputs, firstChecked } = bench.expect(stimulus);
  const expected = expectedOutputs(bench.design, shape, stimulus);
  expect(firstChecked).toBe(expected.filter((row) => row === undefined).length);
  for (const [row, values] of expected.entries()) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const field = fieldOf(layout, name);
      const actual = BigInt.asUintN(field.port.width, getField(layout, outputs, row, field));
      if (actual !== value) expect.fail(`row ${row}: ${name} is ${actual}, transactions say ${value}`);
    }
  }
}

/** Rows in which everything is random, and legal where it matters: resets and beats at any moment. */
function chaos(bench: Bench, options: GenerateOptions, count: number, seed: number): Stimulus {
  const { design } = bench;
  const layout = inputLayout(design);
  const random = new Random(seed);
  const rows = createRows(layout, count);
  random.fill(rows);
  const format = multiplierFormat(options.k, options);
  const units = shapeOf(options, bench).units;
  const shiftBits = fieldOf(layout, 'shift').port.width / Math.max(1, units);
  for (let row = 0; row < count; row += 1) {
    const set = (name: string, width: number, unit: number, value: number) =>
      writeBits(rows, (row * layout.words + fieldOf(layout, name).offset) * 32 + unit * width, width, value);
    for (let unit = 0; unit < Math.max(1, units); unit += 1) {
      const [a, b] = [random.between(-128, 127), random.between(-128, 127)];
      set('shift', shiftBits, unit, random.between(0, maxShift(format)));
      set('act_min', 8, unit, Math.min(a, b));
      set('act_max', 8, unit, Math.max(a, b));
    }
    if (units === 0) continue;
    set('rst', 1, 0, row > 3 && random.chance(0.05) ? 1 : row === 3 ? 1 : 0);
    set('in_valid', 1, 0, random.chance(0.8) ? 1 : 0);
    set('in_last', 1, 0, random.chance(0.5) ? 1 : 0);
  }
  // Bits above a port's width stay zero, as in every other stimulus.
  for (const field of layout.fields) {
    for (let row = 0; row < count; row += 1) {
      const value = getField(layout, rows, row, field);
      const { width, signed } = field.port;
      setField(layout, rows, row, field, signed ? value : BigInt.asUintN(width, value));
    }
  }
  return rows;
}

/** The first row, which resets, and the last ones. */
function afterReset(stimulus: Stimulus, words: number, rows: number): Stimulus {
  const end = stimulus.slice(-(rows - 1) * words);
  const result = new Uint32Array(words + end.length);
  result.set(stimulus.subarray(0, words));
  result.set(end, words);
  return result;
}

describe.each(CONFIGURATIONS)('expected outputs and coverage: %o', (partial) => {
  const options = optionsOf(partial);
  const benches = benchesOf(options);

  test.each(benches.map((bench) => [bench.design.top, bench] as const))('%s', (_, bench) => {
    const layout = inputLayout(bench.design);
    const shape = shapeOf(options, bench);
    const rows = Math.min(800, Math.ceil(20_000 / layout.words));
    const directed = bench.directed();
    const random = bench.random(new Random(3), Math.max(rows, 300));

    checkExpectation(bench, shape, directed.slice(0, rows * layout.words));
    checkExpectation(bench, shape, afterReset(directed, layout.words, rows));
    checkExpectation(bench, shape, random);
    checkExpectation(bench, shape, chaos(bench, options, 300, 11));

    expect(bench.directed()).toEqual(directed);
    expect(bench.random(new Random(3), Math.max(rows, 300))).toEqual(random);
    expect(bench.isLegal(directed)).toBe(true);
    expect(bench.isLegal(random)).toBe(true);

    const coverage = new Coverage(bench.bins);
    bench.expect(directed, coverage);
    bench.expect(bench.random(new Random(1), 5000), coverage);
    expect(coverage.empty(), title(partial)).toEqual([]);
    expect(coverage.bins).toBe(new Set(bench.bins).size);
  });
});

describe('stimuli', () => {
  const options = optionsOf({ macs: 2, k: 4, units: 2 });
  const [rescaler, unit, array] = benchesOf(options);

  test.each([0, 1, 2, 5, 20])('random ones of %i rows are legal and have as many rows', (rows) => {
    for (const bench of [rescaler, unit, array]) {
      const stimulus = bench.random(new Random(1), rows);
      expect(countRows(inputLayout(bench.design), stimulus)).toBe(rows);
      expect(bench.isLegal(stimulus)).toBe(true);
      expect(bench.expect(stimulus).outputs).toHaveLength(rows * outputLayout(bench.design).words);
    }
  });

  test('only a last beat must keep the contract of the parameters, in the cycle in which its unit reads them', () => {
    const layout = inputLayout(array.design);
    const at = (row: number, name: string, value: bigint) => {
      const rows = createRows(layout, 4);
      setField(layout, rows, 1, fieldOf(layout, 'in_valid'), 1);
      setField(layout, rows, 1, fieldOf(layout, 'in_last'), 1);
      setField(layout, rows, row, fieldOf(layout, name), value);
      return array.isLegal(rows);
    };
    // Unit 0 reads its element in the cycle of the beat, unit 1 a cycle later. Shifts end at 28.
    expect(at(1, 'shift', 28n)).toBe(true);
    expect(at(1, 'shift', 29n)).toBe(false);
    expect(at(2, 'shift', 29n)).toBe(true);
    expect(at(2, 'shift', 28n << 5n)).toBe(true);
    expect(at(2, 'shift', 29n << 5n)).toBe(false);
    expect(at(1, 'shift', 29n << 5n)).toBe(true);
    expect(at(1, 'act_min', 1n)).toBe(false);
    expect(at(1, 'act_max', 0xffn)).toBe(false);
    expect(at(2, 'act_max', 0xffn)).toBe(true);
    expect(at(2, 'act_max', 0xff00n)).toBe(false);
  });
});
