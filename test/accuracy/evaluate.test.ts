/** Right answers against those of genuine LiteRT, and runs that are interrupted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  compare,
  curvesOf,
  DataError,
  evaluate,
  openSamples,
  requireClasses,
  type Samples,
} from '../../accuracy/index.ts';
import { readModel } from '../../litert/index.ts';
import { buildModel } from '../litert/build-model.ts';
import { LONG } from '../support/long.ts';
import { arithmeticOf, labelsOf, oracleFiles, realModel, recordedAccuracy } from '../support/oracle.ts';
import { modelFile, readShared, sharedPath, testWithShared } from '../support/shared.ts';

const STRETCH = { fit: { kind: 'stretch' } } as const;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evaluate-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('accuracy.csv', () => {
  testWithShared(
    [...oracleFiles('kws_dscnn_int8'), 'oracle/accuracy.csv', 'data/kws'],
    'KWS: every recorded count',
    async () => {
      const recorded = recordedAccuracy('kws_dscnn_int8');
      expect(recorded.length).toBeGreaterThan(30);
      await expectCounts('kws_dscnn_int8', 'data/kws/kws01_1000x49x10_int8.raw', recorded);
    },
    LONG,
  );

  testWithShared(
    [...oracleFiles('resnet8_cifar10_int8'), 'oracle/accuracy.csv'],
    'ResNet-8, 10,000 images: stock and two more',
    async () => {
      const chosen = ['stock', 'k4_truncate_dot', 'k1_nearest'];
      const recorded = recordedAccuracy('resnet8_cifar10_int8').filter(([name]) => chosen.includes(name));
      expect(recorded).toHaveLength(chosen.length);
      await expectCounts('resnet8_cifar10_int8', 'data/cifar10/test_batch.bin', recorded);
    },
    LONG,
  );
});

async function expectCounts(
  name: 'kws_dscnn_int8' | 'resnet8_cifar10_int8',
  data: string,
  recorded: readonly (readonly [string, number, number])[],
): Promise<void> {
  const samples = await openSamples(realModel(name), sharedPath(data), undefined, STRETCH);
  const classes = labelsOf(name);
  const answers = await evaluate(
    readShared(modelFile(name)),
    samples,
    recorded.map(([configuration]) => arithmeticOf(configuration)),
    { threads: 2, cacheDirectory: false },
  );
  const counts = answers.map((one, i) => [recorded[i]?.[0], compare(one, one, classes).right, samples.count]);
  expect(counts).toEqual(recorded.map((row) => [...row]));
}

/** FULLY_CONNECTED [1, 2] to [1, 3]. */
const SMALL = buildModel({
  tensors: [
    { shape: [1, 2], scales: [1], zeroPoints: [0] },
    { shape: [3, 2], scales: [0.01], data: Int8Array.of(100, 3, -40, 90, 7, -120) },
    { shape: [3], type: 2, scales: [0.01], data: Int32Array.of(5, 900, -300) },
    { shape: [1, 3], scales: [1], zeroPoints: [0] },
  ],
  operators: [{ code: 9, optionsType: 8, options: [{ slot: 0, int8: 0 }], inputs: [0, 1, 2], outputs: [3] }],
  inputs: [0],
  outputs: [3],
});

/** Of 6000, which are several parts; reading beyond `last` fails. */
function counted(last: number): Samples & { readonly loads: string[] } {
  const loads: string[] = [];
  return {
    count: 6000,
    classes: undefined,
    description: '',
    loads,
    load: async (start, end) => {
      loads.push(`${start}..${end}`);
      if (end > last) throw new DataError('unplugged');
      return Array.from({ length: end - start }, (_, i) =>
        Int8Array.of((start + i) % 256, (7 * (start + i)) % 251),
      );
    },
  };
}

describe('a run that was interrupted', () => {
  test('goes on where it stopped, and ends with the same answers', async () => {
    const arithmetics = ['stock', { k: 2, rounding: 'truncate', scope: 'all' }] as const;
    const options = { threads: 1, cacheDirectory: folder };
    await expect(evaluate(SMALL, counted(4000), arithmetics, options)).rejects.toThrow('unplugged');
    const found: number[] = [];
    const resumed = await evaluate(SMALL, counted(6000), arithmetics, {
      ...options,
      onProgress: (done) => found.push(done),
    });
    // The first part at once, the rest bit by bit.
    expect(found.slice(0, 2)).toEqual([2500, 2500]);
    expect(found.reduce((a, b) => a + b)).toBe(12_000);
    const fresh = await evaluate(SMALL, counted(6000), arithmetics, { ...options, cacheDirectory: false });
    expect(resumed).toEqual(fresh);
    expect(new Set(fresh[0]?.predictions).size).toBeGreaterThan(1);
    expect(fresh[0]?.predictions).not.toEqual(fresh[1]?.predictions);
  });
});

describe('what cannot be evaluated', () => {
  test('is named', async () => {
    expect(() => requireClasses(readModel(SMALL), [0, 2, 3])).toThrow(
      'sample 2 has class 3, but the model has 3, 0..2; check the labels',
    );
    await expect(
      evaluate(SMALL, counted(6000), [{ k: 33, rounding: 'nearest', scope: 'all' }], {
        threads: 1,
        cacheDirectory: false,
      }),
    ).rejects.toThrow(RangeError);
  });
});

describe('paired comparison', () => {
  const answers = (predictions: readonly number[], k?: number) => ({
    arithmetic: k === undefined ? ('stock' as const) : ({ k, rounding: 'nearest', scope: 'all' } as const),
    predictions: Int32Array.from(predictions),
  });

  test('counts who was right', () => {
    const row = compare(answers([0, 1, 2, 0, 1]), answers([0, 0, 1, 1, 2], 3), [0, 1, 1, 2, 1]);
    expect(row).toMatchObject({ right: 2, samples: 5, accuracy: 0.4 });
    expect(row.change).toMatchObject({
      bothRight: 1,
      rightToWrong: 2,
      wrongToRight: 1,
      bothWrong: 1,
      predictions: 4,
    });
    expect(row.change.accuracy).toBeCloseTo(-0.2, 12);
  });

  test('the degradation point is the widest k that is more than 0.5 points below', () => {
    const classes = Array<number>(1000).fill(0);
    const withErrors = (errors: number, k?: number) =>
      answers(
        classes.map((_, i) => (i < errors ? 1 : 0)),
        k,
      );
    const stock = withErrors(100);
    const rows = [withErrors(300, 1), withErrors(105, 4), withErrors(106, 3), withErrors(90, 2)].map((one) =>
      compare(stock, one, classes),
    );
    const [curve] = curvesOf([compare(stock, stock, classes), ...rows]);
    expect(curve?.rows.map(({ right }) => right)).toEqual([895, 894, 910, 700]);
    expect(curve?.degradationK).toBe(3);
    expect(curvesOf(rows.slice(1, 2))[0]?.degradationK).toBeUndefined();
  });
});
