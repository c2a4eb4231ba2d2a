/** Random numbers that follow from a seed and from what they are for, whatever was drawn before. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Numbers in [0, 1). @param seeds integers, such as the seed of a run, an epoch and an image */
export function randomFrom(...seeds: readonly number[]): () => number {
  // FNV-1a over the seeds, so that neighbours have nothing in common.
  const hash = seeds.reduce((sum, seed) => Math.imul(sum ^ seed, 16_777_619), 2_166_136_261);
  const generator = xoroshiro128plus(hash);
  return () => (generator.next() >>> 0) / 2 ** 32;
}

/** 0..size-1 in random order. */
export function permutation(size: number, next: () => number): Uint32Array {
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    const [a = 0, b = 0] = [order[i], order[j]];
    order[i] = b;
    order[j] = a;
  }
  return order;
}
