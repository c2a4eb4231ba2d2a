/** The gradient of a rescaling: rounding is taken for the identity, the clamp for what it is. */

/**
 * da = dy * factor where the clamp has let the output through, 0 where the output is at one of its ends.
 *
 * @param y [positions][channels] int8, as inference computed it
 * @param dy [positions][channels] float32
 * @param factors [channels] float32: output units that a unit of the accumulator makes
 * @param da [positions][channels] float32; may be dy
 */
export function straightThrough(
  y: usize,
  dy: usize,
  factors: usize,
  positions: i32,
  channels: i32,
  least: i32,
  greatest: i32,
  da: usize,
): void {
  const low = i32x4.splat(least);
  const high = i32x4.splat(greatest);
  for (let position = 0; position < positions; position++) {
    let c = 0;
    for (; c + 4 <= channels; c += 4) {
      const q = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(y)));
      const inside = v128.and(i32x4.gt_s(q, low), i32x4.lt_s(q, high));
      const scaled = f32x4.mul(v128.load(dy), v128.load(factors + ((<usize>c) << 2)));
      v128.store(da, v128.and(scaled, inside));
      y += 4;
      dy += 16;
      da += 16;
    }
    for (; c < channels; c++) {
      const q = <i32>load<i8>(y);
      const inside = q > least && q < greatest;
      store<f32>(da, inside ? load<f32>(dy) * load<f32>(factors + ((<usize>c) << 2)) : 0);
      y += 1;
      dy += 4;
      da += 4;
    }
  }
}

/**
 * dx += dy * slope where the clamp has let the output through: the gradient of a rescaling, element by element.
 *
 * @param y [size] int8
 */
export function passThrough(
  y: usize,
  dy: usize,
  size: i32,
  slope: f32,
  least: i32,
  greatest: i32,
  dx: usize,
): void {
  const slopes = f32x4.splat(slope);
  const low = i32x4.splat(least);
  const high = i32x4.splat(greatest);
  let i = 0;
  for (; i + 4 <= size; i += 4) {
    const q = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(y)));
    const inside = v128.and(i32x4.gt_s(q, low), i32x4.lt_s(q, high));
    const scaled = v128.and(f32x4.mul(v128.load(dy), slopes), inside);
    v128.store(dx, f32x4.add(v128.load(dx), scaled));
    y += 4;
    dy += 16;
    dx += 16;
  }
  for (; i < size; i++) {
    const q = <i32>load<i8>(y);
    if (q > least && q < greatest) store<f32>(dx, load<f32>(dx) + load<f32>(dy) * slope);
    y += 1;
    dy += 4;
    dx += 4;
  }
}
