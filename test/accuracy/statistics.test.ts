import { describe, expect, test } from 'vitest';
import {
  mcnemarProbability,
  type PairedCounts,
  pairedChangeInterval,
  wilsonInterval,
} from '../../accuracy/index.ts';

describe("Wilson's interval", () => {
  test('has the textbook values', () => {
    // Agresti and Coull 1998, and by hand: 8/10 and 0/10.
    expect(wilsonInterval(8, 10).low).toBeCloseTo(0.4902, 4);
    expect(wilsonInterval(8, 10).high).toBeCloseTo(0.9433, 4);
    expect(wilsonInterval(0, 10)).toEqual({ low: 0, high: expect.closeTo(0.2775, 4) });
    expect(wilsonInterval(10, 10).high).toBeCloseTo(1, 12);
  });

  test('ends where the score test of a proportion is at its limit', () => {
    for (const [x, n] of [
      [1, 7],
      [347, 368],
      [8707, 10_000],
    ] as const) {
      const { low, high } = wilsonInterval(x, n);
      for (const p of [low, high]) {
        expect(Math.abs(x / n - p) / Math.sqrt((p * (1 - p)) / n)).toBeCloseTo(1.959964, 5);
      }
    }
  });
});

describe("McNemar's exact test", () => {
  test('has values worked out by hand', () => {
    // 2 * (1 + 12 + 66) / 2^12, 2 * (1 + 5) / 2^5, and the middle, which is 1.
    expect(mcnemarProbability(counts(2, 10))).toBeCloseTo(158 / 4096, 12);
    expect(mcnemarProbability(counts(4, 1))).toBeCloseTo(12 / 32, 12);
    expect(mcnemarProbability(counts(3, 3))).toBe(1);
    expect(mcnemarProbability(counts(0, 0))).toBe(1);
  });

  test('is exact where powers of two underflow', () => {
    // P(X <= 1000 | 2200) against an exact sum.
    let term = 1n;
    let sum = 0n;
    for (let i = 0n; i <= 1000n; i++) {
      sum += term;
      term = (term * (2200n - i)) / (i + 1n);
    }
    const exact = 2 * (Number((sum * 10n ** 30n) >> 2200n) / 1e30);
    expect(mcnemarProbability(counts(1000, 1200)) / exact).toBeCloseTo(1, 8);
  });
});

describe("Tango's interval of the paired change", () => {
  test.each([
    [1, 0, 44],
    [12, 2, 50],
    [375, 223, 10_000],
    [0, 0, 100],
  ])('%i against %i of %i ends where the score is at its limit', (rightToWrong, wrongToRight, n) => {
    const { low, high } = pairedChangeInterval(counts(rightToWrong, wrongToRight, n));
    const change = (wrongToRight - rightToWrong) / n;
    expect(low).toBeLessThan(change);
    expect(high).toBeGreaterThan(change);
    for (const end of [low, high]) {
      expect(Math.abs(scoreByLikelihood(rightToWrong, wrongToRight, n, end))).toBeCloseTo(1.95996, 3);
    }
  });

  test('turns around with the classifiers', () => {
    const one = pairedChangeInterval(counts(20, 5, 80));
    const other = pairedChangeInterval(counts(5, 20, 80));
    expect(one.low).toBeCloseTo(-other.high, 12);
    expect(one.high).toBeCloseTo(-other.low, 12);
  });

  test('leaves 0 out just where the score test, (b - c)^2 / (b + c), rejects equality', () => {
    for (let b = 0; b <= 30; b++) {
      const { low, high } = pairedChangeInterval(counts(b, 10, 200));
      expect(low > 0 || high < 0).toBe((b - 10) ** 2 / (b + 10) > 1.959964 ** 2);
    }
  });
});

function counts(rightToWrong: number, wrongToRight: number, n = 100): PairedCounts {
  return { bothRight: n - rightToWrong - wrongToRight, rightToWrong, wrongToRight, bothWrong: 0 };
}

/** The score statistic with the nuisance rate found by searching the greatest likelihood, not by Tango's formula. */
function scoreByLikelihood(losses: number, gains: number, n: number, delta: number): number {
  // P(loss) = q, P(gain) = q + delta.
  const [from, to] = [Math.max(0, -delta), (1 - delta) / 2];
  const log = (count: number, p: number) => (count === 0 ? 0 : count * Math.log(p));
  const likelihood = (q: number) =>
    log(losses, q) + log(gains, q + delta) + log(n - losses - gains, 1 - 2 * q - delta);
  let [low, high] = [from, to];
  for (let i = 0; i < 200; i++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3];
    if (likelihood(a) < likelihood(b)) low = a;
    else high = b;
  }
  const q = (low + high) / 2;
  return (gains - losses - n * delta) / Math.sqrt(n * (2 * q + delta - delta ** 2));
}
