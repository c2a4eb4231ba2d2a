/** The operators that no real model at hand has, and the options that real models leave alone. */
import { describe, expect, test } from 'vitest';
import { channelWeights, type Operator, readModel, rescaleFactors } from '../../litert/index.ts';
import { buildModel, type OperatorSpec, type OptionSpec, type TensorSpec, TYPE } from './build-model.ts';

const int8 = (shape: readonly number[], scale = 0.5, zeroPoint = 0): TensorSpec => ({
  shape,
  scales: [scale],
  zeroPoints: [zeroPoint],
});
const ints = (shape: readonly number[], values: readonly number[]): TensorSpec => ({
  shape,
  type: TYPE.int32,
  data: Int32Array.from(values),
});

/** A model of one operator: its inputs in order, its output last. The first input is the model's. */
function one(
  operator: Pick<OperatorSpec, 'code' | 'optionsType'> & { readonly options?: readonly OptionSpec[] },
  ...tensors: readonly TensorSpec[]
): Operator | undefined {
  const last = tensors.length - 1;
  const inputs = tensors.slice(0, last).map((_, index) => index);
  const free = inputs.filter((index) => tensors[index]?.data === undefined);
  const spec = { ...operator, inputs, outputs: [last] };
  return readModel(buildModel({ tensors, operators: [spec], inputs: free, outputs: [last] })).operators[0];
}

describe('ADD, SUB, MUL', () => {
  const shapes: readonly (readonly [number[], number[], number[]])[] = [
    [
      [1, 4, 4, 3],
      [1, 4, 4, 3],
      [1, 4, 4, 3],
    ],
    [[1, 4, 4, 3], [3], [1, 4, 4, 3]],
    [[1, 4, 4, 3], [], [1, 4, 4, 3]],
    [
      [1, 1, 1, 3],
      [2, 4, 4, 1],
      [2, 4, 4, 3],
    ],
  ];
  test.each(shapes)('%j and %j make %j', (left, right, output) => {
    const operator = one({ code: 41, optionsType: 28 }, int8(left), int8(right), int8(output));
    expect(operator).toMatchObject({ op: 'SUB', output: { shape: output } });
  });

  test('shapes that do not fit, or another output', () => {
    const add = (left: number[], right: number[], output: number[]) =>
      one({ code: 0, optionsType: 11 }, int8(left), int8(right), int8(output));
    expect(() => add([4, 3], [2], [4, 3])).toThrow(
      'ADD (operator 0), tensor 1 "tensor": its shape [2] cannot be broadcast with [4,3]',
    );
    expect(() => add([4, 3], [1], [4, 1])).toThrow('[4,1] is not [4,3], which broadcasting yields');
  });

  test('factors that LiteRT would abort on', () => {
    const add = (scale: number) => () =>
      one({ code: 0, optionsType: 11 }, int8([4], 1), int8([4], 1), int8([4], scale));
    expect(add(2 ** -18)).not.toThrow();
    expect(add(2 ** -19)).toThrow(
      'ADD (operator 0): the factor 2*max(S1, S2)/(2^20*Sy) = 1 is not between 0 and 1',
    );
    const mul = () =>
      one({ code: 18, optionsType: 21 }, int8([4], 2 ** -80), int8([4], 2 ** -80), int8([4], 1));
    expect(mul).toThrow('MUL (operator 0): the factor S1*S2/Sy = 0 is not between 0 and');
  });
});

describe('windows', () => {
  const maxPool = (
    size: number,
    options: { readonly filter: number; readonly stride: number; readonly valid: boolean },
    output: number,
  ) =>
    one(
      {
        code: 17,
        optionsType: 5,
        options: [
          { slot: 0, int8: options.valid ? 1 : 0 },
          { slot: 1, int32: options.stride },
          { slot: 2, int32: options.stride },
          { slot: 3, int32: options.filter },
          { slot: 4, int32: options.filter },
        ],
      },
      int8([2, size, size, 3]),
      int8([2, output, output, 3]),
    );

  test('every window that a search by hand finds, and no other', () => {
    for (let size = 1; size <= 9; size++) {
      for (let filter = 1; filter <= 5; filter++) {
        for (let stride = 1; stride <= 4; stride++) {
          // VALID: the positions at which the whole window lies inside. SAME: one for each begun stride.
          const starts = Array.from({ length: size }, (_, start) => start).filter(
            (start) => start % stride === 0,
          );
          const inside = starts.filter((start) => start + filter <= size).length;
          const read = (valid: boolean, output: number) => () =>
            maxPool(size, { filter, stride, valid }, output);
          if (inside > 0) {
            expect(read(true, inside)()).toMatchObject({ window: { paddingTop: 0, paddingLeft: 0 } });
            expect(read(true, inside + 1)).toThrow('which the window yields');
          } else expect(read(true, 1)).toThrow('does not fit');
          // SAME pads so that the windows just cover the input, the larger half behind.
          const missing = Math.max(0, (starts.length - 1) * stride + filter - size);
          expect(read(false, starts.length)()).toMatchObject({
            window: { paddingTop: Math.floor(missing / 2), paddingLeft: Math.floor(missing / 2) },
          });
          expect(read(false, starts.length + 1)).toThrow('which the window yields');
        }
      }
    }
  });

  test('a pool keeps scale and zero point', () => {
    expect(() =>
      one(
        {
          code: 1,
          optionsType: 5,
          options: [1, 2, 3, 4].map((slot) => ({ slot, int32: 1 })),
        },
        int8([1, 2, 2, 1], 0.5),
        int8([1, 2, 2, 1], 0.25),
      ),
    ).toThrow('its scale 0.25 and zero point 0 are not those of the input, 0.5 and 0');
  });

  test('width and height are not mixed up', () => {
    // Slots of schema.fbs: stride_w before stride_h, and so for dilations and filter sizes.
    const strides = [
      { slot: 1, int32: 2 },
      { slot: 2, int32: 4 },
    ];
    const expected = { strideWidth: 2, strideHeight: 4 };
    const conv = one(
      { code: 3, optionsType: 1, options: [...strides, { slot: 4, int32: 2 }, { slot: 5, int32: 3 }] },
      int8([1, 8, 8, 1]),
      { shape: [1, 2, 1, 1], scales: [1], data: new Int8Array(2) },
      int8([1, 2, 4, 1]),
    );
    const dilations = { dilationWidth: 2, dilationHeight: 3 };
    expect(conv).toMatchObject({ window: { ...expected, ...dilations, height: 2, width: 1 } });
    const depthwise = one(
      { code: 4, optionsType: 2, options: strides },
      int8([1, 8, 8, 1]),
      { shape: [1, 2, 1, 1], scales: [1], axis: 3, data: new Int8Array(2) },
      int8([1, 2, 4, 1]),
    );
    expect(depthwise).toMatchObject({ window: { ...expected, height: 2, width: 1 } });
    const pool = one(
      { code: 1, optionsType: 5, options: [...strides, { slot: 3, int32: 5 }, { slot: 4, int32: 7 }] },
      int8([1, 8, 8, 1]),
      int8([1, 2, 4, 1]),
    );
    expect(pool).toMatchObject({ window: { ...expected, width: 5, height: 7 } });
  });

  test('dilation and depth multiplier', () => {
    const operator = one(
      {
        code: 4,
        optionsType: 2,
        options: [
          { slot: 0, int8: 1 },
          { slot: 1, int32: 1 },
          { slot: 2, int32: 1 },
          { slot: 5, int32: 2 },
          { slot: 6, int32: 3 },
        ],
      },
      int8([1, 9, 9, 2]),
      { shape: [1, 3, 3, 6], scales: [1, 2, 3, 4, 5, 6], axis: 3, data: new Int8Array(54) },
      int8([1, 3, 5, 6]),
    );
    expect(operator).toMatchObject({ depthMultiplier: 3, window: { dilationHeight: 3, dilationWidth: 2 } });
  });
});

describe('weights', () => {
  const strides = [1, 2].map((slot) => ({ slot, int32: 1 }));
  const values = Int8Array.from({ length: 12 }, (_, i) => i);

  test('of an output channel: an outer part of CONV_2D, each n-th of DEPTHWISE_CONV_2D', () => {
    const conv = one(
      { code: 3, optionsType: 1, options: strides },
      int8([1, 4, 4, 2]),
      { shape: [3, 1, 2, 2], scales: [1], data: values },
      int8([1, 4, 4, 3]),
    );
    const depthwise = one(
      { code: 4, optionsType: 2, options: strides },
      int8([1, 4, 4, 3]),
      { shape: [1, 2, 2, 3], scales: [1, 2, 3], axis: 3, data: values },
      int8([1, 4, 4, 3]),
    );
    const channels = (operator: Operator | undefined) =>
      operator !== undefined && 'weights' in operator
        ? [0, 1, 2].map((channel) => [...channelWeights(operator.weights, channel)])
        : [];
    expect(channels(conv)).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9, 10, 11],
    ]);
    expect(channels(depthwise)).toEqual([
      [0, 3, 6, 9],
      [1, 4, 7, 10],
      [2, 5, 8, 11],
    ]);
  });

  test('with one scale: a convolution multiplies in double, FULLY_CONNECTED in float32', () => {
    const scale = Math.fround(0.1);
    const weights = { scales: [scale], data: new Int8Array(4) };
    const conv = one(
      { code: 3, optionsType: 1, options: strides },
      int8([1, 1, 1, 2], scale),
      { ...weights, shape: [2, 1, 1, 2] },
      int8([1, 1, 1, 2], 1),
    );
    const full = one(
      { code: 9, optionsType: 8 },
      int8([1, 2], scale),
      { ...weights, shape: [2, 2] },
      int8([1, 2], 1),
    );
    const factors = (operator: Operator | undefined) =>
      operator !== undefined && 'weights' in operator ? [...rescaleFactors(operator)] : [];
    expect(factors(conv)).toEqual([scale * scale, scale * scale]);
    expect(factors(full)).toEqual([Math.fround(scale * scale), Math.fround(scale * scale)]);
    expect(Math.fround(scale * scale)).not.toBe(scale * scale);
  });
});

describe('MEAN and SUM', () => {
  const mean = (axes: readonly number[], output: readonly number[], keepDims = 0) =>
    one(
      { code: 40, optionsType: 27, options: [{ slot: 0, int8: keepDims }] },
      int8([2, 3, 4, 5]),
      ints([axes.length], axes),
      int8(output),
    );
  test('axes count from the end, too, and each once', () => {
    expect(mean([1, -2, 1], [2, 5])).toMatchObject({ op: 'MEAN', axes: [1, 2], keepDims: false });
    expect(mean([2, 1], [2, 1, 1, 5], 1)).toMatchObject({ axes: [1, 2], keepDims: true });
  });
  test('what does not fit', () => {
    expect(() => mean([4], [2])).toThrow('axis 4 is not one of shape [2,3,4,5]');
    expect(() => mean([-5], [2])).toThrow('axis -5 is not one of shape');
    expect(() => mean([1, 2], [2, 1, 1, 5])).toThrow('[2,1,1,5] is not [2,5], which the reduction yields');
  });
});

describe('RELU family', () => {
  // From the real limits: clamp(Zy + round(limit / Sy)) with Sy = 1/16 and Zy = -20.
  test.each([
    [19, 'RELU', -20, 127],
    [20, 'RELU_N1_TO_1', -36, -4],
    [21, 'RELU6', -20, 76],
  ])('%i is %s', (code, op, activationMin, activationMax) => {
    const operator = one({ code }, int8([4, 2]), int8([4, 2], 1 / 16, -20));
    expect(operator).toMatchObject({
      op,
      outputRange: { outputZeroPoint: -20, activationMin, activationMax },
    });
  });
});

test('a limit is divided in float32, as LiteRT does', () => {
  // 6 / 2.4000000953674316 is 2.4999999, but 2.5 in float32, which rounds to 3.
  const operator = one({ code: 21 }, int8([4]), int8([4], Math.fround(2.4), -100));
  expect(operator).toMatchObject({ outputRange: { activationMin: -100, activationMax: -97 } });
});

describe('PAD', () => {
  const pad = (amounts: readonly number[], output: readonly number[], shape = [2, 2]) =>
    one({ code: 34, optionsType: 22 }, int8([3, 4]), ints(shape, amounts), int8(output));
  test('in front and behind', () => {
    expect(pad([1, 2, 0, 3], [6, 7])).toMatchObject({ op: 'PAD', before: [1, 0], after: [2, 3] });
  });
  test('what does not fit', () => {
    expect(() => pad([1, 2, 0, 3], [6, 8])).toThrow('[6,8] is not [6,7], which the padding yields');
    expect(() => pad([1, -1, 0, 0], [3, 4])).toThrow('a padding of -1 is negative');
    expect(() => pad([1, 1], [5, 4], [1, 2])).toThrow('its shape [1,2] is not [2, 2]');
  });
});

describe('RESHAPE', () => {
  const reshape = { code: 22, optionsType: 17 };
  test('by its second input, by its option, with -1 for what is left', () => {
    expect(one(reshape, int8([2, 6]), ints([2], [3, -1]), int8([3, 4]))).toMatchObject({ op: 'RESHAPE' });
    const byOption = { ...reshape, options: [{ slot: 0, int32s: [3, 4] }] };
    expect(one(byOption, int8([2, 6]), int8([3, 4]))).toMatchObject({ op: 'RESHAPE' });
  });
  test('what does not fit', () => {
    expect(() => one(reshape, int8([2, 6]), ints([2], [4, -1]), int8([3, 4]))).toThrow(
      'is not the new shape [4,-1]',
    );
    expect(() => one(reshape, int8([2, 6]), ints([1], [-1]), int8([13]))).toThrow('not as many elements');
    expect(() => one(reshape, int8([2, 6]), int8([3, 4]))).toThrow('is not the new shape []');
  });
});

describe('FULLY_CONNECTED', () => {
  const weights = { shape: [2, 6], scales: [0.5], data: new Int8Array(12) };
  const full = (keepDims: number, input: readonly number[], output: readonly number[]) =>
    one(
      { code: 9, optionsType: 8, options: [{ slot: 2, int8: keepDims }] },
      int8(input),
      weights,
      int8(output),
    );
  test('rows of any shape', () => {
    expect(full(0, [2, 2, 9], [6, 2])).toMatchObject({ batches: 6 });
    expect(full(1, [3, 2, 6], [3, 2, 2])).toMatchObject({ batches: 6 });
  });
  test('what does not fit', () => {
    expect(() => full(0, [7], [1, 2])).toThrow('[7] does not divide into rows of 6');
    expect(() => full(1, [2, 2, 9], [2, 2, 2])).toThrow('does not divide into rows of 6');
    expect(() => full(0, [3, 2, 6], [3, 2, 2])).toThrow('[3,2,2] is not [6,2]');
  });
  test('the scale of a bias is off by 2 % of the output scale at most', () => {
    const bias = (scale: number) => () =>
      one(
        { code: 9, optionsType: 8 },
        int8([6]),
        weights,
        { ...ints([2], [0, 0]), scales: [scale] },
        int8([1, 2], 1),
      );
    expect(bias(0.25 + 0.0199)).not.toThrow();
    expect(bias(0.25 + 0.0201)).toThrow('tensor 2 "tensor": its scale 0.27');
  });
});

describe('SOFTMAX and QUANTIZE', () => {
  const softmax = (beta: number, output = int8([1, 4], 1 / 256, -128)) =>
    one({ code: 25, optionsType: 9, options: [{ slot: 0, float32: beta }] }, int8([1, 4]), output);
  test('softmax writes 256ths', () => {
    expect(softmax(2)).toMatchObject({ beta: 2 });
    expect(() => softmax(2, int8([1, 4], 1 / 128, -128))).toThrow('are not 1/256 and -128');
    expect(() => softmax(2, int8([1, 4], 1 / 256, 0))).toThrow('are not 1/256 and -128');
    for (const beta of [0, -1, Number.NaN]) expect(() => softmax(beta)).toThrow('is not above 1; check beta');
  });
  test('quantize changes the type', () => {
    const uint8 = { ...int8([3], 0.5, 200), type: TYPE.uint8 };
    expect(one({ code: 114 }, uint8, int8([3], 0.25))).toMatchObject({
      input: { type: 'uint8', zeroPoint: 200 },
      output: { type: 'int8' },
    });
  });
});
