/** Sums of two tensors with an activation, in float32; tensors have room up to a multiple of four elements. */

/** y = min(max(a + b, least), greatest) */
export function add(a: usize, b: usize, size: i32, least: f32, greatest: f32, y: usize): void {
  const low = f32x4.splat(least);
  const high = f32x4.splat(greatest);
  for (let i: usize = 0; i < (<usize>size) << 2; i += 16) {
    const sum = f32x4.add(v128.load(a + i), v128.load(b + i));
    v128.store(y + i, f32x4.min(f32x4.max(sum, low), high));
  }
}

/** dy becomes 0 where the activation has cut off, which is where y is at one of its ends. */
export function cutOff(dy: usize, y: usize, size: i32, least: f32, greatest: f32): void {
  const low = f32x4.splat(least);
  const high = f32x4.splat(greatest);
  for (let i: usize = 0; i < (<usize>size) << 2; i += 16) {
    const value = v128.load(y + i);
    const inside = v128.and(f32x4.gt(value, low), f32x4.lt(value, high));
    v128.store(dy + i, v128.and(v128.load(dy + i), inside));
  }
}
