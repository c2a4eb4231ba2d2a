import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32AtLeast, nextFloat32, previousFloat32 } from '../../fold/float32.ts';
import { kBitAtLeast, nextKBit } from '../../fold/k-bit.ts';

const positive = fc.double({ min: 2 ** -60, max: 2 ** 60, noNaN: true });
const widths = fc.integer({ min: 1, max: 16 });

describe('numbers of k bits', () => {
  test('at k = 1 powers of two, at k = 2 their one and a half, too', () => {
    expect([1, 1.0001, 2, 2.9].map((x) => kBitAtLeast(x, 1))).toEqual([1, 2, 2, 4]);
    expect([1, 1.0001, 1.6, 3].map((x) => kBitAtLeast(x, 2))).toEqual([1, 1.5, 2, 3]);
    expect([1, 1.5, 2, 3].map((x) => nextKBit(x, 2))).toEqual([1.5, 2, 3, 4]);
  });

  test('the least one that is not below has k bits, and the one before it is below', () => {
    fc.assert(
      fc.property(positive, widths, (x, k) => {
        const least = kBitAtLeast(x, k);
        expect(Number.isInteger(split(least, k).m)).toBe(true);
        expect(least).toBeGreaterThanOrEqual(x);
        const before = numberBefore(least, k);
        expect(before).toBeLessThan(x);
        expect(nextKBit(before, k)).toBe(least);
      }),
    );
  });
});

describe('float32 neighbours', () => {
  test('are float32, and nothing lies between', () => {
    const float = fc.float({ min: Math.fround(2 ** -100), max: Math.fround(2 ** 100), noNaN: true });
    fc.assert(
      fc.property(float, (x) => {
        const next = nextFloat32(x);
        expect(Math.fround(next)).toBe(next);
        expect(next).toBeGreaterThan(x);
        expect([x, next]).toContain(Math.fround((x + next) / 2));
        expect(previousFloat32(next)).toBe(x);
        expect(float32AtLeast(x)).toBe(x);
        expect(float32AtLeast(x * (1 + 2 ** -40))).toBe(next);
      }),
    );
  });
});

/** m and 2^-s of a number, found by doubling and halving, which are exact. */
function split(x: number, k: number): { readonly m: number; readonly step: number } {
  let [m, step] = [x, 1];
  for (; m < 2 ** (k - 1); m *= 2) step /= 2;
  for (; m >= 2 ** k; m /= 2) step *= 2;
  return { m, step };
}

function numberBefore(x: number, k: number): number {
  const { m, step } = split(x, k);
  return (m === 2 ** (k - 1) ? (2 ** k - 1) / 2 : m - 1) * step;
}
