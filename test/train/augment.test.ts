import { expect, test } from 'vitest';
import { augment } from '../../train/augment.ts';
import { permutation, randomFrom } from '../../train/random.ts';

const input = { height: 3, width: 4, channels: 2 };
const image = Int8Array.from({ length: 24 }, (_, i) => i);

/** Draws these, one after the other. */
function draws(...values: readonly number[]): () => number {
  const rest = [...values];
  return () => rest.shift() ?? 0;
}

test('a mirrored image is each row backwards, its channels together', () => {
  const mirrored = augment(image, input, { mirror: true, shiftPixels: 0 }, draws(0.4, 0, 0));
  expect([...mirrored.subarray(0, 8)]).toEqual([6, 7, 4, 5, 2, 3, 0, 1]);
  expect(augment(image, input, { mirror: true, shiftPixels: 0 }, draws(0.6, 0, 0))).toEqual(image);
});

test('a moved image repeats its edge', () => {
  // One down and one to the right: what is at (y, x) comes from (y + 1, x + 1), or the edge.
  const moved = augment(image, input, { mirror: false, shiftPixels: 1 }, draws(0.99, 0.99));
  expect([...moved.subarray(0, 8)]).toEqual([10, 11, 12, 13, 14, 15, 14, 15]);
  expect([...moved.subarray(16)]).toEqual([18, 19, 20, 21, 22, 23, 22, 23]);
});

test('every element is as often in each place of a permutation as in another', () => {
  const counts = Array.from({ length: 5 }, () => [0, 0, 0, 0, 0]);
  for (let seed = 0; seed < 5000; seed++) {
    permutation(5, randomFrom(seed, 7)).forEach((element, place) => {
      const row = counts[place];
      if (row !== undefined) row[element] = (row[element] ?? 0) + 1;
    });
  }
  // 1000 each; a standard deviation is 28.
  for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(170);
});
