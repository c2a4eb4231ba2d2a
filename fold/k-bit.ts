/** Numbers that a multiplier of k bits and a shift represent exactly: m * 2^-s, m in [2^(k-1), 2^k). */

/** The smallest one that is not below x; x positive and finite. */
export function kBitAtLeast(x: number, k: number): number {
  const step = stepAt(x, k);
  return Math.ceil(x / step) * step;
}

/** The next greater one of a number of k bits. */
export function nextKBit(x: number, k: number): number {
  return x + stepAt(x, k);
}

/** Distance of k-bit numbers around x: powers of two, so that dividing by it is exact. */
function stepAt(x: number, k: number): number {
  let exponent = Math.floor(Math.log2(x));
  // log2 is rounded: near a power of two it may be off by one.
  if (2 ** exponent > x) exponent -= 1;
  else if (2 ** (exponent + 1) <= x) exponent += 1;
  return 2 ** (exponent - k + 1);
}
