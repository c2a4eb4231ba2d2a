/** The quantized dot product of one output channel, Eq. (1). */

import { type RescaleParameters, requantize } from './rescale.ts';

/** What one output channel needs besides its weights. */
export interface DotProductParameters extends RescaleParameters {
  /** bEff, int32, see `effectiveBias`. */
  readonly effectiveBias: number;
}

/**
 * bEff = bias - Zx * sum(w), which moves the input zero point out of the sum: int32, two's-complement wrap.
 *
 * @param bias int32, at scale Sx*Sw
 * @param inputZeroPoint Zx, int8
 * @param w all weights of the output channel
 */
export function effectiveBias(bias: number, inputZeroPoint: number, w: Int8Array): number {
  return (bias - inputZeroPoint * w.reduce((sum, weight) => sum + weight, 0)) | 0;
}

/**
 * a = sum(x[i]*w[i]) + bEff: int32 at scale Sx*Sw, two's-complement wrap like LiteRT.
 * Throws RangeError where the lengths of x and w differ.
 *
 * @param bEff int32; or the accumulator so far, where a long dot product takes several passes
 */
export function accumulate(x: Int8Array, w: Int8Array, bEff: number): number {
  if (x.length !== w.length) {
    throw new RangeError(
      `x has ${x.length} elements but w has ${w.length}; a dot product pairs them one by one`,
    );
  }
  let sum = bEff;
  // `?? 0` is never reached.
  for (let i = 0; i < x.length; i++) sum = multiplyAccumulate(sum, x[i] ?? 0, w[i] ?? 0);
  return sum;
}

/**
 * One step of `accumulate`: sum + x*w, int32. Each step wraps, so that the sum stays an int32 whatever the
 * length.
 *
 * Not checked: sum int32, x and w int8.
 */
export function multiplyAccumulate(sum: number, x: number, w: number): number {
  return (sum + x * w) | 0;
}

/**
 * y = clamp(Zy + rescale(sum(x[i]*w[i]) + bEff)), int8. Eq. (1) prints the bias outside of the product with
 * Mq, but the accumulator that is rescaled is the biased one, as the paper says below it and LiteRT does.
 *
 * Throws RangeError where the lengths of x and w differ; the parameters are not checked, see `requantize`.
 */
export function dotProduct(x: Int8Array, w: Int8Array, parameters: DotProductParameters): number {
  return requantize(accumulate(x, w, parameters.effectiveBias), parameters);
}
