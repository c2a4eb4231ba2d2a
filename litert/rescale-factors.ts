/**
 * The real factors M that LiteRT turns into integer multipliers, in the floating-point precision in which its
 * kernels compute them (SPEC section 2). Scales are float32 values, so a product of two is exact in a double.
 */

import {
  type DotProduct,
  type ElementwiseBinary,
  type Operator,
  type Quantize,
  type Reduce,
  type Relu,
  type Softmax,
  weightScale,
} from './model.ts';
import type { Given } from './model-description.ts';

/**
 * M = Sx*Sw/Sy of each output channel.
 *
 * In double, except for FULLY_CONNECTED with one scale a tensor: there Sx*Sw is rounded to float32 first
 * (GetQuantizedConvolutionMultipler in tflite/kernels/kernel_util.cc).
 */
export function rescaleFactors(operator: DotProduct): Float64Array {
  const { input, weights, output } = operator;
  const roundsProduct = operator.op === 'FULLY_CONNECTED' && weights.scales.length === 1;
  return Float64Array.from({ length: weights.channels }, (_, channel) => {
    const product = input.scale * weightScale(weights, channel);
    return (roundsProduct ? Math.fround(product) : product) / output.scale;
  });
}

/** The three factors of ADD and SUB (tflite/kernels/add.cc, sub.cc). */
export interface AddFactors {
  /** S1 / (2 * max(S1, S2)) and S2 / (2 * max(S1, S2)): at most 1/2. They act on q - Z, shifted left by `ADD_LEFT_SHIFT`. */
  readonly left: number;
  readonly right: number;
  /** 2 * max(S1, S2) / (2^20 * Sy). */
  readonly output: number;
}

export const ADD_LEFT_SHIFT = 20;

export function addFactors({ left, right, output }: ElementwiseBinary): AddFactors {
  const twiceLargest = 2 * Math.max(left.scale, right.scale);
  return {
    left: left.scale / twiceLargest,
    right: right.scale / twiceLargest,
    output: twiceLargest / (2 ** ADD_LEFT_SHIFT * output.scale),
  };
}

/** S1 * S2 / Sy of MUL, each step rounded to float32 (tflite/kernels/mul.cc). */
export function mulFactor({
  left,
  right,
  output,
}: Pick<Given<ElementwiseBinary>, 'left' | 'right' | 'output'>): number {
  return Math.fround(Math.fround(left.scale * right.scale) / output.scale);
}

/** Sx / Sy in double: QUANTIZE, MEAN and SUM (tflite/kernels/quantize.cc, reduce.cc). */
export function scaleRatio({ input, output }: Quantize | Reduce): number {
  return input.scale / output.scale;
}

/** Sx / Sy in float32: the RELU family (tflite/kernels/activations.cc). */
export function reluFactor({ input, output }: Relu): number {
  return Math.fround(input.scale / output.scale);
}

/** Bits of the integer part of SOFTMAX's scaled differences; 31 - 5 is its left shift. */
const SOFTMAX_INTEGER_BITS = 5;

/** beta * Sx * 2^26, at most 2^31 - 1 (PreprocessSoftmaxScaling in tflite/kernels/internal/quantization_util.cc). */
export function softmaxFactor({ beta, input }: Softmax): number {
  return Math.min(beta * input.scale * 2 ** (31 - SOFTMAX_INTEGER_BITS), 2 ** 31 - 1);
}

export interface NamedFactor {
  readonly name: string;
  readonly factor: number;
}

/** All factors of an operator without weights; none where it only moves, compares or averages values. */
export function namedFactors(operator: Exclude<Operator, DotProduct>): readonly NamedFactor[] {
  switch (operator.op) {
    case 'ADD':
    case 'SUB':
      return addFactorList(addFactors(operator));
    case 'MUL':
      return [{ name: 'S1*S2/Sy', factor: mulFactor(operator) }];
    case 'MEAN':
    case 'SUM':
    case 'QUANTIZE':
      return [{ name: 'Sx/Sy', factor: scaleRatio(operator) }];
    case 'RELU':
    case 'RELU_N1_TO_1':
    case 'RELU6':
      return [{ name: 'Sx/Sy', factor: reluFactor(operator) }];
    case 'SOFTMAX':
      return [{ name: 'beta*Sx*2^26', factor: softmaxFactor(operator) }];
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D':
    case 'RESHAPE':
    case 'PAD':
      return [];
  }
}

function addFactorList({ left, right, output }: AddFactors): readonly NamedFactor[] {
  return [
    { name: 'left', factor: left },
    { name: 'right', factor: right },
    { name: 'output', factor: output },
  ];
}
