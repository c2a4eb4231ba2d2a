/**
 * The gradient of every operator against finite differences of its smooth surrogate: the operator in float64, without
 * rounding and clamp, at the integers of the run. Outputs that the clamp holds have no gradient.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { factorOf, rescalerOf } from '../../infer/arithmetic.ts';
import type { Arithmetic } from '../../infer/index.ts';
import { channelRescalers } from '../../infer/operators/dot-product.ts';
import { forEachTap } from '../../infer/operators/window.ts';
import {
  addFactors,
  inputsOf,
  isDotProduct,
  mulFactor,
  type Operator,
  reluFactor,
  scaleRatio,
} from '../../litert/index.ts';
import { bias, int8, uint8, weights, windowOver } from '../infer/models.ts';
import { wayBack } from './way-back.ts';

type Values = readonly number[];

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

/** Real-valued inputs and parameters to the output, both in integer units. */
type Surrogate = (inputs: readonly Values[], parameters: Values) => Values;

function surrogateOf(operator: Operator, arithmetic: Arithmetic): Surrogate {
  const factor = (M: number) => factorOf(rescalerOf(arithmetic, M));
  if (isDotProduct(operator)) return dotProduct(operator, arithmetic);
  switch (operator.op) {
    case 'ADD':
    case 'SUB':
    case 'MUL': {
      const { left, right, output } = operator;
      const sizes = [left.size, right.size];
      const { left: L, right: R, output: O } = addFactors(operator);
      const sign = operator.op === 'SUB' ? -1 : 1;
      return ([a = [], b = []]) =>
        Array.from({ length: output.size }, (_, i) => {
          const x = at(a, i % at(sizes, 0)) - left.zeroPoint;
          const y = at(b, i % at(sizes, 1)) - right.zeroPoint;
          return operator.op === 'MUL'
            ? x * y * factor(mulFactor(operator))
            : (x * factor(L) + sign * y * factor(R)) * 2 ** 20 * factor(O);
        });
    }
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D': {
      const { input, output, window } = operator;
      const channels = input.shape[3] ?? 1;
      return ([x = []]) => {
        const seen = Array.from({ length: output.size }, (): number[] => []);
        forEachTap(input, output, window, (position, _tap, pixel) => {
          for (let c = 0; c < channels; c++) seen[position * channels + c]?.push(at(x, pixel * channels + c));
        });
        return seen.map((taps) =>
          operator.op === 'MAX_POOL_2D' ? Math.max(...taps) : taps.reduce((a, b) => a + b, 0) / taps.length,
        );
      };
    }
    case 'MEAN':
    case 'SUM': {
      // Over height and width.
      const [, height = 1, width = 1, channels = 1] = operator.input.shape;
      const count = operator.op === 'MEAN' ? height * width : 1;
      const slope = factor(scaleRatio(operator)) / count;
      return ([x = []]) =>
        Array.from({ length: channels }, (_, c) =>
          x.filter((_v, i) => i % channels === c).reduce((sum, v) => sum + v * slope, 0),
        );
    }
    case 'QUANTIZE':
      return ([x = []]) => x.map((v) => v * factor(scaleRatio(operator)));
    case 'RELU':
    case 'RELU6':
    case 'RELU_N1_TO_1':
      return ([x = []]) => x.map((v) => v * factor(reluFactor(operator)));
    case 'RESHAPE':
      return ([x = []]) => x;
    case 'PAD': {
      const { input, output, before } = operator;
      const [, , , channels = 1] = input.shape;
      const [, , width = 1] = input.shape;
      const [, , outWidth = 1] = output.shape;
      return ([x = []]) => {
        const y = new Array<number>(output.size).fill(0);
        x.forEach((v, i) => {
          const [c, pixel] = [i % channels, Math.floor(i / channels)];
          const [row, column] = [Math.floor(pixel / width), pixel % width];
          y[((row + at(before, 1)) * outWidth + column + at(before, 2)) * channels + c] = v;
        });
        return y;
      };
    }
    case 'SOFTMAX':
      throw new Error('not here');
  }
}

function dotProduct(
  operator: Operator & { op: 'CONV_2D' | 'DEPTHWISE_CONV_2D' | 'FULLY_CONNECTED' },
  arithmetic: Arithmetic,
): Surrogate {
  const factors = channelRescalers(operator, arithmetic).map(factorOf);
  const { input, output, weights: w, bias: b } = operator;
  const outputs = w.channels;
  return ([x = []], parameters) => {
    const y = Array.from({ length: output.size }, (_, i) => (b ? at(parameters, w.size + (i % outputs)) : 0));
    const add = (to: number, from: number, weight: number) => {
      y[to] = at(y, to) + (at(x, from) - input.zeroPoint) * at(parameters, weight);
    };
    if (operator.op === 'FULLY_CONNECTED') {
      const size = input.size / operator.batches;
      for (let i = 0; i < y.length; i++) {
        for (let j = 0; j < size; j++) {
          add(i, Math.floor(i / outputs) * size + j, (i % outputs) * size + j);
        }
      }
    } else {
      const channels = input.shape[3] ?? 1;
      const { window } = operator;
      const taps = window.height * window.width;
      forEachTap(input, output, window, (position, tap, pixel) => {
        for (let o = 0; o < outputs; o++) {
          if (operator.op === 'CONV_2D') {
            for (let c = 0; c < channels; c++) {
              add(position * outputs + o, pixel * channels + c, (o * taps + tap) * channels + c);
            }
          } else {
            const c = Math.floor(o / operator.depthMultiplier);
            add(position * outputs + o, pixel * channels + c, tap * outputs + o);
          }
        }
      });
    }
    return y.map((v, i) => v * at(factors, i % outputs));
  };
}

/** The clamp of an operator; reshaping and padding have none. */
function rangeOf(operator: Operator): readonly [number, number] {
  if (operator.op === 'RESHAPE' || operator.op === 'PAD') return [-Infinity, Infinity];
  if (operator.op === 'QUANTIZE' && operator.output.type === 'uint8') return [0, 255];
  if ('activation' in operator) {
    const { activationMin, activationMax } = operator.outputRange;
    const isPool = operator.op === 'AVERAGE_POOL_2D' || operator.op === 'MAX_POOL_2D';
    return isPool && operator.activation === 'none' ? [-Infinity, Infinity] : [activationMin, activationMax];
  }
  return [-128, 127];
}

/** Central differences with steps of one unit; exact up to float32 where the surrogate is at most quadratic. */
function expectGradient(
  operator: Operator,
  arithmetic: Arithmetic,
  inputs: readonly (Int8Array | Uint8Array)[],
  dy: readonly number[],
): void {
  const { output, inputGradients, parameterGradients } = wayBack(operator, arithmetic, inputs, dy);
  const surrogate = surrogateOf(operator, arithmetic);
  const [least, greatest] = rangeOf(operator);
  const passed = Array.from(output, (q, i) => (q > least && q < greatest ? at(dy, i) : 0));
  const parameters = isDotProduct(operator) ? [...operator.weights.data, ...(operator.bias?.data ?? [])] : [];
  const loss = (x: readonly Values[], p: Values) =>
    surrogate(x, p).reduce((sum, v, i) => sum + v * at(passed, i), 0);
  const real = inputs.map((values) => [...values]);
  // Of a maximum, small steps only, so that no other tap takes over.
  const step = operator.op === 'MAX_POOL_2D' ? 2 ** -10 : 0.5;
  const difference = (change: (by: number) => number) => (change(step) - change(-step)) / (2 * step);
  const wanted = real.map((values, n) =>
    values.map((_, i) =>
      difference((by) => loss(real.with(n, values.with(i, at(values, i) + by)), parameters)),
    ),
  );
  const wantedParameters = parameters.map((value, i) =>
    difference((by) => loss(real, parameters.with(i, value + by))),
  );
  const scale = Math.max(1e-6, ...wanted.flat().map(Math.abs), ...wantedParameters.map(Math.abs));
  const close = (given: ArrayLike<number>, right: Values) => {
    expect(given.length).toBe(right.length);
    right.forEach((value, i) => {
      expect(Math.abs(at(given, i) - value) / scale).toBeLessThan(1e-5);
    });
  };
  wanted.forEach((values, n) => {
    close(inputGradients[n] ?? [], values);
  });
  close(parameterGradients, wantedParameters);
}

const arithmetics = fc.oneof(
  fc.constantFrom<Arithmetic>('stock', 'single'),
  fc.record({
    k: fc.integer({ min: 1, max: 16 }),
    rounding: fc.constantFrom('truncate', 'nearest'),
    scope: fc.constantFrom('all', 'dot'),
  }),
);
const zeroPoints = fc.integer({ min: -128, max: 127 });
const scales = fc.double({ min: 0.02, max: 0.5, noNaN: true });
const dimension = (max: number) => fc.integer({ min: 1, max });

/** Numbers without a pattern, from a seed. */
function random(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2_246_822_519) + 3_266_489_917;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const bytes = (size: number, next: () => number): Int8Array =>
  Int8Array.from({ length: size }, () => Math.floor(next() * 256) - 128);
const gradients = (size: number, next: () => number): readonly number[] =>
  Array.from({ length: size }, () => Math.fround(next() - 0.5));

const common = fc.record({
  arithmetic: arithmetics,
  inputZero: zeroPoints,
  outputZero: zeroPoints,
  inputScale: scales,
  outputScale: scales,
  seed: fc.integer(),
});

const shapes = fc
  .record({
    height: dimension(3),
    width: dimension(3),
    strideHeight: dimension(2),
    strideWidth: dimension(2),
    dilationHeight: dimension(2),
    dilationWidth: dimension(2),
    padding: fc.constantFrom<'same' | 'valid'>('same', 'valid'),
  })
  .chain((window) =>
    fc.record({
      window: fc.constant(window),
      rows: fc.integer({ min: (window.height - 1) * window.dilationHeight + 1, max: 6 }),
      columns: fc.integer({ min: (window.width - 1) * window.dilationWidth + 1, max: 6 }),
      channels: dimension(5),
    }),
  );

const clampAt = (outputZeroPoint: number) => ({ outputZeroPoint, activationMin: -100, activationMax: 110 });

describe('against finite differences', () => {
  test('CONV_2D', () => {
    fc.assert(
      fc.property(common, shapes, dimension(6), fc.boolean(), (settings, shape, outputs, hasBias) => {
        const next = random(settings.seed);
        const { window, height, width } = windowOver(shape.rows, shape.columns, shape.window);
        const input = int8(
          [1, shape.rows, shape.columns, shape.channels],
          settings.inputScale,
          settings.inputZero,
        );
        const output = int8([1, height, width, outputs], settings.outputScale, settings.outputZero);
        const size = window.height * window.width * shape.channels;
        const operator: Operator = {
          ...({ op: 'CONV_2D', index: 0, activation: 'none' } as const),
          ...{ input, output, window, outputRange: clampAt(settings.outputZero) },
          weights: weights(
            [outputs, window.height, window.width, shape.channels],
            0,
            Array.from({ length: outputs }, () => 0.001 + 0.01 * next()),
            bytes(outputs * size, next),
          ),
          bias: hasBias ? bias(Int32Array.from(bytes(outputs, next), (v) => 10 * v)) : undefined,
        };
        expectGradient(
          operator,
          settings.arithmetic,
          [bytes(input.size, next)],
          gradients(output.size, next),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('DEPTHWISE_CONV_2D', () => {
    fc.assert(
      fc.property(common, shapes, dimension(3), (settings, shape, depthMultiplier) => {
        const next = random(settings.seed);
        const { window, height, width } = windowOver(shape.rows, shape.columns, shape.window);
        const outputs = shape.channels * depthMultiplier;
        const input = int8(
          [1, shape.rows, shape.columns, shape.channels],
          settings.inputScale,
          settings.inputZero,
        );
        const output = int8([1, height, width, outputs], settings.outputScale, settings.outputZero);
        const operator: Operator = {
          ...({ op: 'DEPTHWISE_CONV_2D', index: 0, activation: 'none', depthMultiplier } as const),
          ...{ input, output, window, outputRange: clampAt(settings.outputZero) },
          weights: weights(
            [1, window.height, window.width, outputs],
            3,
            Array.from({ length: outputs }, () => 0.001 + 0.05 * next()),
            bytes(window.height * window.width * outputs, next),
          ),
          bias: bias(Int32Array.from(bytes(outputs, next), (v) => 10 * v)),
        };
        expectGradient(
          operator,
          settings.arithmetic,
          [bytes(input.size, next)],
          gradients(output.size, next),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('FULLY_CONNECTED', () => {
    fc.assert(
      fc.property(common, dimension(3), dimension(9), dimension(9), (settings, batches, inputs, outputs) => {
        const next = random(settings.seed);
        const input = int8([batches, inputs], settings.inputScale, settings.inputZero);
        const output = int8([batches, outputs], settings.outputScale, settings.outputZero);
        const operator: Operator = {
          ...({ op: 'FULLY_CONNECTED', index: 0, activation: 'none', batches } as const),
          ...{ input, output, outputRange: clampAt(settings.outputZero) },
          weights: weights([outputs, inputs], 0, [0.005], bytes(outputs * inputs, next)),
          bias: bias(Int32Array.from(bytes(outputs, next), (v) => 10 * v)),
        };
        expectGradient(
          operator,
          settings.arithmetic,
          [bytes(input.size, next)],
          gradients(output.size, next),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each(['ADD', 'SUB', 'MUL'] as const)('%s, broadcast too', (op) => {
    fc.assert(
      fc.property(common, dimension(4), dimension(5), fc.boolean(), (settings, rows, channels, isRow) => {
        const next = random(settings.seed);
        const left = int8([rows, channels], settings.inputScale, settings.inputZero);
        const right = int8([isRow ? 1 : rows, channels], 0.05, 3);
        const output = int8([rows, channels], op === 'MUL' ? 1 : settings.outputScale, settings.outputZero);
        const operator: Operator = {
          ...({ op, index: 0, activation: 'none' } as const),
          ...{ left, right, output, outputRange: clampAt(settings.outputZero) },
        };
        const inputs = inputsOf(operator).map(({ size }) => bytes(size, next));
        expectGradient(operator, settings.arithmetic, inputs, gradients(output.size, next));
      }),
      { numRuns: 60 },
    );
  });

  test.each(['AVERAGE_POOL_2D', 'MAX_POOL_2D'] as const)('%s', (op) => {
    fc.assert(
      fc.property(common, shapes, fc.boolean(), (settings, shape, clamps) => {
        const next = random(settings.seed);
        const undilated = { ...shape.window, dilationHeight: 1, dilationWidth: 1 };
        const { window, height, width } = windowOver(shape.rows, shape.columns, undilated);
        const quantization = [settings.inputScale, settings.inputZero] as const;
        const input = int8([1, shape.rows, shape.columns, shape.channels], ...quantization);
        const output = int8([1, height, width, shape.channels], ...quantization);
        const operator: Operator = {
          ...{ op, index: 0, activation: clamps ? 'relu6' : 'none', input, output, window },
          outputRange: clamps
            ? clampAt(settings.inputZero)
            : { ...clampAt(0), activationMin: -128, activationMax: 127 },
        };
        // No two alike: a maximum has a derivative only then.
        const order = Array.from({ length: input.size }, (_, i) => ({ i, key: next() })).toSorted(
          (a, b) => a.key - b.key,
        );
        const x = Int8Array.from(order, ({ i }) => i - 100);
        expectGradient(operator, settings.arithmetic, [x], gradients(output.size, next));
      }),
      { numRuns: 60 },
    );
  });

  test.each(['MEAN', 'SUM'] as const)('%s', (op) => {
    fc.assert(
      fc.property(common, dimension(4), dimension(4), dimension(5), (settings, rows, columns, channels) => {
        const next = random(settings.seed);
        const input = int8([1, rows, columns, channels], settings.inputScale, settings.inputZero);
        // Unlike the input's, since alike a SUM is not rescaled and wraps.
        const output = int8([1, channels], settings.inputScale * 2, settings.outputZero);
        const operator: Operator = { op, index: 0, input, output, axes: [1, 2], keepDims: false };
        expectGradient(
          operator,
          settings.arithmetic,
          [bytes(input.size, next)],
          gradients(output.size, next),
        );
      }),
      { numRuns: 60 },
    );
  });

  test.each(['RELU', 'RELU6', 'QUANTIZE', 'RESHAPE'] as const)('%s', (op) => {
    fc.assert(
      fc.property(common, dimension(9), fc.boolean(), (settings, size, unsigned) => {
        const next = random(settings.seed);
        const input = int8([1, size], settings.inputScale, settings.inputZero);
        const signed = int8([size, 1], settings.outputScale, settings.outputZero);
        const output = op === 'QUANTIZE' && unsigned ? uint8([1, size], settings.outputScale, 128) : signed;
        const operator: Operator =
          op === 'QUANTIZE' || op === 'RESHAPE'
            ? { op, index: 0, input, output }
            : {
                op,
                index: 0,
                activation: 'none',
                input,
                output: signed,
                outputRange: clampAt(settings.outputZero),
              };
        expectGradient(operator, settings.arithmetic, [bytes(size, next)], gradients(size, next));
      }),
      { numRuns: 60 },
    );
  });

  test('PAD', () => {
    fc.assert(
      fc.property(common, dimension(3), dimension(3), dimension(3), (settings, rows, columns, channels) => {
        const next = random(settings.seed);
        const quantization = [settings.inputScale, settings.inputZero] as const;
        const input = int8([1, rows, columns, channels], ...quantization);
        const output = int8([1, rows + 3, columns + 1, channels], ...quantization);
        const operator: Operator = {
          op: 'PAD',
          index: 0,
          input,
          output,
          before: [0, 1, 1, 0],
          after: [0, 2, 0, 0],
        };
        expectGradient(
          operator,
          settings.arithmetic,
          [bytes(input.size, next)],
          gradients(output.size, next),
        );
      }),
      { numRuns: 30 },
    );
  });
});
