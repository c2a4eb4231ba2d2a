/** The gradients with kernels against TensorFlow.js, whose cpu backend has written them independently. */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { factorOf } from '../../infer/arithmetic.ts';
import { channelRescalers } from '../../infer/operators/dot-product.ts';
import { type DotProduct, inputsOf, isDotProduct, type Operator, type Window } from '../../litert/index.ts';
import { Random } from '../../sim/random.ts';
import { bias, int8, weights, windowOver } from '../infer/models.ts';
import { wayBack } from './way-back.ts';

await tf.setBackend('cpu');

/** So small that nothing comes near the clamp. */
const WEIGHT_SCALE = 0.00005;
const INPUT_ZERO = 7;

const random = new Random(20_261_126);
const bytes = (size: number) => Int8Array.from({ length: size }, () => random.between(-128, 127));
const floats = (size: number) =>
  Array.from({ length: size }, () => Math.fround(random.between(-1000, 1000) / 1000));

interface Shape {
  readonly side: number;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: Window['padding'];
}

const shapes: readonly Shape[] = [1, 3, 5].flatMap((kernel) =>
  [1, 2].flatMap((stride) =>
    (['same', 'valid'] as const).map((padding) => ({
      side: 9,
      channels: 5 + kernel,
      kernel,
      stride,
      padding,
    })),
  ),
);

function convolutionOf(
  { side, channels, kernel, stride, padding }: Shape,
  op: 'CONV_2D' | 'DEPTHWISE_CONV_2D',
): DotProduct {
  const { window, height, width } = windowOver(side, side, {
    ...{ height: kernel, width: kernel, strideHeight: stride, strideWidth: stride },
    ...{ dilationHeight: 1, dilationWidth: 1, padding },
  });
  const outputs = op === 'CONV_2D' ? 11 : channels;
  const shape = op === 'CONV_2D' ? [outputs, kernel, kernel, channels] : [1, kernel, kernel, channels];
  const common = {
    ...({ index: 0, activation: 'none', window } as const),
    input: int8([1, side, side, channels], 1, INPUT_ZERO),
    output: int8([1, height, width, outputs], 1, 0),
    outputRange: { outputZeroPoint: 0, activationMin: -128, activationMax: 127 },
    weights: weights(
      shape,
      op === 'CONV_2D' ? 0 : 3,
      Array<number>(outputs).fill(WEIGHT_SCALE),
      bytes(shape.reduce((a, b) => a * b, 1)),
    ),
    bias: bias(Int32Array.from(bytes(outputs))),
  } as const;
  return op === 'CONV_2D' ? { ...common, op } : { ...common, op, depthMultiplier: 1 };
}

/** Both by the integers: tfjs gets them less the zero point, and its gradient counts the factor. */
function expectLikeTfjs(operator: DotProduct, forward: (x: tf.Tensor, w: tf.Tensor) => tf.Tensor): void {
  const x = bytes(operator.input.size);
  const dy = floats(operator.output.size);
  const { output, inputGradients, parameterGradients } = wayBack(operator, 'single', [x], dy);
  expect(output.every((q) => q > -128 && q < 127)).toBe(true);
  const factor = channelRescalers(operator, 'single').map(factorOf)[0] ?? 0;
  const { weights: w } = operator;
  const channels = w.channels;
  const [dx, dw] = tf.grads((a, b) => tf.mul(forward(a, b), factor))(
    [
      tf.tensor(
        Array.from(x, (q) => q - INPUT_ZERO),
        [...operator.input.shape],
      ),
      tf.tensor(Array.from(w.data), [...w.shape]),
    ],
    tf.tensor(dy, [...operator.output.shape]),
  );
  expectClose(inputGradients[0] ?? [], dx?.dataSync() ?? []);
  expectClose(parameterGradients.subarray(0, w.size), dw?.dataSync() ?? []);
  const biasGradient = Array.from({ length: channels }, (_, c) =>
    dy.filter((_v, i) => i % channels === c).reduce((sum, v) => sum + v * factor, 0),
  );
  expectClose(parameterGradients.subarray(w.size), biasGradient);
}

function expectClose(given: ArrayLike<number>, wanted: ArrayLike<number>): void {
  expect(given.length).toBe(wanted.length);
  const scale = Math.max(...Array.from(wanted, Math.abs));
  expect(scale).toBeGreaterThan(0);
  for (let i = 0; i < wanted.length; i++) {
    expect(Math.abs((given[i] ?? Number.NaN) - (wanted[i] ?? 0))).toBeLessThan(1e-5 * scale);
  }
}

test.each(shapes)('CONV_2D $kernel x $kernel, stride $stride, $padding', (shape) => {
  const operator = convolutionOf(shape, 'CONV_2D');
  expectLikeTfjs(operator, (x, w) =>
    tf.conv2d(x as tf.Tensor4D, tf.transpose(w as tf.Tensor4D, [1, 2, 3, 0]), shape.stride, shape.padding),
  );
});

test.each(shapes)('DEPTHWISE_CONV_2D $kernel x $kernel, stride $stride, $padding', (shape) => {
  const operator = convolutionOf(shape, 'DEPTHWISE_CONV_2D');
  expectLikeTfjs(operator, (x, w) =>
    tf.depthwiseConv2d(
      x as tf.Tensor4D,
      tf.transpose(w as tf.Tensor4D, [1, 2, 3, 0]),
      shape.stride,
      shape.padding,
    ),
  );
});

test('FULLY_CONNECTED', () => {
  const [inputs, outputs] = [37, 10];
  const operator: Operator = {
    ...({ op: 'FULLY_CONNECTED', index: 0, activation: 'none', batches: 3 } as const),
    input: int8([3, inputs], 1, INPUT_ZERO),
    output: int8([3, outputs], 1, 0),
    outputRange: { outputZeroPoint: 0, activationMin: -128, activationMax: 127 },
    weights: weights([outputs, inputs], 0, [WEIGHT_SCALE], bytes(outputs * inputs)),
    bias: bias(Int32Array.from(bytes(outputs))),
  };
  if (!isDotProduct(operator)) throw new Error('not a dot product');
  expectLikeTfjs(operator, (x, w) => tf.matMul(x as tf.Tensor2D, w as tf.Tensor2D, false, true));
});

test.each(['AVERAGE_POOL_2D', 'MAX_POOL_2D'] as const)('%s', (op) => {
  const { window, height, width } = windowOver(8, 8, {
    ...{ height: 2, width: 2, strideHeight: 2, strideWidth: 2, dilationHeight: 1, dilationWidth: 1 },
    padding: 'valid',
  });
  const operator: Operator = {
    ...{ op, index: 0, activation: 'none', window },
    input: int8([1, 8, 8, 2], 1, 0),
    output: int8([1, height, width, 2], 1, 0),
    outputRange: { outputZeroPoint: 0, activationMin: -128, activationMax: 127 },
  };
  // No two alike: which of equals is the greatest is a matter of taste.
  const x = Int8Array.from({ length: 128 }, (_, i) => ((i * 37) % 128) - 64);
  const dy = floats(operator.output.size);
  const { inputGradients } = wayBack(operator, 'single', [x], dy);
  const pool = op === 'MAX_POOL_2D' ? tf.maxPool : tf.avgPool;
  const dx = tf.grad((a) => pool(a as tf.Tensor4D, 2, 2, 'valid'))(
    tf.tensor(Array.from(x), [...(inputsOf(operator)[0]?.shape ?? [])]),
    tf.tensor(dy, [...operator.output.shape]),
  );
  expectClose(inputGradients[0] ?? [], dx.dataSync());
});
