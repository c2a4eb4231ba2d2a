/**
 * The rescaler: 32-bit accumulator in, int8 out. The one place where its rounding and its saturation are
 * described; everything else in the project is compared with it.
 */

import { checkInteger } from './check.ts';
import { type MultiplierFormat, maxShift, multiplierWidth, type QuantizedMultiplier } from './multiplier.ts';

/** Where the output lies: its zero point and the activation clamp (also ReLU, ReLU6), all int8. */
export interface OutputRange {
  /** Zy. */
  readonly outputZeroPoint: number;
  /** At most `activationMax`; the range need not contain 0 or the zero point. */
  readonly activationMin: number;
  readonly activationMax: number;
}

/** What the rescaler needs for one output channel. */
export interface RescaleParameters extends QuantizedMultiplier, OutputRange {}

/**
 * Algorithm 1, MultiplyByQuantizedMultiplier: floor((a*m + 2^(s-1)) / 2^s), that is a*Mq rounded half up
 * (towards +infinity), once; s = 0 has no rounding term. The quotient is taken as a 32-bit value,
 * two's-complement wrap like LiteRT's static_cast<int32_t>, which can matter only where M > 1.
 *
 * Not checked: accumulator int32, multiplier an integer in 0..2^33-1, shift in 0..63.
 */
export function rescale(accumulator: number, { multiplier, shift }: QuantizedMultiplier): number {
  // a*m = high * 2^16 + low, every term below exact in a double:
  // |high| <= 2^15 * 2^33 = 2^48, 0 <= low < 2^16 * 2^33 = 2^49.
  const high = (accumulator >> 16) * multiplier;
  const low = (accumulator & 0xffff) * multiplier;
  if (shift > 16) {
    // The rounding term is a multiple of 2^16, so the 16 lowest bits cannot carry: floor them away first.
    // |sum| < 2^48 + 2^33 + 2^46. Halves up to 2^46 need two steps: an int32 shift ends at 2^30.
    const half = shift > 47 ? 2 ** 30 * (1 << (shift - 47)) : 1 << (shift - 17);
    return Math.floor((high + Math.floor(low / 2 ** 16) + half) / (2 * half)) | 0;
  }
  // high * 2^16 is a multiple of 2^s: only `low` is rounded. Up to 2^64, but a scaling by a power of two is
  // exact, `| 0` reduces it modulo 2^32, and (1 << s) >> 1 is no rounding term for s = 0.
  const quotientLow = Math.floor((low + ((1 << shift) >> 1)) / (1 << shift));
  return (((high * (1 << (16 - shift))) | 0) + quotientLow) | 0;
}

/**
 * clamp(Zy + quotient, activationMin, activationMax). The sum is exact (33 bits): it saturates, never wraps.
 *
 * Not checked: quotient int32, the range as `OutputRange` says.
 */
export function offsetAndClamp(quotient: number, range: OutputRange): number {
  const y = range.outputZeroPoint + quotient;
  return Math.min(Math.max(y, range.activationMin), range.activationMax);
}

/**
 * The whole rescaler: accumulator (int32) to output (int8).
 *
 * Not checked: what `rescale` and `offsetAndClamp` require; `checkRescaleParameters` does so once per channel.
 */
export function requantize(accumulator: number, parameters: RescaleParameters): number {
  return offsetAndClamp(rescale(accumulator, parameters), parameters);
}

/**
 * Throws RangeError unless the hardware of this format accepts the parameters: multiplier in the range of the
 * format (an explicit leading one may also be 0), shift in 0..maxShift, zero point and clamp int8, and
 * activationMin <= activationMax, without which a clamp means nothing.
 */
export function checkRescaleParameters(parameters: RescaleParameters, format: MultiplierFormat): void {
  const { multiplier, shift, outputZeroPoint, activationMin, activationMax } = parameters;
  const end = 2 ** multiplierWidth(format);
  const quantize = 'take it from quantizeMultiplier';
  checkInteger('multiplier', multiplier, format.leadingOne === 'hidden' ? end / 2 : 0, end - 1, quantize);
  checkInteger('shift', shift, 0, maxShift(format), quantize);
  checkInteger('outputZeroPoint', outputZeroPoint, -128, 127, 'outputs are int8');
  checkInteger('activationMax', activationMax, -128, 127, 'outputs are int8');
  checkInteger(
    'activationMin',
    activationMin,
    -128,
    activationMax,
    'the clamp is int8, activationMin <= activationMax',
  );
}
