import { expect, test } from 'vitest';
import { inTurn } from '../../datasets/index.ts';

test('the classes take turns, and every image stays with its label', () => {
  // Two pixels an image: its number, and its label again.
  const labels = Uint8Array.of(2, 2, 2, 0, 0, 1);
  const images = Uint8Array.from([...labels].flatMap((label, i) => [i, label]));
  const ordered = inTurn({ count: 6, images, labels });
  expect([...ordered.labels]).toEqual([0, 1, 2, 0, 2, 2]);
  expect([...ordered.images].filter((_, i) => i % 2 === 0)).toEqual([3, 5, 0, 4, 1, 2]);
  expect([...ordered.images].filter((_, i) => i % 2 === 1)).toEqual([...ordered.labels]);
});
