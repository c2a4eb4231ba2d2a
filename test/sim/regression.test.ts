import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../hdl-gen/generate.ts';
import { firstMismatch } from '../../sim/compare.ts';
import { configurations, DEFAULT_MATRIX, quickConfigurations } from '../../sim/matrix.ts';
import { benchesOf, cyclesPerSecond, verify } from '../../sim/regression.ts';
import { countRows, inputLayout, outputLayout } from '../../sim/simulators/index.ts';
import { goldenSimulator } from './golden-simulator.ts';

const options = { ...DEFAULT_OPTIONS, arch: 'plain', macs: 2, units: 2 } as const;
const benches = benchesOf(options);
const [rescaler, unit] = benches;
const directedRows = countRows(inputLayout(rescaler.design), rescaler.directed());

describe('comparing', () => {
  const outputs = Uint32Array.of(1, 2, 3, 4, 5, 6);
  const expectation = { outputs, firstChecked: 1 };

  test('finds the first row that differs, of those that are checked', () => {
    expect(firstMismatch(expectation, { outputs }, 2)).toBeUndefined();
    expect(firstMismatch(expectation, { outputs: Uint32Array.of(9, 9, 3, 4, 5, 6) }, 2)).toBeUndefined();
    expect(firstMismatch(expectation, { outputs: Uint32Array.of(1, 2, 3, 4, 5, 9) }, 2)).toBe(2);
    expect(firstMismatch(expectation, { outputs: Uint32Array.of(1, 2, 3, 9, 9, 6) }, 2)).toBe(1);
  });

  test('takes an unknown bit for a mismatch, whatever stands in its place', () => {
    const unknown = Uint32Array.of(1, 0, 0, 0, 1, 0);
    expect(firstMismatch(expectation, { outputs, unknown }, 2)).toBe(2);
  });

  test('takes an answer that ends early for a mismatch', () => {
    expect(firstMismatch(expectation, { outputs: outputs.slice(0, 4) }, 2)).toBe(2);
  });
});

describe('verifying', () => {
  test('runs directed rows, then as many random ones as asked for, and disposes of the simulators', async () => {
    const { simulator, runs, disposed } = goldenSimulator(benches);
    const results = await verify(options, simulator, { rows: 5000, seed: 1 }, benches);
    expect(results.map(({ block }) => block)).toEqual(['rescaler', 'dot_product_unit', 'systolic_array']);
    for (const { failure, emptyBins } of results) expect({ failure, emptyBins }).toEqual({ emptyBins: [] });
    expect(results[0]?.vectors).toBe(directedRows + 5000);
    expect(runs).toHaveLength(6);
    expect(disposed()).toBe(3);
  });

  test('the seed decides the random rows', async () => {
    const randomRows = async (seed: number) => {
      const { simulator, runs } = goldenSimulator(benches);
      await verify(options, simulator, { rows: 100, seed }, [rescaler]);
      return runs.at(-1);
    };
    expect(await randomRows(1)).toEqual(await randomRows(1));
    expect(await randomRows(1)).not.toEqual(await randomRows(2));
  });

  test('without random rows the directed ones see every case of a rescaler', async () => {
    const { simulator, runs } = goldenSimulator(benches);
    const [result] = await verify(options, simulator, { rows: 0, seed: 1 }, [rescaler]);
    expect(result).toMatchObject({ vectors: directedRows, emptyBins: [] });
    expect(runs).toHaveLength(1);
  });

  test('names the cases that never came up', async () => {
    const { simulator } = goldenSimulator(benches);
    const bins = [...rescaler.bins, 'never'];
    const { design } = rescaler;
    const bench = { ...rescaler, design, bins };
    const [result] = await verify(options, simulator, { rows: 10, seed: 1 }, [bench]);
    expect(result).toMatchObject({ bins: bins.length, emptyBins: ['never'] });
  });

  test('tells the failing cycle as it was, counted over all rows, and the smallest case', async () => {
    const words = inputLayout(rescaler.design).words;
    // Wrong in every row with act_min = 5 and a zero point of at least 10, but only in the random rows.
    const { simulator, disposed } = goldenSimulator(benches, ({ outputs }, stimulus) => {
      for (let row = 0; row < outputs.length; row += 1) {
        const [, , , zeroPoint = 0, actMin] = stimulus.subarray(row * words, (row + 1) * words);
        const isWrong = actMin === 5 && zeroPoint >= 10 && zeroPoint < 128;
        if (isWrong && outputs.length !== directedRows) outputs[row] = 0x42;
      }
    });
    const [result] = await verify(options, simulator, { rows: 20_000, seed: 1 }, [rescaler]);
    expect(result?.vectors).toBe((result?.failure?.cycle ?? 0) + 1);
    const { cycle = 0, inputs, expected, actual, smallest, waveform } = result?.failure ?? {};
    expect(cycle).toBeGreaterThanOrEqual(directedRows);
    expect(inputs).toMatchObject({ act_min: 5 });
    expect(actual).toEqual({ out: 0x42 });
    expect(expected).not.toEqual(actual);
    expect(smallest).toEqual({
      cycles: [{ acc: 0, multiplier: 0, shift: 0, zero_point: 10, act_min: 5, act_max: 5 }],
      expected: { out: 5 },
      actual: { out: 0x42 },
    });
    expect(waveform).toBe(`waveform of ${words} words`);
    expect(disposed()).toBe(1);
  });

  test('claims only the rows and the cases up to a mismatch', async () => {
    const { simulator } = goldenSimulator(benches, ({ outputs }) => {
      outputs[100] = (outputs[100] ?? 0) ^ 1;
    });
    const [result] = await verify(options, simulator, { rows: 0, seed: 1 }, [rescaler]);
    // The first directed rows have the multiplier 0 and the least shifts.
    expect(result).toMatchObject({ vectors: 101, failure: { cycle: 100 } });
    expect(result?.emptyBins).toEqual(expect.arrayContaining(['greatest shift', 'tie above zero']));
    expect(result?.emptyBins).not.toContain('multiplier 0');
  });

  test('an output that is unknown is a failure, shown as x', async () => {
    const layout = outputLayout(unit.design);
    const { simulator } = goldenSimulator(benches, ({ outputs, unknown }) => {
      // Of the first result.
      const row = outputs.findIndex((word, i) => i % layout.words === 0 && word === 1) / layout.words;
      unknown[row * layout.words + 1] = 0x80;
    });
    const [result] = await verify(options, simulator, { rows: 0, seed: 1 }, [unit]);
    expect(result?.failure?.smallest.actual).toMatchObject({ out_valid: 1, out: 'x' });
    expect(result?.failure?.smallest.cycles).toHaveLength(4);
  });

  test('a simulator that fails is no mismatch', async () => {
    const { simulator, disposed } = goldenSimulator(benches, () => {
      throw new Error('out of memory');
    });
    await expect(verify(options, simulator, { rows: 0, seed: 1 }, benches)).rejects.toThrow('out of memory');
    expect(disposed()).toBe(1);
  });
});

test('a speed is told of a run that takes long enough, and of a whole one', () => {
  const block = {
    block: 'dot_product_unit',
    vectors: 20_000,
    knownVectors: 0,
    bins: 0,
    emptyBins: [],
    simulationSeconds: 0.01,
  };
  const row = { inputs: {}, expected: {}, actual: {} };
  const failure = { ...row, cycle: 19_999, smallest: { ...row, cycles: [] }, waveform: '' };
  expect(cyclesPerSecond(block)).toBeUndefined();
  expect(cyclesPerSecond({ ...block, simulationSeconds: 0.5 })).toBe(40_000);
  expect(cyclesPerSecond({ ...block, simulationSeconds: 0.5, knownVectors: 15_000 })).toBe(10_000);
  expect(cyclesPerSecond({ ...block, simulationSeconds: 0.5, failure })).toBeUndefined();
});

describe('configurations', () => {
  test('are every combination', () => {
    const all = configurations({ ...DEFAULT_MATRIX, units: [1, 2], leadingOne: ['explicit', 'hidden'] });
    const { macs, k, arch, pipeline } = DEFAULT_MATRIX;
    expect(all).toHaveLength(macs.length * k.length * arch.length * pipeline.length * 4);
    expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(all.length);
  });

  test('the quick ones have every option and extreme among them, on every simulator', () => {
    const quick = quickConfigurations(['cxxrtl', 'icarus']).map((one) => ({ ...one.options, ...one }));
    const seen = (name: 'macs' | 'k' | 'arch' | 'pipeline' | 'leadingOne' | 'simulator') =>
      new Set(quick.map((one) => one[name]));
    expect(seen('simulator')).toEqual(new Set(['cxxrtl', 'icarus']));
    expect(seen('arch')).toEqual(new Set(['plain', 'fast']));
    expect(seen('pipeline')).toEqual(new Set([0, 1, 2, 3]));
    expect(seen('leadingOne')).toEqual(new Set(['explicit', 'hidden']));
    for (const k of [1, 32]) expect(seen('k')).toContain(k);
    for (const macs of [1, 8]) expect(seen('macs')).toContain(macs);
  });
});
