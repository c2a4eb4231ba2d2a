/**
 * Rows of elements times weights, 32 bits of both at a time: two int16, or with relaxed SIMD four int8.
 *
 * With AVX-VNNI under relaxed SIMD, CONV_2D 1x1 of MobileNet-V2 takes 5.0 ms instead of 9.3, and its
 * DEPTHWISE_CONV_2D 1.9 ms instead of 2.4. What the instruction makes of a byte with its top bit set is up to the
 * engine, see ../fast/relaxed.ts.
 */
import { relaxedDot } from './relaxed-dot';

/** Bytes of an element in a row. */
export const ELEMENT_BYTES: usize = ASC_FEATURE_RELAXED_SIMD ? 1 : 2;

/** Elements that are multiplied and added in a lane of 32 bits. */
export const TAPS: usize = 4 / ELEMENT_BYTES;

/** sum + the dot products of x and w in each lane. */
@inline
export function dotAdd(x: v128, w: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return relaxedDot(w, x, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(x, w));
}

/** 16 bytes of a row, from int8. */
@inline
export function loadElements(from: usize, offsets: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.add(v128.load(from), offsets);
  return v128.load8x8_s(from);
}
