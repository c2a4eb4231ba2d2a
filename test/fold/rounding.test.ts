/** Rounding for the output, against every possible rounding of few weights. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Moments } from '../../fold/moments.ts';
import { metricError, metricOf, roundInMetric } from '../../fold/rounding.ts';

const SIZE = 4;

/** Rows of correlated inputs, and weights. */
const cases = fc.record({
  rows: fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: SIZE, maxLength: SIZE }), {
    minLength: 6,
    maxLength: 12,
  }),
  weights: fc.array(fc.double({ min: -3.4, max: 3.4, noNaN: true }), { minLength: SIZE, maxLength: SIZE }),
});

function metricOfRows(rows: readonly (readonly number[])[]) {
  const moments = new Moments(SIZE);
  for (const row of rows) moments.add(Int16Array.from(row));
  return metricOf(moments.covariance(), SIZE);
}

/** Each weight down or up, and one further, the error of the best. */
function leastError(weights: Float64Array, metric: ReturnType<typeof metricOf>): number {
  const offsets = [-1, 0, 1, 2];
  let least = Infinity;
  const rounded = new Int8Array(SIZE);
  for (let n = 0; n < offsets.length ** SIZE; n++) {
    for (let i = 0; i < SIZE; i++) {
      rounded[i] =
        Math.floor(weights[i] ?? 0) + (offsets[Math.floor(n / offsets.length ** i) % offsets.length] ?? 0);
    }
    least = Math.min(least, metricError(weights, rounded, metric));
  }
  return least;
}

describe('moments', () => {
  test('mean and covariance of seven rows, by hand', () => {
    const moments = new Moments(2);
    for (const row of [
      [1, 2],
      [3, -2],
      [5, 6],
      [-1, 0],
      [0, 0],
      [2, 2],
      [4, 6],
    ])
      moments.add(Int16Array.from(row));
    expect([...moments.mean()]).toEqual([2, 2]);
    // Squares 56 and 84, products 2 - 6 + 30 + 4 + 24 = 54, over 7, less 4.
    const covariance = [56 / 7 - 4, 54 / 7 - 4, 54 / 7 - 4, 84 / 7 - 4];
    for (const [i, value] of moments.covariance().entries()) {
      expect(value).toBeCloseTo(covariance[i] ?? 0, 12);
    }
  });
});

describe('rounding for the output', () => {
  test('independent inputs: to nearest', () => {
    const metric = metricOf(Float64Array.of(4, 0, 0, 0, 9, 0, 0, 0, 1), 3);
    expect([...roundInMetric(Float64Array.of(1.4, -2.6, 0.2), metric, 127)]).toEqual([1, -3, 0]);
  });

  test('inputs that are the same: only the sum of the weights counts', () => {
    const metric = metricOf(Float64Array.of(5, 5, 5, 5), 2);
    const rounded = roundInMetric(Float64Array.of(0.4, 0.4), metric, 127);
    expect((rounded[0] ?? 0) + (rounded[1] ?? 0)).toBe(1);
  });

  test('keeps to the limit', () => {
    const metric = metricOf(Float64Array.of(5, 4, 4, 5), 2);
    for (const q of roundInMetric(Float64Array.of(140, -133), metric, 127))
      expect(Math.abs(q)).toBeLessThanOrEqual(127);
  });

  test('never worse than rounding each weight for itself, nor than the best by more than a few', () => {
    let [sum, best, plain, count] = [0, 0, 0, 0];
    fc.assert(
      fc.property(cases, ({ rows, weights: list }) => {
        const metric = metricOfRows(rows);
        const weights = Float64Array.from(list);
        const error = metricError(weights, roundInMetric(weights, metric, 127), metric);
        const toNearest = metricError(weights, Int8Array.from(weights, Math.round), metric);
        expect(error).toBeLessThanOrEqual(toNearest * (1 + 1e-9) + 1e-9);
        const least = leastError(weights, metric);
        expect(error).toBeGreaterThanOrEqual(least - 1e-9);
        sum += error;
        best += least;
        plain += toNearest;
        count += 1;
      }),
      { numRuns: 300, seed: 5 },
    );
    expect(count).toBe(300);
    expect(sum).toBeLessThan(1.1 * best);
    expect(sum).toBeLessThan(0.97 * plain);
  });
});
