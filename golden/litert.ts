/**
 * Stock LiteRT: the 31-bit multiplier and its two ways to round (google-ai-edge/LiteRT,
 * tflite/kernels/internal: quantization_util.cc and common.cc). SPEC section 2.
 */

import { decomposeMultiplier } from './multiplier.ts';
import { rescale } from './rescale.ts';

/** M = multiplier * 2^(exponent - 31). LiteRT calls the exponent `shift`; unlike ours, positive is left. */
export interface LiteRtMultiplier {
  /** Q0.31: 0 or in [2^30, 2^31). */
  readonly multiplier: number;
  /** -31..31. */
  readonly exponent: number;
}

/**
 * QuantizeMultiplier: 31 significant bits, rounded half away from zero (half up, M not being negative); an
 * exponent below -31 gives multiplier 0 and exponent 0, as does M = 0.
 *
 * Throws RangeError where M is negative or not finite, or where the exponent exceeds 31, from which on
 * LiteRT's `1 << exponent` is undefined.
 */
export function quantizeMultiplierLiteRt(M: number): LiteRtMultiplier {
  if (M === 0) return { multiplier: 0, exponent: 0 };
  const { multiplier, shift } = decomposeMultiplier(M, {
    k: 31,
    rounding: 'nearest',
    leadingOne: 'explicit',
  });
  const exponent = 31 - shift;
  if (exponent > 31) {
    throw new RangeError(
      `M = ${M} needs exponent = ${exponent}, which is above 31; M must stay below 2^31: check the scales`,
    );
  }
  return exponent < -31 ? { multiplier: 0, exponent: 0 } : { multiplier, exponent };
}

/**
 * MultiplyByQuantizedMultiplier with TFLITE_SINGLE_ROUNDING: Algorithm 1 with a 31-bit multiplier.
 *
 * Not checked: accumulator int32, multiplier in 0..2^31-1, exponent in -31..30.
 */
export function rescaleSingleRounding(
  accumulator: number,
  { multiplier, exponent }: LiteRtMultiplier,
): number {
  return rescale(accumulator, { multiplier, shift: 31 - exponent });
}

/**
 * The default MultiplyByQuantizedMultiplier, which rounds twice. First SaturatingRoundingDoublingHighMul,
 * floor((a*b + 2^30) / 2^31), half up, which cannot saturate as b is never -2^31; then RoundingDivideByPOT,
 * half away from zero. A positive exponent shifts the accumulator left first, with int32 wrap.
 *
 * Not checked: accumulator int32, multiplier in 0..2^31-1, exponent in -31..31.
 */
export function rescaleDoubleRounding(
  accumulator: number,
  { multiplier, exponent }: LiteRtMultiplier,
): number {
  if (exponent > 0) return rescale(accumulator << exponent, { multiplier, shift: 31 });
  const product = rescale(accumulator, { multiplier, shift: 31 });
  const mask = ~(-1 << -exponent);
  const threshold = (mask >> 1) + (product < 0 ? 1 : 0); // a negative tie stays with the floor, away from 0
  return (product >> -exponent) + ((product & mask) > threshold ? 1 : 0);
}
