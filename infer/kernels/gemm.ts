/**
 * CONV_2D and FULLY_CONNECTED: rows of int16 activations times packed int16 weights, four rows by eight
 * channels.
 *
 * Activations are gathered into a panel of rows that stays in the first-level cache, through a table with the
 * address of every tap of every output position: strides, dilation and padding are in the table alone.
 */
import { BLOCK_BYTES, requantize8x2, storePart } from './rescale';

/**
 * @param table addresses of `channels` int8 each, [positions][taps] int32
 * @param rowBytes bytes of a row: 2 * taps * channels, rounded up to 16; what is added meets zero weights
 * @param weights [blocks][rowBytes / 4][8][2] int16: eight channels, pairs along the row
 * @param blocks, range as rescale.ts has them, a block for every eight channels
 * @param panel room for panelRows rows and 16 bytes behind them
 * @param panelRows at least 4
 */
export function gemm(
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  rowBytes: usize,
  weights: usize,
  blocks: usize,
  range: usize,
  outputs: i32,
  panel: usize,
  panelRows: i32,
  to: usize,
): void {
  for (let first = 0; first < positions; first += panelRows) {
    const rows = min<i32>(panelRows, positions - first);
    gather(table + ((<usize>(first * taps)) << 2), rows, taps, channels, rowBytes, panel);
    let w = weights;
    let block = blocks;
    for (let channel = 0; channel < outputs; channel += 8) {
      const out = to + <usize>(first * outputs + channel);
      stripe(panel, rows, rowBytes, w, block, range, out, outputs, min<i32>(8, outputs - channel));
      w += rowBytes << 3;
      block += BLOCK_BYTES;
    }
  }
}

/**
 * Rows of the panel: the taps of a position one behind the other, int8 to int16. What is written too much, up to 14
 * bytes, the next tap overwrites.
 */
function gather(table: usize, rows: i32, taps: i32, channels: i32, rowBytes: usize, panel: usize): void {
  for (let row = 0; row < rows; row++) {
    let to = panel;
    for (let tap = 0; tap < taps; tap++) {
      let from = <usize>load<u32>(table);
      table += 4;
      const end = to + (<usize>channels << 1);
      while (to + 64 <= end) {
        v128.store(to, v128.load8x8_s(from));
        v128.store(to, v128.load8x8_s(from, 8), 16);
        v128.store(to, v128.load8x8_s(from, 16), 32);
        v128.store(to, v128.load8x8_s(from, 24), 48);
        from += 32;
        to += 64;
      }
      while (to < end) {
        v128.store(to, v128.load8x8_s(from));
        from += 8;
        to += 16;
      }
      to = end;
    }
    panel += rowBytes;
  }
}

/** All rows of the panel for the channels of a block. */
function stripe(
  panel: usize,
  rows: i32,
  rowBytes: usize,
  w: usize,
  block: usize,
  range: usize,
  to: usize,
  outputs: usize,
  count: i32,
): void {
  if (rows < 4) {
    for (let row = 0; row < rows; row++) {
      tile1(panel, rowBytes, w, block, range, to, count);
      panel += rowBytes;
      to += outputs;
    }
    return;
  }
  for (let row = 0; row < rows; row += 4) {
    // The last tile overlaps with the one before rather than being smaller.
    const at = <usize>min<i32>(row, rows - 4);
    tile4(panel + at * rowBytes, rowBytes, w, block, range, to + at * outputs, outputs, count);
  }
}

@inline
function tile4(
  a: usize,
  rowBytes: usize,
  w: usize,
  block: usize,
  range: usize,
  to: usize,
  outputs: usize,
  count: i32,
): void {
  const end = a + rowBytes;
  let b = a + rowBytes;
  let c = b + rowBytes;
  let d = c + rowBytes;
  let a0 = v128.load(block);
  let a1 = v128.load(block, 16);
  let b0 = a0;
  let b1 = a1;
  let c0 = a0;
  let c1 = a1;
  let d0 = a0;
  let d1 = a1;
  while (a < end) {
    let w0 = v128.load(w);
    let w1 = v128.load(w, 16);
    let x = v128.load32_splat(a);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(b);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, w0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(c);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(x, w0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(d);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(x, w0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(x, w1));

    w0 = v128.load(w, 32);
    w1 = v128.load(w, 48);
    x = v128.load32_splat(a, 4);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(b, 4);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, w0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(c, 4);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(x, w0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(d, 4);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(x, w0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(x, w1));

    w0 = v128.load(w, 64);
    w1 = v128.load(w, 80);
    x = v128.load32_splat(a, 8);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(b, 8);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, w0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(c, 8);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(x, w0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(d, 8);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(x, w0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(x, w1));

    w0 = v128.load(w, 96);
    w1 = v128.load(w, 112);
    x = v128.load32_splat(a, 12);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, w0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(b, 12);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, w0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(c, 12);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(x, w0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(x, w1));
    x = v128.load32_splat(d, 12);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(x, w0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(x, w1));

    w += 128;
    a += 16;
    b += 16;
    c += 16;
    d += 16;
  }
  const ab = requantize8x2(a0, a1, b0, b1, block, range);
  const cd = requantize8x2(c0, c1, d0, d1, block, range);
  if (count == 8) {
    v128.store64_lane(to, ab, 0);
    v128.store64_lane(to + outputs, ab, 1);
    v128.store64_lane(to + 2 * outputs, cd, 0);
    v128.store64_lane(to + 3 * outputs, cd, 1);
  } else {
    storePart(to, i64x2.extract_lane(ab, 0), count);
    storePart(to + outputs, i64x2.extract_lane(ab, 1), count);
    storePart(to + 2 * outputs, i64x2.extract_lane(cd, 0), count);
    storePart(to + 3 * outputs, i64x2.extract_lane(cd, 1), count);
  }
}

/** One row; two sums for each channel, so that additions don't wait for each other. */
function tile1(
  a: usize,
  rowBytes: usize,
  w: usize,
  block: usize,
  range: usize,
  to: usize,
  count: i32,
): void {
  const end = a + rowBytes;
  let a0 = v128.load(block);
  let a1 = v128.load(block, 16);
  let b0 = i32x4.splat(0);
  let b1 = b0;
  while (a < end) {
    let x = v128.load32_splat(a);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, v128.load(w)));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, v128.load(w, 16)));
    x = v128.load32_splat(a, 4);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, v128.load(w, 32)));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, v128.load(w, 48)));
    x = v128.load32_splat(a, 8);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x, v128.load(w, 64)));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x, v128.load(w, 80)));
    x = v128.load32_splat(a, 12);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x, v128.load(w, 96)));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x, v128.load(w, 112)));
    w += 128;
    a += 16;
  }
  a0 = i32x4.add(a0, b0);
  a1 = i32x4.add(a1, b1);
  const y = requantize8x2(a0, a1, a0, a1, block, range);
  if (count == 8) v128.store64_lane(to, y, 0);
  else storePart(to, i64x2.extract_lane(y, 0), count);
}
