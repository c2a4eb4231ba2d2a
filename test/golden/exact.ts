/** Exact arithmetic for the tests, on purpose without anything from golden/. */
import fc from 'fast-check';

export const INT32_MIN = -(2 ** 31);
export const INT32_MAX = 2 ** 31 - 1;

/** Fixed point with 1200 fraction bits: exact for every double and every m * 2^-s of the tests. */
const FRACTION_BITS = 1200n;

/** m * 2^-s in fixed point. */
export function dyadic(m: number, s: number): bigint {
  return BigInt(m) << (FRACTION_BITS - BigInt(s));
}

/** A positive double in fixed point, taken from its 64 bits. */
export function fixed(M: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, M);
  const word = bits.getBigUint64(0);
  const exponent = word >> 52n;
  const fraction = word & ((1n << 52n) - 1n);
  const [significand, power] =
    exponent === 0n ? [fraction, -1074n] : [fraction + (1n << 52n), exponent - 1075n];
  return significand << (FRACTION_BITS + power);
}

/** floor(a*M + 1/2) for M in fixed point. */
export function roundedProduct(a: number, M: bigint): bigint {
  return (2n * BigInt(a) * M + dyadic(1, 0)) >> (FRACTION_BITS + 1n);
}

export const int32 = fc.oneof(
  fc.integer({ min: INT32_MIN, max: INT32_MAX }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom(INT32_MIN, INT32_MIN + 1, INT32_MAX, INT32_MAX - 1),
);

export const int8 = fc.integer({ min: -128, max: 127 });
