import type { LabelledImages } from './dataset.ts';

/**
 * The same images, the first of each class, then the second of each, and so on; what is left of larger classes comes
 * last. Data sets may lie class by class, and their first images are then all of one kind.
 */
export function inTurn({ count, images, labels }: LabelledImages): LabelledImages {
  const seen: number[] = [];
  const ranked = Array.from(labels, (label, index) => {
    const rank = seen[label] ?? 0;
    seen[label] = rank + 1;
    return { index, label, rank };
  });
  const order = ranked.toSorted((a, b) => a.rank - b.rank || a.label - b.label).map(({ index }) => index);
  const size = images.length / count;
  const reordered = new Uint8Array(images.length);
  order.forEach((from, to) => {
    reordered.set(images.subarray(from * size, (from + 1) * size), to * size);
  });
  return { count, images: reordered, labels: Uint8Array.from(order, (index) => labels[index] ?? 0) };
}
