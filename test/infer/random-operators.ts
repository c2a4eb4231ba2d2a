/** Random operators of every kind that has a kernel, with shapes small enough to run thousands of them. */
import fc from 'fast-check';
import type { Arithmetic } from '../../infer/index.ts';
import type { Model, Window } from '../../litert/index.ts';
import { bias, int8, modelOf, uint8, weights, windowOver } from './models.ts';

export interface Case {
  readonly model: Model;
  readonly inputs: readonly (Int8Array | Uint8Array)[];
}

export const arithmetics: fc.Arbitrary<Arithmetic> = fc.oneof(
  fc.constantFrom<Arithmetic>('stock', 'stock-fc-int', 'single'),
  fc.record({
    k: fc.integer({ min: 1, max: 32 }),
    rounding: fc.constantFrom('truncate', 'nearest'),
    scope: fc.constantFrom('all', 'dot'),
  }),
);

const zeroPoints = fc.oneof(fc.constantFrom(-128, 0, 127), fc.integer({ min: -128, max: 127 }));

/** Mostly what models have; sometimes far from it. */
const scales = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: 2 ** -8, max: 2, noNaN: true }) },
  { weight: 1, arbitrary: fc.double({ min: 2 ** -30, max: 2 ** 6, noNaN: true }) },
);

function elements(size: number): fc.Arbitrary<Int8Array> {
  // Extremes are what overflows.
  const value = fc.oneof(fc.constantFrom(-128, 127), fc.integer({ min: -128, max: 127 }));
  return fc.int8Array({ minLength: size, maxLength: size }).chain((random) =>
    fc.oneof(
      fc.constant(random),
      value.map((v) => new Int8Array(size).fill(v)),
    ),
  );
}

/** LiteRT's converter keeps weights off -128; a file may have it all the same. */
const biases = (channels: number) =>
  fc.option(
    fc
      .array(
        fc.oneof(
          fc.integer({ min: -20_000, max: 20_000 }),
          fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        ),
        {
          minLength: channels,
          maxLength: channels,
        },
      )
      .map((values) => bias(Int32Array.from(values))),
    { nil: undefined },
  );

const ranges = zeroPoints.chain((outputZeroPoint) =>
  fc
    .tuple(fc.integer({ min: -128, max: 127 }), fc.integer({ min: -128, max: 127 }), fc.boolean())
    .map(([a, b, all]) => ({
      outputZeroPoint,
      activationMin: all ? -128 : Math.min(a, b),
      activationMax: all ? 127 : Math.max(a, b),
    })),
);

const windows = fc.record({
  height: fc.integer({ min: 1, max: 5 }),
  width: fc.integer({ min: 1, max: 5 }),
  strideHeight: fc.integer({ min: 1, max: 3 }),
  strideWidth: fc.integer({ min: 1, max: 3 }),
  dilationHeight: fc.integer({ min: 1, max: 2 }),
  dilationWidth: fc.integer({ min: 1, max: 2 }),
  padding: fc.constantFrom<Window['padding']>('same', 'valid'),
});

/** An image that the window fits into, even without padding. */
const images = windows.chain((window) =>
  fc
    .record({
      batches: fc.integer({ min: 1, max: 2 }),
      extraHeight: fc.integer({ min: 0, max: 6 }),
      extraWidth: fc.integer({ min: 0, max: 6 }),
    })
    .map(({ batches, extraHeight, extraWidth }) => {
      const height = (window.height - 1) * window.dilationHeight + 1 + extraHeight;
      const width = (window.width - 1) * window.dilationWidth + 1 + extraWidth;
      return { batches, height, width, over: windowOver(height, width, window) };
    }),
);

interface Quantization {
  readonly inputScale: number;
  readonly inputZeroPoint: number;
  readonly outputScale: number;
  readonly channelScales: readonly number[];
}

const quantizations = (channels: number): fc.Arbitrary<Quantization> =>
  fc.record({
    inputScale: scales,
    inputZeroPoint: zeroPoints,
    outputScale: scales,
    channelScales: fc.oneof(
      fc.array(scales, { minLength: channels, maxLength: channels }),
      scales.map((scale) => [scale]),
    ),
  });

/** Below 2^31, where LiteRT's multipliers end; beyond, `prepare` refuses. */
const usable = ({ inputScale, outputScale, channelScales }: Quantization) =>
  channelScales.every((scale) => (inputScale * scale) / outputScale < 2 ** 20);

export const convolutions: fc.Arbitrary<Case> = fc
  .tuple(images, fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 21 }))
  .chain(([{ batches, height, width, over }, inputs, outputs]) => {
    const shape = [outputs, over.window.height, over.window.width, inputs];
    const size = shape.reduce((a, b) => a * b, 1);
    return fc
      .tuple(
        quantizations(outputs).filter(usable),
        ...([elements(size), elements(batches * height * width * inputs), biases(outputs), ranges] as const),
      )
      .map(([q, w, x, b, outputRange]): Case => {
        const input = int8([batches, height, width, inputs], q.inputScale, q.inputZeroPoint);
        const output = int8(
          [batches, over.height, over.width, outputs],
          q.outputScale,
          outputRange.outputZeroPoint,
        );
        const operator = {
          ...({ op: 'CONV_2D', index: 0, activation: 'none' } as const),
          ...{ input, output, outputRange, window: over.window, bias: b },
          weights: weights(shape, 0, q.channelScales, w),
        };
        return { model: modelOf(operator, [input]), inputs: [x] };
      });
  });

export const depthwiseConvolutions: fc.Arbitrary<Case> = fc
  .tuple(images, fc.integer({ min: 1, max: 19 }), fc.constantFrom(1, 1, 1, 2, 8))
  .chain(([{ batches, height, width, over }, inputs, depthMultiplier]) => {
    const outputs = inputs * depthMultiplier;
    const shape = [1, over.window.height, over.window.width, outputs];
    const size = shape.reduce((a, b) => a * b, 1);
    return fc
      .tuple(
        quantizations(outputs).filter(usable),
        ...([elements(size), elements(batches * height * width * inputs), biases(outputs), ranges] as const),
      )
      .map(([q, w, x, b, outputRange]): Case => {
        const input = int8([batches, height, width, inputs], q.inputScale, q.inputZeroPoint);
        const output = int8(
          [batches, over.height, over.width, outputs],
          q.outputScale,
          outputRange.outputZeroPoint,
        );
        const operator = {
          ...({ op: 'DEPTHWISE_CONV_2D', index: 0, activation: 'none' } as const),
          ...{ input, output, outputRange, window: over.window, depthMultiplier, bias: b },
          weights: weights(shape, 3, q.channelScales, w),
        };
        return { model: modelOf(operator, [input]), inputs: [x] };
      });
  });

export const fullyConnected: fc.Arbitrary<Case> = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 21 }))
  .chain(([batches, inputs, outputs]) =>
    fc
      .tuple(
        quantizations(outputs).filter(usable),
        ...([elements(outputs * inputs), elements(batches * inputs), biases(outputs), ranges] as const),
      )
      .map(([q, w, x, b, outputRange]): Case => {
        const input = int8([batches, inputs], q.inputScale, q.inputZeroPoint);
        const output = int8([batches, outputs], q.outputScale, outputRange.outputZeroPoint);
        const operator = {
          ...({ op: 'FULLY_CONNECTED', index: 0, activation: 'none', batches } as const),
          ...{ input, output, outputRange, bias: b },
          weights: weights([outputs, inputs], 0, q.channelScales, w),
        };
        return { model: modelOf(operator, [input]), inputs: [x] };
      }),
  );

/** Of one shape, or with a single constant operand. */
export const binaries: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom<'ADD' | 'SUB' | 'MUL'>('ADD', 'SUB', 'MUL'),
    fc.integer({ min: 1, max: 70 }),
    fc.constantFrom<'none' | 'left' | 'right'>('none', 'left', 'right'),
  )
  .chain(([op, size, constant]) =>
    fc
      .tuple(scales, zeroPoints, scales, zeroPoints, scales, ranges, elements(size), elements(size))
      .filter(([s1, , s2, , sy]) => Math.max(s1, s2, s1 * s2) / sy < 2 ** 20)
      .map(([leftScale, leftZero, rightScale, rightZero, scale, outputRange, a, b]): Case => {
        const left =
          constant === 'left'
            ? int8([], leftScale, leftZero, a.slice(0, 1))
            : int8([size], leftScale, leftZero);
        const right =
          constant === 'right'
            ? int8([1], rightScale, rightZero, b.slice(0, 1))
            : int8([size], rightScale, rightZero);
        const output = int8([size], scale, outputRange.outputZeroPoint);
        const operator = { op, index: 0, activation: 'none', left, right, output, outputRange } as const;
        const given = (
          [
            [left, a],
            [right, b],
          ] as const
        ).filter(([tensor]) => tensor.data === undefined);
        return {
          model: modelOf(
            operator,
            given.map(([tensor]) => tensor),
          ),
          inputs: given.map(([, x]) => x),
        };
      }),
  );

/** QUANTIZE between any two types, and the RELU family. */
export const unaries: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom<'QUANTIZE' | 'RELU' | 'RELU6' | 'RELU_N1_TO_1'>(
      'QUANTIZE',
      'RELU',
      'RELU6',
      'RELU_N1_TO_1',
    ),
    ...([fc.boolean(), fc.boolean(), scales, zeroPoints, scales, ranges, elements(256)] as const),
  )
  .filter(([, , , inputScale, , outputScale]) => inputScale / outputScale < 2 ** 20)
  .map(([op, fromUint8, toUint8, inputScale, inputZero, outputScale, outputRange, x]): Case => {
    if (op === 'QUANTIZE') {
      const input = fromUint8
        ? uint8([256], inputScale, inputZero + 128)
        : int8([256], inputScale, inputZero);
      const zero = outputRange.outputZeroPoint;
      const output = toUint8 ? uint8([256], outputScale, zero + 128) : int8([256], outputScale, zero);
      const model = modelOf({ op, index: 0, input, output }, [input]);
      return { model, inputs: [fromUint8 ? new Uint8Array(x) : x] };
    }
    const input = int8([256], inputScale, inputZero);
    const output = int8([256], outputScale, outputRange.outputZeroPoint);
    const operator = { op, index: 0, activation: 'none', input, output, outputRange } as const;
    return { model: modelOf(operator, [input]), inputs: [x] };
  });
