import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../hdl-gen/generate.ts';
import type { Bench } from '../../sim/bench.ts';
import { firstMismatch } from '../../sim/compare.ts';
import { Random } from '../../sim/random.ts';
import { benchesOf } from '../../sim/regression.ts';
import { shrink } from '../../sim/shrink.ts';
import {
  countRows,
  createRows,
  fieldOf,
  getField,
  inputLayout,
  outputLayout,
  setField,
} from '../../sim/simulators/index.ts';
import { describeValues, nonzero, type RowValues, rowValues } from '../../sim/values.ts';
import { type Bug, goldenSimulator } from './golden-simulator.ts';

const options = { ...DEFAULT_OPTIONS, arch: 'plain', macs: 8, k: 8, units: 3 } as const;
const [rescaler, unit, array] = benchesOf(options);

interface Shrunk {
  readonly stimulus: Uint32Array;
  /** Only what is not zero. */
  readonly rows: readonly RowValues[];
  readonly simulations: number;
}

/** Runs random rows into the bug and shrinks the failure, which must then still be one, in the last row. */
async function shrinkRandom(bench: Bench, bug: Bug, rows = 3000): Promise<Shrunk> {
  const layout = inputLayout(bench.design);
  const words = outputLayout(bench.design).words;
  const { simulator, runs } = goldenSimulator([bench], bug);
  const compiled = await simulator.compile(bench.design);
  const failsAt = async (stimulus: Uint32Array) =>
    firstMismatch(bench.expect(stimulus), await compiled.run(stimulus), words);
  const found = bench.random(new Random(5), rows);
  const row = await failsAt(found);
  if (row === undefined) throw new Error('the bug does not show');
  runs.length = 0;
  const stimulus = await shrink(bench, compiled, found, row);
  const simulations = runs.length;
  const last = countRows(layout, stimulus) - 1;
  expect(await failsAt(stimulus)).toBe(last);
  expect(bench.isLegal(stimulus)).toBe(true);
  const values = Array.from({ length: last + 1 }, (_, at) => nonzero(rowValues(bench, layout, stimulus, at)));
  return { stimulus, rows: values, simulations };
}

/** An input of a row, as a number. */
function input(bench: Bench, stimulus: Uint32Array, row: number, name: string): number {
  const layout = inputLayout(bench.design);
  return Number(getField(layout, stimulus, row, fieldOf(layout, name)));
}

/** A bug of a combinational block: the output is inverted where the inputs are as said. */
const wrongWhere =
  (bench: Bench, isWrong: (value: (name: string) => number) => boolean): Bug =>
  ({ outputs }, stimulus) => {
    const words = inputLayout(bench.design).words;
    for (let row = 0; row < stimulus.length / words; row += 1) {
      if (isWrong((name) => input(bench, stimulus, row, name))) outputs[row] = (outputs[row] ?? 0) ^ 0xff;
    }
  };

describe('shrinking a rescale', () => {
  test('leaves one row, in which everything is as small as it can be', async () => {
    const { rows } = await shrinkRandom(
      rescaler,
      wrongWhere(rescaler, (value) => value('acc') > 77 && value('shift') >= 3 && value('zero_point') < 0),
    );
    expect(rows).toEqual([{ acc: 78, shift: 3, zero_point: -1 }]);
  });

  test('keeps to the contract: act_min is at most act_max', async () => {
    const { rows } = await shrinkRandom(
      rescaler,
      wrongWhere(rescaler, (value) => value('act_min') >= 9 && value('acc') < -1000),
    );
    expect(rows).toEqual([{ acc: -1001, act_min: 9, act_max: 9 }]);
  });

  test('reaches the ends of the numbers', async () => {
    const { rows } = await shrinkRandom(
      rescaler,
      wrongWhere(rescaler, (value) => value('act_min') === -128 && value('multiplier') === 255),
    );
    expect(rows).toEqual([{ multiplier: 255, act_min: -128 }]);
  });
});

/** The first cycles in which outputs of a unit are shown, without a model of its own: out_valid as expected. */
const resultRows = (bench: Bench, outputs: Uint32Array): readonly number[] => {
  const layout = outputLayout(bench.design);
  const { offset } = fieldOf(layout, 'out_valid');
  return Array.from({ length: outputs.length / layout.words }, (_, row) => row).filter(
    (row) => (outputs[row * layout.words + offset] ?? 0) !== 0,
  );
};

describe('shrinking dot products', () => {
  test('leaves the reset, one beat, and the cycles until its result', async () => {
    const { rows } = await shrinkRandom(unit, ({ outputs }) => {
      for (const row of resultRows(unit, outputs)) outputs[2 * row + 1] = (outputs[2 * row + 1] ?? 0) ^ 1;
    });
    expect(rows).toEqual([{ rst: 1 }, { in_valid: 1, in_last: 1 }, {}, {}]);
  });

  test('keeps as many results as it takes', async () => {
    const { rows } = await shrinkRandom(unit, ({ outputs }) => {
      const third = resultRows(unit, outputs)[2];
      if (third !== undefined) outputs[2 * third] = 0;
    });
    const last = { in_valid: 1, in_last: 1 };
    expect(rows).toEqual([{ rst: 1 }, last, last, last, {}, {}]);
  });

  test('reduces the elements of flattened ports one by one', async () => {
    const isWrong = (stimulus: Uint32Array, row: number) => {
      const { w = [] } = rowValues(array, inputLayout(array.design), stimulus, row);
      return typeof w === 'object' && Number(w[13]) < -20 && Number(w[14]) > 3;
    };
    const { rows, simulations } = await shrinkRandom(array, ({ outputs }, stimulus) => {
      const { words } = inputLayout(array.design);
      for (let row = 0; row < stimulus.length / words; row += 1) {
        if (isWrong(stimulus, row)) outputs[2 * row + 1] = (outputs[2 * row + 1] ?? 0) ^ 1;
      }
    });
    expect(rows.at(-1)).toEqual({
      w: Array.from({ length: 24 }, (_, i) => (i === 13 ? -21 : i === 14 ? 4 : 0)),
    });
    expect(rows).toHaveLength(2);
    expect(simulations).toBeLessThan(200);
  });

  test('gives up in time where every row is needed', async () => {
    const { stimulus, simulations } = await shrinkRandom(
      unit,
      ({ outputs }, { length }) => {
        const row = 300;
        if (length / inputLayout(unit.design).words > row)
          outputs[2 * row + 1] = (outputs[2 * row + 1] ?? 0) ^ 1;
      },
      400,
    );
    expect(countRows(inputLayout(unit.design), stimulus)).toBe(301);
    expect(simulations).toBeLessThanOrEqual(4000);
  });
});

describe('rows as values', () => {
  const layout = inputLayout(array.design);

  test('are numbers by port, and by element where ports are flattened', () => {
    const rows = createRows(layout, 2);
    setField(layout, rows, 1, fieldOf(layout, 'in_valid'), 1);
    setField(layout, rows, 1, fieldOf(layout, 'act_max'), 0x7f80ffn);
    setField(layout, rows, 1, fieldOf(layout, 'multiplier'), 0xff0001n);
    const values = rowValues(array, layout, rows, 1);
    expect(values).toMatchObject({ in_valid: 1, act_max: [-1, -128, 127], multiplier: [1, 0, 255] });
    expect(describeValues(nonzero(values))).toBe('in_valid=1 multiplier=[1 0 255] act_max=[-1 -128 127]');
    expect(describeValues(nonzero(rowValues(array, layout, rows, 0)))).toBe('');
  });

  test('are x where a bit is unknown, element by element', () => {
    const outputs = outputLayout(array.design);
    const rows = createRows(outputs, 1);
    const unknown = createRows(outputs, 1);
    setField(outputs, unknown, 0, fieldOf(outputs, 'out'), 0x000100n);
    expect(rowValues(array, outputs, rows, 0, unknown)).toEqual({ out_valid: [0, 0, 0], out: [0, 'x', 0] });
  });

  test('count equal neighbours', () => {
    expect(describeValues({ x: [0, 0, 0, 5, 5, -1, 'x', 'x', 'x', 'x'], bias: -3 })).toBe(
      'x=[0*3 5 5 -1 x*4] bias=-3',
    );
  });
});
