/** Patching: what was asked for changes, and not a byte else. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readFile } from '../../litert/file.ts';
import {
  type Int8Activation,
  isDotProduct,
  ModelError,
  patchModel,
  readModel,
  type TensorChange,
} from '../../litert/index.ts';
import { lengthOf, modelFile, REAL_MODELS, readShared, testWithShared } from '../support/shared.ts';
import { buildModel, type TensorSpec, TYPE } from './build-model.ts';

/** The places at which two files differ. */
function differences(a: Uint8Array, b: Uint8Array): readonly number[] {
  expect(b.length).toBe(a.length);
  const places: number[] = [];
  a.forEach((byte, place) => {
    if (byte !== b[place]) places.push(place);
  });
  return places;
}

describe('real models', () => {
  for (const name of REAL_MODELS) {
    const changesWhatItShould = () => {
      const bytes = new Uint8Array(readShared(modelFile(name)));
      const before = readModel(bytes);
      const operator = before.operators.filter(isDotProduct).at(-1);
      if (operator?.bias === undefined) throw new Error('no operator with weights and bias');
      const { weights, bias, output } = operator;
      // Halved weights at twice the scale; the bias as it must be for that.
      const double = (scale: number) => Math.fround(2 * scale);
      const changes = [
        { tensor: weights.index, data: weights.data.map((w) => w >> 1), scales: weights.scales.map(double) },
        { tensor: bias.index, data: bias.data.map((b) => b >> 1), scales: bias.scales.map(double) },
        { tensor: output.index, scales: [double(output.scale)], zeroPoints: [output.zeroPoint] },
      ] satisfies readonly TensorChange[];
      const patched = patchModel(bytes, changes);

      const after = readModel(patched);
      const changed = after.operators.filter(isDotProduct).at(-1);
      expect(changed?.weights).toEqual({ ...weights, ...changes[0], tensor: undefined });
      expect(changed?.bias).toEqual({ ...bias, ...changes[1], tensor: undefined });
      expect(changed?.output.scale).toBe(2 * output.scale);
      const untouched = (tensors: typeof before.tensors) =>
        tensors.filter(({ index }) => !changes.some(({ tensor }) => tensor === index));
      // Vitest's own comparison takes seconds for millions of weights.
      expect(isDeepStrictEqual(untouched(after.tensors), untouched(before.tensors))).toBe(true);

      // Every byte that differs lies where one of the three tensors has its data or its scales.
      const file = readFile(bytes);
      const places = changes.flatMap(({ tensor }) => {
        const stored = file.tensors[tensor];
        return [file.buffers[stored?.buffer ?? 0], stored?.scales?.range, stored?.zeroPoints?.range];
      });
      const outside = differences(bytes, patched).filter(
        (place) => !places.some((range) => range !== undefined && place >= range.start && place < range.end),
      );
      expect(outside).toEqual([]);
      // And it can be undone.
      const undone = patchModel(patched, [
        { tensor: weights.index, data: weights.data, scales: weights.scales },
        { tensor: bias.index, data: bias.data, scales: bias.scales },
        { tensor: output.index, scales: [output.scale] },
      ]);
      expect(differences(bytes, undone)).toEqual([]);
    };
    testWithShared(
      modelFile(name),
      `${name}: everything that fold changes, and nothing else`,
      changesWhatItShould,
      lengthOf(name),
    );
  }

  testWithShared(modelFile('mobilenet_v2_224_int8'), 'every tensor of a large model at once', () => {
    const bytes = new Uint8Array(readShared(modelFile('mobilenet_v2_224_int8')));
    const { tensors } = readModel(bytes);
    const changes = tensors.map((tensor): TensorChange => {
      const { index } = tensor;
      if (tensor.role === 'parameter') return { tensor: index, data: tensor.data };
      if (tensor.role === 'activation') return { tensor: index, scales: [tensor.scale] };
      return { tensor: index, data: tensor.data.map((value) => -value), scales: tensor.scales };
    });
    const constants = tensors.filter(({ role }) => role === 'weights' || role === 'bias');
    const negated = readModel(patchModel(bytes, changes)).tensors;
    for (const { index } of constants) {
      const find = (all: typeof tensors) => all.find((tensor) => tensor.index === index)?.data;
      expect(
        isDeepStrictEqual(
          find(negated),
          find(tensors)?.map((value) => -value),
        ),
      ).toBe(true);
    }
  });

  testWithShared(modelFile('kws_dscnn_int8'), 'no changes, no differences, another array', () => {
    const bytes = new Uint8Array(readShared(modelFile('kws_dscnn_int8')));
    const patched = patchModel(bytes, []);
    expect(patched).not.toBe(bytes);
    expect(differences(bytes, patched)).toEqual([]);
  });
});

const WEIGHTS: TensorSpec = {
  name: 'weights',
  shape: [2, 3],
  scales: [0.5],
  data: Int8Array.of(1, 2, 3, 4, 5, 6),
};
const BIAS: TensorSpec = {
  name: 'bias',
  shape: [2],
  type: TYPE.int32,
  scales: [0.25],
  data: Int32Array.of(7, 8),
};
const VALUES: TensorSpec = { name: 'values', shape: [1, 3], scales: [0.5] };

/** Two FULLY_CONNECTED on the same input, [1, 3] to [1, 2]. */
function twoLayers(
  second: {
    readonly weights?: Partial<TensorSpec>;
    readonly sameTensor?: true;
    readonly metadata?: number[];
  } = {},
): Uint8Array {
  const result: TensorSpec = { name: 'result', shape: [1, 2], scales: [1] };
  const layer = (weights: number, bias: number, output: number) => ({
    code: 9,
    optionsType: 8,
    inputs: [0, weights, bias],
    outputs: [output],
  });
  return buildModel({
    tensors: [VALUES, WEIGHTS, BIAS, result, { ...WEIGHTS, name: 'others', ...second.weights }, BIAS, result],
    operators: [layer(1, 2, 3), layer(second.sameTensor ? 1 : 4, 5, 6)],
    inputs: [0],
    outputs: [3, 6],
    metadata: second.metadata ?? [],
  });
}

const NEW = Int8Array.of(-1, -2, -3, -4, -5, -6);

describe('what several own', () => {
  test('a buffer of two tensors is refused, and both are named', () => {
    const bytes = twoLayers({ weights: { buffer: 1 } });
    expect(() => patchModel(bytes, [{ tensor: 4, data: NEW }])).toThrow(
      new ModelError(
        'tensor 4 "others", data: shares its bytes with tensor 1 "weights"; a change would alter both',
      ),
    );
    // The scales are not shared.
    expect(
      patchModel(bytes, [
        { tensor: 4, scales: [0.25], zeroPoints: [0] },
        { tensor: 5, scales: [0.125] },
      ]),
    ).toBeDefined();
  });

  test('a buffer of a tensor and of metadata is refused', () => {
    expect(() => patchModel(twoLayers({ metadata: [1] }), [{ tensor: 1, data: NEW }])).toThrow(
      'tensor 1 "weights", data: shares its bytes with metadata "notes"',
    );
  });

  test('one tensor of two operators changes for both', () => {
    const { operators } = readModel(patchModel(twoLayers({ sameTensor: true }), [{ tensor: 1, data: NEW }]));
    expect(operators.filter(isDotProduct).map(({ weights }) => weights.data)).toEqual([NEW, NEW]);
  });
});

describe('changes that do not fit', () => {
  test.each<[string, TensorChange, string]>([
    ['tensor', { tensor: 7 }, 'tensor 7 does not exist; the model has 7'],
    [
      'length',
      { tensor: 1, data: new Int8Array(5) },
      'tensor 1 "weights", data: the new ones take 5 bytes, but the file has 6 for them',
    ],
    [
      'type',
      { tensor: 1, data: new Int32Array(6) },
      'tensor 1 "weights": data of Int32Array are not of the tensor\'s type',
    ],
    [
      'unsigned',
      { tensor: 1, data: new Uint8Array(6) },
      'tensor 1 "weights": data of Uint8Array are not of the tensor\'s type',
    ],
    [
      'no constant',
      { tensor: 0, data: new Int8Array(3) },
      'tensor 0 "values", data: the file has none that could be changed',
    ],
    [
      'scales',
      { tensor: 1, scales: [1, 1] },
      'tensor 1 "weights", scales: the new ones take 8 bytes, but the file has 4 for them',
    ],
    [
      'precision',
      { tensor: 1, scales: [0.1] },
      'tensor 1 "weights": scale 0.1 is not a float32 value; round it with Math.fround',
    ],
    ['NaN', { tensor: 1, scales: [Number.NaN] }, 'tensor 1 "weights": scale NaN is not a float32 value'],
    ['fraction', { tensor: 0, zeroPoints: [0.5] }, 'tensor 0 "values": zero point 0.5 is not an integer'],
    [
      'invalid result',
      { tensor: 0, zeroPoints: [128] },
      'tensor 0 "values": its zero point 128 is outside of -128..127',
    ],
    [
      'scale 0',
      { tensor: 1, scales: [0] },
      'tensor 1 "weights": scale 0 is 0; it must be positive and finite',
    ],
    [
      'bias left behind',
      { tensor: 1, scales: [16] },
      'FULLY_CONNECTED (operator 0), tensor 2 "bias": its scale 0.25 is not that of input times weights, 8',
    ],
  ])('%s', (_, change, message) => {
    const bytes = twoLayers();
    const before = bytes.slice();
    expect(() => patchModel(bytes, [change])).toThrow(ModelError);
    expect(() => patchModel(bytes, [change])).toThrow(message);
    expect(bytes).toEqual(before);
  });

  test('a tensor that is named twice', () => {
    expect(() => patchModel(twoLayers(), [{ tensor: 1 }, { tensor: 1, data: NEW }])).toThrow(
      'tensor 1 "weights" is changed twice; merge the changes',
    );
  });
});

test('values arrive as they are, extremes too', () => {
  const bytes = twoLayers();
  const data = Int8Array.of(-128, 127, 0, -1, 1, 64);
  const bias = Int32Array.of(-(2 ** 31), 2 ** 31 - 1);
  const scale = 2 ** -149; // the least float32
  const model = readModel(
    patchModel(bytes, [
      { tensor: 1, data },
      { tensor: 2, data: bias },
      { tensor: 3, scales: [Math.fround(1e-3)], zeroPoints: [-128] },
      { tensor: 6, zeroPoints: [127] },
    ]),
  );
  const [first, second] = model.operators.filter(isDotProduct);
  expect(first?.weights.data).toEqual(data);
  expect(first?.bias?.data).toEqual(bias);
  expect(first?.output).toMatchObject({
    scale: Math.fround(1e-3),
    zeroPoint: -128,
  } satisfies Partial<Int8Activation>);
  expect(second?.output.zeroPoint).toBe(127);
  expect(() => patchModel(bytes, [{ tensor: 0, scales: [scale] }])).toThrow(ModelError); // M would be 0
});
