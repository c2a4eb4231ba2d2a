/**
 * What each operator means, against real numbers: the reference implementation is within a rounding or two of the
 * same operator on dequantized values. That it rounds as LiteRT does is oracle.test.ts's business.
 */
import { describe, expect, test } from 'vitest';
import { prepare } from '../../infer/index.ts';
import type { Activation, Operator, Window } from '../../litert/index.ts';
import { Random } from '../../sim/random.ts';
import { bias, int8, modelOf, uint8, weights, windowOver } from './models.ts';

const random = new Random(20_26);
const anything = { outputZeroPoint: 0, activationMin: -128, activationMax: 127 };

function bytes(size: number): Int8Array {
  return Int8Array.from({ length: size }, () => random.between(-128, 127));
}

function dequantized(tensor: Activation, q: Int8Array | Uint8Array): readonly number[] {
  return Array.from(q, (value) => tensor.scale * (value - tensor.zeroPoint));
}

/** Runs the operator and compares with the real result, in steps of the output. */
function expectClose(
  operator: Operator,
  inputs: readonly (readonly [Activation, Int8Array | Uint8Array])[],
  real: readonly number[],
  tolerance = 1,
): void {
  const model = modelOf(
    operator,
    inputs.map(([tensor]) => tensor),
  );
  const [output] = prepare(model, 'single').run(inputs.map(([, q]) => q));
  const { scale, zeroPoint, type } = operator.output;
  const clamp = 'outputRange' in operator ? operator.outputRange : anything;
  const [least, greatest] = type === 'uint8' ? [0, 255] : [clamp.activationMin, clamp.activationMax];
  expect(output).toHaveLength(real.length);
  const wrong = real.filter((value, i) => {
    const wanted = Math.min(Math.max(value / scale + zeroPoint, least), greatest);
    return Math.abs((output?.[i] ?? Number.NaN) - wanted) > tolerance;
  });
  expect(wrong).toEqual([]);
}

const WINDOW = {
  ...{ height: 3, width: 2, strideHeight: 2, strideWidth: 1, dilationHeight: 1, dilationWidth: 2 },
  padding: 'same',
} as const;

/** Taps inside of the image, for every output pixel of an image of 7 x 6. */
function pixelsUnder(window: Window, outputHeight: number, outputWidth: number) {
  const at = (oy: number, ox: number) =>
    Array.from({ length: window.height * window.width }, (_, tap) => ({
      tap,
      y:
        oy * window.strideHeight - window.paddingTop + Math.floor(tap / window.width) * window.dilationHeight,
      x: ox * window.strideWidth - window.paddingLeft + (tap % window.width) * window.dilationWidth,
    })).filter(({ y, x }) => y >= 0 && y < 7 && x >= 0 && x < 6);
  return Array.from({ length: outputHeight * outputWidth }, (_, i) =>
    at(Math.floor(i / outputWidth), i % outputWidth),
  );
}

describe.each(['same', 'valid'] as const)('windows, padding %s', (padding) => {
  const over = windowOver(7, 6, { ...WINDOW, padding });
  const pixels = pixelsUnder(over.window, over.height, over.width);
  const input = int8([1, 7, 6, 3], 0.02, -11);
  const x = bytes(input.size);
  const real = dequantized(input, x);
  const outputRange = { outputZeroPoint: 5, activationMin: -100, activationMax: 120 };

  test('CONV_2D', () => {
    const w = bytes(4 * 3 * 2 * 3);
    const scales = [0.01, 0.02, 0.005, 0.03];
    const b = Int32Array.of(100, -2000, 0, 300);
    const output = int8([1, over.height, over.width, 4], 0.05, 5);
    const operator = {
      ...({ op: 'CONV_2D', index: 0, activation: 'none', input, output, outputRange } as const),
      ...{ window: over.window, weights: weights([4, 3, 2, 3], 0, scales, w), bias: bias(b) },
    };
    const expected = pixels.flatMap((taps) =>
      scales.map((scale, channel) =>
        taps.reduce(
          (sum, { tap, y, x: column }) =>
            [0, 1, 2].reduce((part, i) => {
              const weight = (w[(channel * 6 + tap) * 3 + i] ?? 0) * scale;
              return part + weight * (real[(y * 6 + column) * 3 + i] ?? 0);
            }, sum),
          (b[channel] ?? 0) * scale * input.scale,
        ),
      ),
    );
    expectClose(operator, [[input, x]], expected);
  });

  test('DEPTHWISE_CONV_2D, two outputs for each input', () => {
    const w = bytes(3 * 2 * 6);
    const output = int8([1, over.height, over.width, 6], 0.05, 5);
    const operator = {
      ...({ op: 'DEPTHWISE_CONV_2D', index: 0, activation: 'none', input, output, outputRange } as const),
      ...{ window: over.window, weights: weights([1, 3, 2, 6], 3, [0.02], w), bias: undefined },
      depthMultiplier: 2,
    };
    const expected = pixels.flatMap((taps) =>
      Array.from({ length: 6 }, (_, channel) =>
        taps.reduce((sum, { tap, y, x: column }) => {
          const value = real[(y * 6 + column) * 3 + Math.floor(channel / 2)] ?? 0;
          return sum + 0.02 * (w[tap * 6 + channel] ?? 0) * value;
        }, 0),
      ),
    );
    expectClose(operator, [[input, x]], expected);
  });

  test.each(['AVERAGE_POOL_2D', 'MAX_POOL_2D'] as const)('%s', (op) => {
    const output = int8([1, over.height, over.width, 3], 0.02, -11);
    const window = { ...over.window, dilationWidth: 1 };
    const undilated = windowOver(7, 6, { ...WINDOW, dilationWidth: 1, padding });
    const fitting = int8([1, undilated.height, undilated.width, 3], output.scale, output.zeroPoint);
    const operator = {
      ...({ op, index: 0, activation: 'none', input, output: fitting, outputRange } as const),
      window: {
        ...window,
        paddingTop: undilated.window.paddingTop,
        paddingLeft: undilated.window.paddingLeft,
      },
    };
    const expected = pixelsUnder(operator.window, undilated.height, undilated.width).flatMap((taps) =>
      [0, 1, 2].map((channel) => {
        const met = taps.map(({ y, x: column }) => real[(y * 6 + column) * 3 + channel] ?? 0);
        return op === 'MAX_POOL_2D' ? Math.max(...met) : met.reduce((a, b) => a + b) / met.length;
      }),
    );
    expectClose(operator, [[input, x]], expected, op === 'MAX_POOL_2D' ? 1e-3 : 0.5001);
  });
});

test('FULLY_CONNECTED, three batches', () => {
  const input = int8([3, 1, 20], 0.04, 17);
  const x = bytes(60);
  const real = dequantized(input, x);
  const w = bytes(5 * 20);
  const output = int8([3, 5], 0.5, -3);
  const operator = {
    ...({ op: 'FULLY_CONNECTED', index: 0, activation: 'none', batches: 3, input, output } as const),
    ...{ outputRange: { ...anything, outputZeroPoint: -3 }, bias: undefined },
    weights: weights([5, 20], 0, [0.01], w),
  };
  const expected = Array.from({ length: 15 }, (_, i) =>
    Array.from({ length: 20 }, (_, j) => {
      const weight = 0.01 * (w[(i % 5) * 20 + j] ?? 0);
      return weight * (real[Math.floor(i / 5) * 20 + j] ?? 0);
    }).reduce((a, b) => a + b),
  );
  expectClose(operator, [[input, x]], expected);
});

test.each([
  ['ADD', (a: number, b: number) => a + b],
  ['SUB', (a: number, b: number) => a - b],
  ['MUL', (a: number, b: number) => a * b],
] as const)('%s, both operands broadcast', (op, combine) => {
  const left = int8([2, 1, 3], 0.03, 4);
  const right = int8([5, 1], 0.05, -60);
  const [a, b] = [bytes(6), bytes(5)];
  const output = int8([2, 5, 3], 0.07, 20);
  const operator = {
    ...({ op, index: 0, activation: 'none', left, right, output } as const),
    outputRange: { outputZeroPoint: 20, activationMin: -128, activationMax: 100 },
  };
  const [realA, realB] = [dequantized(left, a), dequantized(right, b)];
  const expected = Array.from({ length: 30 }, (_, i) => {
    const [n, row, column] = [Math.floor(i / 15), Math.floor(i / 3) % 5, i % 3];
    return combine(realA[n * 3 + column] ?? 0, realB[row] ?? 0);
  });
  expectClose(
    operator,
    [
      [left, a],
      [right, b],
    ],
    expected,
  );
});

test.each([
  ['MEAN', [1, 2]],
  ['MEAN', [0, 3]],
  ['SUM', [2]],
] as const)('%s over axes %o', (op, axes) => {
  const shape = [2, 3, 4, 5];
  const input = int8(shape, 0.05, 9);
  const x = bytes(input.size);
  const real = dequantized(input, x);
  const kept = shape.filter((_, axis) => !axes.some((one) => one === axis));
  const output = int8(kept, 0.11, -20);
  const totals: number[] = new Array(output.size).fill(0);
  real.forEach((value, i) => {
    const position = [Math.floor(i / 60), Math.floor(i / 20) % 3, Math.floor(i / 5) % 4, i % 5];
    const target = position.reduce(
      (index, p, axis) => (axes.some((one) => one === axis) ? index : index * (shape[axis] ?? 1) + p),
      0,
    );
    totals[target] = (totals[target] ?? 0) + value;
  });
  const count = op === 'MEAN' ? input.size / output.size : 1;
  expectClose(
    { op, index: 0, input, axes, keepDims: false, output },
    [[input, x]],
    totals.map((total) => total / count),
  );
});

test('SUM without rescaling adds bytes', () => {
  const input = int8([3, 2], 0.5, 1);
  const output = int8([2], 0.5, 1);
  const model = modelOf({ op: 'SUM', index: 0, input, axes: [0], keepDims: false, output }, [input]);
  expect(prepare(model, 'stock').run([Int8Array.of(1, 100, 2, 100, 3, 100)])).toEqual([Int8Array.of(6, 44)]);
});

test.each([
  ['RELU', 0, 127],
  ['RELU6', 0, 100],
  ['RELU_N1_TO_1', -17, 17],
] as const)('%s', (op, least, greatest) => {
  const input = int8([256], 0.05, -3);
  const x = Int8Array.from({ length: 256 }, (_, i) => i - 128);
  const output = int8([256], 0.06, 0);
  const outputRange = { outputZeroPoint: 0, activationMin: least, activationMax: greatest };
  const operator = { op, index: 0, activation: 'none', input, output, outputRange } as const;
  expectClose(operator, [[input, x]], dequantized(input, x), 0.5001);
});

test.each([
  ['uint8', 'int8'],
  ['int8', 'uint8'],
  ['int8', 'int8'],
] as const)('QUANTIZE from %s to %s', (from, to) => {
  const input = from === 'int8' ? int8([256], 0.05, -3) : uint8([256], 0.05, 100);
  const x = Uint8Array.from({ length: 256 }, (_, i) => i);
  const output = to === 'int8' ? int8([256], 0.06, 10) : uint8([256], 0.06, 99);
  const q = from === 'int8' ? new Int8Array(x.buffer) : x;
  expectClose({ op: 'QUANTIZE', index: 0, input, output }, [[input, q]], dequantized(input, q), 0.5001);
});

test.each([0.02, 0.17, 1])('SOFTMAX, input scale %d', (scale) => {
  const input = int8([4, 12], scale, 30);
  const x = bytes(48);
  const output = int8([4, 12], 1 / 256, -128);
  const real = dequantized(input, x).map((value) => Math.exp(0.7 * value));
  const expected = real.map((value, i) => {
    const row = real.slice(Math.floor(i / 12) * 12, Math.floor(i / 12) * 12 + 12);
    return value / row.reduce((a, b) => a + b);
  });
  expectClose(
    { op: 'SOFTMAX', index: 0, input, beta: Math.fround(0.7), output },
    [[input, x]],
    expected,
    0.51,
  );
});

test('PAD and RESHAPE', () => {
  const input = int8([2, 3], 0.5, 7);
  const padded = int8([4, 6], 0.5, 7);
  const pad = { op: 'PAD', index: 0, input, before: [1, 0], after: [1, 3], output: padded } as const;
  const x = Int8Array.of(1, 2, 3, 4, 5, 6);
  const [rows] = prepare(modelOf(pad, [input]), 'stock').run([x]);
  expect(Array.from(rows ?? [])).toEqual(
    [
      [7, 7, 7, 7, 7, 7],
      [1, 2, 3, 7, 7, 7],
      [4, 5, 6, 7, 7, 7],
      [7, 7, 7, 7, 7, 7],
    ].flat(),
  );
  const output = int8([3, 2], 0.5, 7);
  expect(prepare(modelOf({ op: 'RESHAPE', index: 0, input, output }, [input]), 'stock').run([x])).toEqual([
    x,
  ]);
});
