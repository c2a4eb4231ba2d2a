import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  quantizeMultiplierLiteRt,
  rescaleDoubleRounding,
  rescaleSingleRounding,
} from '../../golden/index.ts';
import { INT32_MAX, INT32_MIN, int32 } from './exact.ts';

const multiplier = fc.oneof(
  fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
  fc.integer({ min: 0, max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 2 ** 30, 2 ** 31 - 1),
);

describe('quantizeMultiplierLiteRt', () => {
  it.each([
    [0, 0, 0],
    [1, 2 ** 30, 1],
    [0.5, 2 ** 30, 0],
    [0.75, 3 * 2 ** 29, 0],
    [1 - 2 ** -53, 2 ** 30, 1], // rounds up to 2^31, halved
    [1 - 2 ** -32, 2 ** 30, 1], // a tie
    [1 - 2 ** -32 - 2 ** -53, 2 ** 31 - 1, 0],
    [2 ** -32, 2 ** 30, -31],
    [2 ** -32 * (1 - 2 ** -53), 2 ** 30, -31], // below -31 before rounding only
    [2 ** -32 * (1 - 2 ** -31), 0, 0],
    [Number.MIN_VALUE, 0, 0],
    [2 ** 31 - 1, 2 ** 31 - 1, 31],
  ])('M = %d', (M, expectedMultiplier, exponent) => {
    expect(quantizeMultiplierLiteRt(M)).toEqual({ multiplier: expectedMultiplier, exponent });
  });

  it('refuses what LiteRT leaves undefined', () => {
    expect(() => quantizeMultiplierLiteRt(2 ** 31)).toThrow('needs exponent = 32, which is above 31');
    for (const M of [NaN, Infinity, -1]) expect(() => quantizeMultiplierLiteRt(M)).toThrow(RangeError);
  });
});

describe('rescaleDoubleRounding', () => {
  /** gemmlowp's two steps as C++ writes them; bigint division truncates like C's. */
  function gemmlowp(a: number, m: number, exponent: number): number {
    const x = BigInt.asIntN(32, BigInt(a) << BigInt(Math.max(exponent, 0)));
    const product = x * BigInt(m);
    const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
    const high = (product + nudge) / (1n << 31n);
    const divisor = 1n << BigInt(Math.max(-exponent, 0));
    const magnitude = ((high < 0n ? -high : high) * 2n + divisor) / (2n * divisor);
    return Number(high < 0n ? -magnitude : magnitude);
  }

  it('is gemmlowp for any accumulator, multiplier and exponent', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 31 }), (a, m, exponent) => {
        expect(rescaleDoubleRounding(a, { multiplier: m, exponent })).toBe(gemmlowp(a, m, exponent));
      }),
      { numRuns: 20_000 },
    );
  });

  it('rounds ties of the division away from zero', () => {
    const quarter = { multiplier: 2 ** 30, exponent: -1 };
    expect([-10, -6, -2, 2, 6, 10].map((a) => rescaleDoubleRounding(a, quarter))).toEqual([
      -3, -2, -1, 1, 2, 3,
    ]);
  });

  it('wraps the accumulator when it shifts left', () => {
    expect(rescaleDoubleRounding(2 ** 30, { multiplier: 2 ** 30, exponent: 1 })).toBe(-(2 ** 30));
  });
});

describe('rescaleSingleRounding', () => {
  it('is floor(a*M + 1/2) with M = multiplier * 2^(exponent-31)', () => {
    fc.assert(
      fc.property(int32, multiplier, fc.integer({ min: -31, max: 30 }), (a, m, exponent) => {
        const shift = BigInt(31 - exponent);
        const quotient = (2n * BigInt(a) * BigInt(m) + (1n << shift)) >> (shift + 1n);
        expect(rescaleSingleRounding(a, { multiplier: m, exponent })).toBe(
          Number(BigInt.asIntN(32, quotient)),
        );
      }),
      { numRuns: 5000 },
    );
  });

  it('differs from double rounding where the first rounding makes a tie of less than one half', () => {
    // 3 * 0.499... = 1.49...: the high product is 3, and 3/2 rounds to 2
    const M = { multiplier: 2 ** 31 - 1, exponent: -1 };
    expect([rescaleSingleRounding(3, M), rescaleDoubleRounding(3, M)]).toEqual([1, 2]);
    for (const a of [INT32_MIN, INT32_MAX]) {
      expect(Math.abs(rescaleSingleRounding(a, M) - rescaleDoubleRounding(a, M))).toBeLessThanOrEqual(1);
    }
  });
});
