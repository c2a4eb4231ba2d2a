/**
 * From the real rescale factor M = Sx*Sw/Sy to the integers of the hardware: Mq = m * 2^-s (Eq. 2).
 */

import { checkInteger } from './check.ts';

/** How M becomes an integer multiplier. SPEC section 1, "What k bits means" and "Truncate or nearest". */
export interface MultiplierFormat {
  /** Bits that are stored per multiplier, 1..32. */
  readonly k: number;
  /** `truncate` is the paper's; `nearest` rounds the significand half up, at no cost in hardware. */
  readonly rounding: 'truncate' | 'nearest';
  /**
   * `explicit`: k is the total width of m, m in [2^(k-1), 2^k).
   * `hidden`: k fraction bits are stored behind an implied one, m in [2^k, 2^(k+1)).
   */
  readonly leadingOne: 'explicit' | 'hidden';
}

/** Mq = multiplier * 2^-shift. */
export interface QuantizedMultiplier {
  /** m with its leading one, an unsigned integer below 2^33. */
  readonly multiplier: number;
  /** s, the right shift. */
  readonly shift: number;
}

/** A checked format; by default `nearest` and `explicit`. Throws RangeError unless k is in 1..32. */
export function multiplierFormat(
  k: number,
  options: Partial<Omit<MultiplierFormat, 'k'>> = {},
): MultiplierFormat {
  checkFormat(k);
  return { rounding: 'nearest', leadingOne: 'explicit', ...options, k };
}

/** Width of m in bits, leading one included: k, or k + 1 where the leading one is hidden. */
export function multiplierWidth({ k, leadingOne }: MultiplierFormat): number {
  return leadingOne === 'hidden' ? k + 1 : k;
}

/**
 * The largest shift of the hardware: the product has 32 + width bits and 8 of them reach the output
 * (paper, section III-A.3), so 0 .. 24 + width; M from 2^-25 up is reached with m normalized.
 */
export function maxShift(format: MultiplierFormat): number {
  return 32 + multiplierWidth(format) - 8;
}

/** What the hardware's multiplier port carries: m, without its leading one where that is hidden. */
export function storedMultiplier({ multiplier }: QuantizedMultiplier, format: MultiplierFormat): number {
  return multiplier - impliedOne(format);
}

/** The m that a multiplier port of the hardware means; inverse of `storedMultiplier`. */
export function multiplierFromStored(stored: number, format: MultiplierFormat): number {
  return stored + impliedOne(format);
}

/**
 * Bare significand/exponent split of M: the `width` leading significand bits of the IEEE 754 double are m
 * (m >= 2^(width-1) always), and its exponent subtracted from a constant is s. The shift is not restricted:
 * negative from M = 2^width on, beyond `maxShift` below 2^-25.
 *
 * Throws RangeError unless M is positive and finite and k is in 1..32.
 */
export function decomposeMultiplier(M: number, format: MultiplierFormat): QuantizedMultiplier {
  checkFormat(format.k);
  if (!(M > 0 && M < Infinity)) {
    throw new RangeError(
      `M = ${M} is not a positive finite number; M = Sx*Sw/Sy, so check that the three scales are`,
    );
  }
  const width = multiplierWidth(format);
  const { significand, exponent } = splitDouble(M);
  // Exact: a division by a power of two; Math.round is half up by definition.
  const leadingBits = significand / 2 ** (53 - width);
  const multiplier = format.rounding === 'truncate' ? Math.floor(leadingBits) : Math.round(leadingBits);
  const shift = width - 1 - exponent;
  return multiplier === 2 ** width
    ? { multiplier: multiplier / 2, shift: shift - 1 } // rounded up to the next power of two
    : { multiplier, shift };
}

/**
 * The multiplier and shift that the hardware gets for M: `decomposeMultiplier` with the shift restricted to
 * 0..maxShift(format). For every int32 accumulator, Algorithm 1 yields the same as with the unrestricted split.
 *
 * A split with a larger shift is still possible with an explicit leading one where
 * - Mq <= 2^-32: the result is {multiplier: 0, shift: maxShift}. Since -2^31 <= a < 2^31, a*Mq lies in
 *   [-1/2, 1/2), a*Mq + 1/2 in [0, 1), and its floor is 0, as it is for m = 0;
 * - m can be shifted right without losing a set bit: the same value Mq with a denormalized m.
 *
 * Throws RangeError where M is not positive and finite, too large (shift < 0) or, except as above, too small.
 */
export function quantizeMultiplier(M: number, format: MultiplierFormat): QuantizedMultiplier {
  const split = decomposeMultiplier(M, format);
  const { multiplier, shift } = split;
  const limit = maxShift(format);
  const described = `M = ${M} needs shift = ${shift}, which is outside 0..${limit}`;
  if (shift < 0) {
    const largest = 2 ** multiplierWidth(format) - 1;
    throw new RangeError(
      `${described}; with k = ${format.k} Mq ends at ${largest}: enlarge the output scale`,
    );
  }
  if (shift <= limit) return split;
  if (format.leadingOne === 'explicit') {
    if (multiplier * 2 ** -shift <= 2 ** -32) return { multiplier: 0, shift: limit };
    const denormalized = multiplier / 2 ** (shift - limit);
    if (Number.isInteger(denormalized)) return { multiplier: denormalized, shift: limit };
  }
  throw new RangeError(
    `${described}; with k = ${format.k}, leading one ${format.leadingOne}, M must be at least 2^-25: ` +
      'reduce the output scale',
  );
}

function checkFormat(k: number): void {
  checkInteger('k', k, 1, 32, 'choose the multiplier width within it');
}

function impliedOne({ k, leadingOne }: MultiplierFormat): number {
  return leadingOne === 'hidden' ? 2 ** k : 0;
}

const view = new DataView(new ArrayBuffer(8));

/** M = significand * 2^(exponent - 52) with the significand in [2^52, 2^53), for positive finite M. */
function splitDouble(M: number): { significand: number; exponent: number } {
  if (M < 2 ** -1022) {
    // Subnormal: no implied one. Scaling by a power of two is exact and makes M normal.
    const { significand, exponent } = splitDouble(M * 2 ** 52);
    return { significand, exponent: exponent - 52 };
  }
  view.setFloat64(0, M);
  const high = view.getUint32(0);
  const low = view.getUint32(4);
  return { significand: (2 ** 20 + (high & 0xfffff)) * 2 ** 32 + low, exponent: (high >>> 20) - 1023 };
}
