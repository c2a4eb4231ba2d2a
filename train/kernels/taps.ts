/**
 * Convolutions as matrix products: patches are gathered through a table with the pixel that each tap of each output
 * position meets, -1 where it is outside of the image. Strides, dilation and padding are in the table alone.
 */

/**
 * @param x [pixels][channels] float32
 * @param table [positions][taps] int32
 * @param to [positions][taps][channels] float32, 0 outside of the image
 */
export function gather(
  x: usize,
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  to: usize,
): void {
  const bytes = (<usize>channels) << 2;
  for (let i = positions * taps; i > 0; i--) {
    const pixel = load<i32>(table);
    table += 4;
    if (pixel < 0) memory.fill(to, 0, bytes);
    else copy(x + <usize>pixel * bytes, bytes, to);
    to += bytes;
  }
}

@inline
function copy(from: usize, bytes: usize, to: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(from + i));
}

/**
 * @param x [pixels][channels] int8
 * @param to [positions][taps][channels] float32: x - zeroPoint, 0 outside of the image
 */
export function gatherInt8(
  x: usize,
  zeroPoint: i32,
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  to: usize,
): void {
  const bytes = (<usize>channels) << 2;
  for (let i = positions * taps; i > 0; i--) {
    const pixel = load<i32>(table);
    table += 4;
    if (pixel < 0) memory.fill(to, 0, bytes);
    else widen(x + <usize>pixel * <usize>channels, channels, zeroPoint, to);
    to += bytes;
  }
}

/** to[i] = x[i] - zeroPoint, float32. */
export function widen(x: usize, size: i32, zeroPoint: i32, to: usize): void {
  const zeros = i16x8.splat(<i16>zeroPoint);
  let i = 0;
  for (; i + 8 <= size; i += 8) {
    const values = i16x8.sub(v128.load8x8_s(x), zeros);
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(values)));
    v128.store(to, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(values)), 16);
    x += 8;
    to += 32;
  }
  for (; i < size; i++) {
    store<f32>(to, <f32>(<i32>load<i8>(x) - zeroPoint));
    x += 1;
    to += 4;
  }
}

/**
 * The transpose of `gather`: adds each patch to the pixels that it came from.
 *
 * @param patches [positions][taps][channels] float32
 * @param x [pixels][channels] float32
 */
export function scatterAdd(
  patches: usize,
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  x: usize,
): void {
  const bytes = (<usize>channels) << 2;
  for (let i = positions * taps; i > 0; i--) {
    const pixel = load<i32>(table);
    table += 4;
    if (pixel >= 0) {
      const to = x + <usize>pixel * bytes;
      let j: usize = 0;
      for (; j + 16 <= bytes; j += 16) {
        v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(patches + j)));
      }
      for (; j < bytes; j += 4) store<f32>(to + j, load<f32>(to + j) + load<f32>(patches + j));
    }
    patches += bytes;
  }
}
