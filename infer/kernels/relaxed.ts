/** The same kernels with relaxed SIMD, and what shows how the engine understands it. */
import { relaxedDot } from './relaxed-dot';
export * from './index';

/**
 * What the dot product makes of four times the same byte, for each of the weights.
 *
 * @param weights [count][4][4] int8, dot products of four
 * @param to [count][4] int32
 */
export function probe(byte: i32, weights: usize, count: i32, to: usize): void {
  const bytes = i8x16.splat(<i8>byte);
  for (let i = 0; i < count; i++) {
    v128.store(to, relaxedDot(v128.load(weights), bytes, i32x4.splat(0)));
    weights += 16;
    to += 16;
  }
}
