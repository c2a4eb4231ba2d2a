/** sum + the dot products of four int8 weights and four bytes in each lane. */
@inline
export function relaxedDot(weights: v128, bytes: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, bytes, sum);
}
