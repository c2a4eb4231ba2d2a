import type { Softmax } from '../../litert/index.ts';
import { softmaxFactor } from '../../litert/rescale-factors.ts';
import {
  type Arithmetic,
  applyRescaler,
  exponentOf,
  type IntegerRescaler,
  rescalerOf,
} from '../arithmetic.ts';
import { divideByPowerOfTwo, expOfNegative, multiply, reciprocalOfOnePlus } from './fixed-point.ts';
import type { Step } from './step.ts';

/** Integer bits of a scaled difference, and of the sum of exponentials. */
const DIFFERENCE_BITS = 5;
const SUM_BITS = 12;

/** SOFTMAX along the last axis (tflite/kernels/internal/reference/softmax.h). */
export function prepareSoftmax(operator: Softmax, arithmetic: Arithmetic): Step {
  const { input, output } = operator;
  const rescaler = rescalerOf(arithmetic, softmaxFactor(operator));
  const leastDifference = -inputRadius(rescaler);
  // exp of each difference q - max, -255..0; 0 where it is too small to be represented.
  const exponentials = Int32Array.from({ length: 256 }, (_, i) =>
    -i < leastDifference ? 0 : expOfNegative(applyRescaler(-i, rescaler)),
  );
  const depth = input.shape.at(-1) ?? 1;
  return (values) => {
    const x = values.of(input);
    const y = values.of(output);
    for (let row = 0; row < x.length; row += depth) {
      softmaxRow(x.subarray(row, row + depth), exponentials, leastDifference, y.subarray(row, row + depth));
    }
  };
}

function softmaxRow(x: Int8Array, exponentials: Int32Array, leastDifference: number, y: Int8Array): void {
  const greatest = x.reduce((a, b) => Math.max(a, b), -128);
  let sum = 0;
  for (const q of x) sum = (sum + divideByPowerOfTwo(exponentials[greatest - q] ?? 0, SUM_BITS)) | 0;
  // sum = (1 + fraction) * 2^(SUM_BITS - headroom)
  const headroom = Math.clz32(sum);
  const scale = reciprocalOfOnePlus(sum * 2 ** headroom - 2 ** 31);
  const exponent = SUM_BITS - headroom + 31 - 8;
  x.forEach((q, i) => {
    const probability = divideByPowerOfTwo(multiply(scale, exponentials[greatest - q] ?? 0), exponent);
    y[i] = q - greatest < leastDifference ? -128 : Math.min(Math.max(probability - 128, -128), 127);
  });
}

/** CalculateInputRadius: the largest difference whose rescaled value fits 5 integer bits. */
function inputRadius(rescaler: IntegerRescaler): number {
  return Math.floor(((2 ** DIFFERENCE_BITS - 1) * 2 ** (31 - DIFFERENCE_BITS)) / 2 ** exponentOf(rescaler));
}
