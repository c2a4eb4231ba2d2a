/**
 * Fixed-point numbers as gemmlowp has them (fixedpoint/fixedpoint.h), in which LiteRT computes SOFTMAX: an int32
 * with n integer bits stands for raw * 2^(n - 31). Every function takes and gives raw int32 values.
 */
import { rescale } from '../../golden/index.ts';

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

/** a * b, rounded half up (SaturatingRoundingDoublingHighMul); their integer bits add up. Not for a = b = -2^31. */
export function multiply(a: number, b: number): number {
  // golden's factor is not negative: (-a) * (-b) is the same product, and one of the two fits.
  if (b >= 0) return rescale(a, { multiplier: b, shift: 31 });
  if (a >= 0) return rescale(b, { multiplier: a, shift: 31 });
  return a > b ? rescale(-a, { multiplier: -b, shift: 31 }) : rescale(-b, { multiplier: -a, shift: 31 });
}

/** a / 2^exponent for an exponent above 0, rounded half away from zero (RoundingDivideByPOT). */
export function divideByPowerOfTwo(a: number, exponent: number): number {
  const quotient = Math.floor(Math.abs(a) / 2 ** exponent + 0.5); // exact: 33 bits
  return a < 0 ? -quotient : quotient;
}

/** a * 2^exponent, saturating (SaturatingRoundingMultiplyByPOT): the same value with fewer integer bits. */
export function shiftLeft(a: number, exponent: number): number {
  return Math.min(Math.max(a * 2 ** exponent, INT32_MIN), INT32_MAX);
}

/** [weight of a bit of -x, round(exp(-weight) * 2^31)], from 1/4 to 16. */
const EXP_OF_BITS: readonly (readonly [number, number])[] = [-2, -1, 0, 1, 2, 3, 4].map((exponent) => [
  exponent,
  Math.round(Math.exp(-(2 ** exponent)) * 2 ** 31),
]);

const EXP_OF_MINUS_EIGHTH = Math.round(Math.exp(-1 / 8) * 2 ** 31);
const THIRD = Math.round(2 ** 31 / 3);

/** exp(x) with no integer bits, for x <= 0 with 5 integer bits (exp_on_negative_values). */
export function expOfNegative(x: number): number {
  if (x === 0) return INT32_MAX;
  const quarter = 2 ** 24; // 26 fraction bits
  const fraction = (x & (quarter - 1)) - quarter; // in [-1/4, 0)
  const rest = fraction - x; // a multiple of 1/4
  let result = expFromMinusQuarter(shiftLeft(fraction, 5));
  for (const [exponent, factor] of EXP_OF_BITS) {
    if ((rest & (1 << (26 + exponent))) !== 0) result = multiply(result, factor);
  }
  return result;
}

/** exp(a) for a in [-1/4, 0), no integer bits: the Taylor series around -1/8, to the fourth power. */
function expFromMinusQuarter(a: number): number {
  const x = a + 2 ** 28;
  const x2 = multiply(x, x);
  const x3 = multiply(x2, x);
  const x4 = multiply(x2, x2);
  const higher = divideByPowerOfTwo(multiply(divideByPowerOfTwo(x4, 2) + x3, THIRD) + x2, 1);
  return (EXP_OF_MINUS_EIGHTH + multiply(EXP_OF_MINUS_EIGHTH, x + higher)) | 0;
}

/**
 * 1 / (1 + a) for a in [0, 1), no integer bits: three Newton-Raphson steps (one_over_one_plus_x_for_x_in_0_1).
 * Inside, x has two integer bits.
 */
export function reciprocalOfOnePlus(a: number): number {
  const one = 2 ** 29;
  const halfDenominator = Math.floor((a + INT32_MAX + 1) / 2); // RoundingHalfSum with 1
  let x = Math.round((48 / 17) * one) + multiply(halfDenominator, Math.round((-32 / 17) * one));
  for (let i = 0; i < 3; i++) {
    const error = one - multiply(halfDenominator, x);
    x = (x + shiftLeft(multiply(x, error), 2)) | 0;
  }
  return shiftLeft(x, 1);
}
