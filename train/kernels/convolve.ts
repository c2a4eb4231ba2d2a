/**
 * Convolution in float32 that reads its windows where they lie, and the gradient of its filter. It does what `gather`
 * and `gemm` do together; with eight channels and more it is faster, as no patches go through memory.
 */
import { copyPart, PANEL, PANEL_BYTES, part, put } from './gemm';

/**
 * y = x * filter, or y += x * filter. Also the gradient of the input of a convolution with stride 1, from dy and a
 * table that says which position meets each pixel with each tap.
 *
 * @param x [pixels][channels]
 * @param zeros [channels] of 0, which is read outside of the image
 * @param table [positions][taps] int32, the pixel or -1
 * @param filter [taps * channels][outputs], packed as for `gemm`
 * @param y [positions][outputs]
 * @param accumulate 1 to add to what is in y, 0 to replace it
 */
export function convolve(
  x: usize,
  zeros: usize,
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  filter: usize,
  outputs: i32,
  y: usize,
  accumulate: i32,
): void {
  const rowBytes = (<usize>outputs) << 2;
  const tapsBytes = (<usize>taps) << 2;
  for (let output = 0; output < outputs; output += PANEL) {
    const count = min<i32>(PANEL, outputs - output);
    for (let position = 0; position < positions; position += 4) {
      const left = min<i32>(4, positions - position);
      const from = table + <usize>position * tapsBytes;
      const to = y + <usize>position * rowBytes + ((<usize>output) << 2);
      if (left == 4 && count == PANEL) {
        tile(x, zeros, from, tapsBytes, 3, taps, channels, filter, to, rowBytes, accumulate);
      } else {
        tile(x, zeros, from, tapsBytes, left - 1, taps, channels, filter, part, PANEL_BYTES, 0);
        copyPart(left, count, to, rowBytes, accumulate);
      }
    }
    filter += <usize>(taps * channels) * PANEL_BYTES;
  }
}

/** Four positions, eight outputs. @param last the last position there is; those behind it are that one again */
@inline
function tile(
  x: usize,
  zeros: usize,
  table0: usize,
  tapsBytes: usize,
  last: i32,
  taps: i32,
  channels: i32,
  b: usize,
  y: usize,
  rowBytes: usize,
  accumulate: i32,
): void {
  const bytes = (<usize>channels) << 2;
  const table1 = table0 + (last > 0 ? tapsBytes : 0);
  const table2 = table1 + (last > 1 ? tapsBytes : 0);
  const table3 = table2 + (last > 2 ? tapsBytes : 0);
  let y00 = f32x4.splat(0);
  let y01 = f32x4.splat(0);
  let y10 = f32x4.splat(0);
  let y11 = f32x4.splat(0);
  let y20 = f32x4.splat(0);
  let y21 = f32x4.splat(0);
  let y30 = f32x4.splat(0);
  let y31 = f32x4.splat(0);
  for (let tap: usize = 0; tap < tapsBytes; tap += 4) {
    let a0 = pixel(x, zeros, table0 + tap, bytes);
    let a1 = pixel(x, zeros, table1 + tap, bytes);
    let a2 = pixel(x, zeros, table2 + tap, bytes);
    let a3 = pixel(x, zeros, table3 + tap, bytes);
    let c = channels;
    for (; c >= 2; c -= 2) {
      const low = v128.load(b);
      const high = v128.load(b, 16);
      const x0 = v128.load32_splat(a0);
      y00 = f32x4.add(y00, f32x4.mul(x0, low));
      y01 = f32x4.add(y01, f32x4.mul(x0, high));
      const x1 = v128.load32_splat(a1);
      y10 = f32x4.add(y10, f32x4.mul(x1, low));
      y11 = f32x4.add(y11, f32x4.mul(x1, high));
      const x2 = v128.load32_splat(a2);
      y20 = f32x4.add(y20, f32x4.mul(x2, low));
      y21 = f32x4.add(y21, f32x4.mul(x2, high));
      const x3 = v128.load32_splat(a3);
      y30 = f32x4.add(y30, f32x4.mul(x3, low));
      y31 = f32x4.add(y31, f32x4.mul(x3, high));
      const nextLow = v128.load(b, 32);
      const nextHigh = v128.load(b, 48);
      const z0 = v128.load32_splat(a0, 4);
      y00 = f32x4.add(y00, f32x4.mul(z0, nextLow));
      y01 = f32x4.add(y01, f32x4.mul(z0, nextHigh));
      const z1 = v128.load32_splat(a1, 4);
      y10 = f32x4.add(y10, f32x4.mul(z1, nextLow));
      y11 = f32x4.add(y11, f32x4.mul(z1, nextHigh));
      const z2 = v128.load32_splat(a2, 4);
      y20 = f32x4.add(y20, f32x4.mul(z2, nextLow));
      y21 = f32x4.add(y21, f32x4.mul(z2, nextHigh));
      const z3 = v128.load32_splat(a3, 4);
      y30 = f32x4.add(y30, f32x4.mul(z3, nextLow));
      y31 = f32x4.add(y31, f32x4.mul(z3, nextHigh));
      a0 += 8;
      a1 += 8;
      a2 += 8;
      a3 += 8;
      b += 2 * PANEL_BYTES;
    }
    if (c > 0) {
      const low = v128.load(b);
      const high = v128.load(b, 16);
      const x0 = v128.load32_splat(a0);
      y00 = f32x4.add(y00, f32x4.mul(x0, low));
      y01 = f32x4.add(y01, f32x4.mul(x0, high));
      const x1 = v128.load32_splat(a1);
      y10 = f32x4.add(y10, f32x4.mul(x1, low));
      y11 = f32x4.add(y11, f32x4.mul(x1, high));
      const x2 = v128.load32_splat(a2);
      y20 = f32x4.add(y20, f32x4.mul(x2, low));
      y21 = f32x4.add(y21, f32x4.mul(x2, high));
      const x3 = v128.load32_splat(a3);
      y30 = f32x4.add(y30, f32x4.mul(x3, low));
      y31 = f32x4.add(y31, f32x4.mul(x3, high));
      b += PANEL_BYTES;
    }
  }
  put(y, y00, y01, accumulate);
  y += rowBytes;
  put(y, y10, y11, accumulate);
  y += rowBytes;
  put(y, y20, y21, accumulate);
  y += rowBytes;
  put(y, y30, y31, accumulate);
}

@inline
function pixel(x: usize, zeros: usize, at: usize, bytes: usize): usize {
  const index = load<i32>(at);
  return index < 0 ? zeros : x + <usize>index * bytes;
}

/** A run, as `convolveFilterGradient` has them: three int32. */
const RUN_BYTES: usize = 12;

/**
 * dw += the gradient of the filter.
 *
 * A run is a row of output positions that meet pixels of one row of the image with the same tap: its first pixel, its
 * first position, how many there are.
 *
 * @param x [pixels][channels]
 * @param runs [taps][runsPerTap] runs; those that a tap does not need have length 0
 * @param stride pixels from one position of a run to the next
 * @param dy [positions][outputs]
 * @param dw [outputs][taps][channels]
 */
export function convolveFilterGradient(
  x: usize,
  runs: usize,
  runsPerTap: i32,
  stride: i32,
  taps: i32,
  channels: i32,
  dy: usize,
  outputs: i32,
  dw: usize,
): void {
  const rowBytes = (<usize>(taps * channels)) << 2;
  for (let tap = 0; tap < taps; tap++) {
    const to = dw + ((<usize>(tap * channels)) << 2);
    let c = 0;
    for (; c + 8 <= channels; c += 8) {
      const offset = (<usize>c) << 2;
      let o = 0;
      for (; o + 4 <= outputs; o += 4) {
        const at = (<usize>o) << 2;
        fourByEight(x + offset, runs, runsPerTap, stride, channels, dy + at, outputs, to + offset + <usize>o * rowBytes, rowBytes);
      }
      for (; o < outputs; o++) {
        const at = (<usize>o) << 2;
        for (let half: usize = 0; half < 32; half += 16) {
          oneByFour(x + offset + half, runs, runsPerTap, stride, channels, dy + at, outputs, to + offset + half + <usize>o * rowBytes);
        }
      }
    }
    for (; c < channels; c++) {
      const offset = (<usize>c) << 2;
      for (let o = 0; o < outputs; o++) {
        const at = (<usize>o) << 2;
        single(x + offset, runs, runsPerTap, stride, channels, dy + at, outputs, to + offset + <usize>o * rowBytes);
      }
    }
    runs += <usize>runsPerTap * RUN_BYTES;
  }
}

@inline
function fourByEight(
  x: usize,
  runs: usize,
  count: i32,
  stride: i32,
  channels: i32,
  dy: usize,
  outputs: i32,
  dw: usize,
  rowBytes: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const stepBytes = (<usize>(stride * channels)) << 2;
  const positionBytes = (<usize>outputs) << 2;
  let w00 = f32x4.splat(0);
  let w01 = f32x4.splat(0);
  let w10 = f32x4.splat(0);
  let w11 = f32x4.splat(0);
  let w20 = f32x4.splat(0);
  let w21 = f32x4.splat(0);
  let w30 = f32x4.splat(0);
  let w31 = f32x4.splat(0);
  for (let run = 0; run < count; run++) {
    let a = x + <usize>load<i32>(runs) * pixelBytes;
    let g = dy + <usize>load<i32>(runs, 4) * positionBytes;
    for (let i = load<i32>(runs, 8); i > 0; i--) {
      const low = v128.load(a);
      const high = v128.load(a, 16);
      const g0 = v128.load32_splat(g);
      w00 = f32x4.add(w00, f32x4.mul(g0, low));
      w01 = f32x4.add(w01, f32x4.mul(g0, high));
      const g1 = v128.load32_splat(g, 4);
      w10 = f32x4.add(w10, f32x4.mul(g1, low));
      w11 = f32x4.add(w11, f32x4.mul(g1, high));
      const g2 = v128.load32_splat(g, 8);
      w20 = f32x4.add(w20, f32x4.mul(g2, low));
      w21 = f32x4.add(w21, f32x4.mul(g2, high));
      const g3 = v128.load32_splat(g, 12);
      w30 = f32x4.add(w30, f32x4.mul(g3, low));
      w31 = f32x4.add(w31, f32x4.mul(g3, high));
      a += stepBytes;
      g += positionBytes;
    }
    runs += RUN_BYTES;
  }
  put(dw, w00, w01, 1);
  dw += rowBytes;
  put(dw, w10, w11, 1);
  dw += rowBytes;
  put(dw, w20, w21, 1);
  dw += rowBytes;
  put(dw, w30, w31, 1);
}

function oneByFour(
  x: usize,
  runs: usize,
  count: i32,
  stride: i32,
  channels: i32,
  dy: usize,
  outputs: i32,
  dw: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const positionBytes = (<usize>outputs) << 2;
  let sum = f32x4.splat(0);
  for (let run = 0; run < count; run++) {
    let a = x + <usize>load<i32>(runs) * pixelBytes;
    let g = dy + <usize>load<i32>(runs, 4) * positionBytes;
    for (let i = load<i32>(runs, 8); i > 0; i--) {
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(g), v128.load(a)));
      a += <usize>stride * pixelBytes;
      g += positionBytes;
    }
    runs += RUN_BYTES;
  }
  v128.store(dw, f32x4.add(v128.load(dw), sum));
}

function single(
  x: usize,
  runs: usize,
  count: i32,
  stride: i32,
  channels: i32,
  dy: usize,
  outputs: i32,
  dw: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const positionBytes = (<usize>outputs) << 2;
  let sum: f32 = 0;
  for (let run = 0; run < count; run++) {
    let a = x + <usize>load<i32>(runs) * pixelBytes;
    let g = dy + <usize>load<i32>(runs, 4) * positionBytes;
    for (let i = load<i32>(runs, 8); i > 0; i--) {
      sum += load<f32>(g) * load<f32>(a);
      a += <usize>stride * pixelBytes;
      g += positionBytes;
    }
    runs += RUN_BYTES;
  }
  store<f32>(dw, load<f32>(dw) + sum);
}
