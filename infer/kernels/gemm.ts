/**
 * CONV_2D and FULLY_CONNECTED: rows of activations times packed weights, eight channels at a time. The
 * elements of both are int16, or with relaxed SIMD bytes, see dot.ts.
 *
 * Activations are gathered into a panel of rows that stays in the first-level cache, through a table with the
 * address of every tap of every output position: strides, dilation and padding are in the table alone.
 */
import { dotAdd, ELEMENT_BYTES, loadElements } from './dot';
import { BLOCK_BYTES, requantize8x2, storePart } from './rescale';

/** As many as registers have room for the sums of: the dot product of int16 takes one for itself. */
const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Activations that `loadElements` takes. */
const LOADED: usize = 16 / ELEMENT_BYTES;

/**
 * @param table addresses of `channels` int8 each, [positions][taps] int32
 * @param offset what is added to each activation, modulo 256, where elements are bytes
 * @param rowBytes bytes of a row of taps * channels elements, rounded up to 16; what is added meets zero weights
 * @param weights [blocks][rowBytes / 4][8] words: eight channels, neighbours along the row in a word
 * @param blocks, range as rescale.ts has them, a block for every eight channels
 * @param panel room for panelRows rows and 16 bytes behind them
 * @param panelRows at least TILE_ROWS
 */
export function gemm(
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  offset: i32,
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
    gather(table + ((<usize>(first * taps)) << 2), rows, taps, channels, <i8>offset, rowBytes, panel);
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
 * Rows of the panel: the taps of a position one behind the other. What is written too much, up to 15 bytes, the next
 * tap overwrites.
 */
function gather(
  table: usize,
  rows: i32,
  taps: i32,
  channels: i32,
  offset: i8,
  rowBytes: usize,
  panel: usize,
): void {
  const offsets = i8x16.splat(offset);
  for (let row = 0; row < rows; row++) {
    let to = panel;
    for (let tap = 0; tap < taps; tap++) {
      let from = <usize>load<u32>(table);
      table += 4;
      const end = to + <usize>channels * ELEMENT_BYTES;
      while (to + 64 <= end) {
        v128.store(to, loadElements(from, offsets));
        v128.store(to, loadElements(from + LOADED, offsets), 16);
        v128.store(to, loadElements(from + 2 * LOADED, offsets), 32);
        v128.store(to, loadElements(from + 3 * LOADED, offsets), 48);
        from += 4 * LOADED;
        to += 64;
      }
      while (to < end) {
        v128.store(to, loadElements(from, offsets));
        from += LOADED;
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
  if (rows < TILE_ROWS) {
    for (let row = 0; row < rows; row++) {
      tile1(panel, rowBytes, w, block, range, to, count);
      panel += rowBytes;
      to += outputs;
    }
    return;
  }
  for (let row = 0; row < rows; row += TILE_ROWS) {
    // The last tile overlaps with the one before rather than being smaller.
    const at = <usize>min<i32>(row, rows - TILE_ROWS);
    tile(panel + at * rowBytes, rowBytes, w, block, range, to + at * outputs, outputs, count);
  }
}

@inline
function tile(
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
  let e = d + rowBytes;
  let f = e + rowBytes;
  let a0 = v128.load(block);
  let a1 = v128.load(block, 16);
  let b0 = a0;
  let b1 = a1;
  let c0 = a0;
  let c1 = a1;
  let d0 = a0;
  let d1 = a1;
  let e0 = a0;
  let e1 = a1;
  let f0 = a0;
  let f1 = a1;
  while (a < end) {
    let w0 = v128.load(w);
    let w1 = v128.load(w, 16);
    let x = v128.load32_splat(a);
    a0 = dotAdd(x, w0, a0);
    a1 = dotAdd(x, w1, a1);
    x = v128.load32_splat(b);
    b0 = dotAdd(x, w0, b0);
    b1 = dotAdd(x, w1, b1);
    x = v128.load32_splat(c);
    c0 = dotAdd(x, w0, c0);
    c1 = dotAdd(x, w1, c1);
    x = v128.load32_splat(d);
    d0 = dotAdd(x, w0, d0);
    d1 = dotAdd(x, w1, d1);
    if (TILE_ROWS == 6) {
      x = v128.load32_splat(e);
      e0 = dotAdd(x, w0, e0);
      e1 = dotAdd(x, w1, e1);
      x = v128.load32_splat(f);
      f0 = dotAdd(x, w0, f0);
      f1 = dotAdd(x, w1, f1);
    }

    w0 = v128.load(w, 32);
    w1 = v128.load(w, 48);
    x = v128.load32_splat(a, 4);
    a0 = dotAdd(x, w0, a0);
    a1 = dotAdd(x, w1, a1);
    x = v128.load32_splat(b, 4);
    b0 = dotAdd(x, w0, b0);
    b1 = dotAdd(x, w1, b1);
    x = v128.load32_splat(c, 4);
    c0 = dotAdd(x, w0, c0);
    c1 = dotAdd(x, w1, c1);
    x = v128.load32_splat(d, 4);
    d0 = dotAdd(x, w0, d0);
    d1 = dotAdd(x, w1, d1);
    if (TILE_ROWS == 6) {
      x = v128.load32_splat(e, 4);
      e0 = dotAdd(x, w0, e0);
      e1 = dotAdd(x, w1, e1);
      x = v128.load32_splat(f, 4);
      f0 = dotAdd(x, w0, f0);
      f1 = dotAdd(x, w1, f1);
    }

    w0 = v128.load(w, 64);
    w1 = v128.load(w, 80);
    x = v128.load32_splat(a, 8);
    a0 = dotAdd(x, w0, a0);
    a1 = dotAdd(x, w1, a1);
    x = v128.load32_splat(b, 8);
    b0 = dotAdd(x, w0, b0);
    b1 = dotAdd(x, w1, b1);
    x = v128.load32_splat(c, 8);
    c0 = dotAdd(x, w0, c0);
    c1 = dotAdd(x, w1, c1);
    x = v128.load32_splat(d, 8);
    d0 = dotAdd(x, w0, d0);
    d1 = dotAdd(x, w1, d1);
    if (TILE_ROWS == 6) {
      x = v128.load32_splat(e, 8);
      e0 = dotAdd(x, w0, e0);
      e1 = dotAdd(x, w1, e1);
      x = v128.load32_splat(f, 8);
      f0 = dotAdd(x, w0, f0);
      f1 = dotAdd(x, w1, f1);
    }

    w0 = v128.load(w, 96);
    w1 = v128.load(w, 112);
    x = v128.load32_splat(a, 12);
    a0 = dotAdd(x, w0, a0);
    a1 = dotAdd(x, w1, a1);
    x = v128.load32_splat(b, 12);
    b0 = dotAdd(x, w0, b0);
    b1 = dotAdd(x, w1, b1);
    x = v128.load32_splat(c, 12);
    c0 = dotAdd(x, w0, c0);
    c1 = dotAdd(x, w1, c1);
    x = v128.load32_splat(d, 12);
    d0 = dotAdd(x, w0, d0);
    d1 = dotAdd(x, w1, d1);
    if (TILE_ROWS == 6) {
      x = v128.load32_splat(e, 12);
      e0 = dotAdd(x, w0, e0);
      e1 = dotAdd(x, w1, e1);
      x = v128.load32_splat(f, 12);
      f0 = dotAdd(x, w0, f0);
      f1 = dotAdd(x, w1, f1);
    }

    w += 128;
    a += 16;
    b += 16;
    c += 16;
    d += 16;
    if (TILE_ROWS == 6) {
      e += 16;
      f += 16;
    }
  }
  storeRows(requantize8x2(a0, a1, b0, b1, block, range), to, outputs, count);
  storeRows(requantize8x2(c0, c1, d0, d1, block, range), to + 2 * outputs, outputs, count);
  if (TILE_ROWS == 6) {
    storeRows(requantize8x2(e0, e1, f0, f1, block, range), to + 4 * outputs, outputs, count);
  }
}

/** Two rows of eight outputs, of which `count` are there. */
@inline
function storeRows(rows: v128, to: usize, outputs: usize, count: i32): void {
  if (count == 8) {
    v128.store64_lane(to, rows, 0);
    v128.store64_lane(to + outputs, rows, 1);
  } else {
    storePart(to, i64x2.extract_lane(rows, 0), count);
    storePart(to + outputs, i64x2.extract_lane(rows, 1), count);
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
    a0 = dotAdd(x, v128.load(w), a0);
    a1 = dotAdd(x, v128.load(w, 16), a1);
    x = v128.load32_splat(a, 4);
    b0 = dotAdd(x, v128.load(w, 32), b0);
    b1 = dotAdd(x, v128.load(w, 48), b1);
    x = v128.load32_splat(a, 8);
    a0 = dotAdd(x, v128.load(w, 64), a0);
    a1 = dotAdd(x, v128.load(w, 80), a1);
    x = v128.load32_splat(a, 12);
    b0 = dotAdd(x, v128.load(w, 96), b0);
    b1 = dotAdd(x, v128.load(w, 112), b1);
    w += 128;
    a += 16;
  }
  a0 = i32x4.add(a0, b0);
  a1 = i32x4.add(a1, b1);
  const y = requantize8x2(a0, a1, a0, a1, block, range);
  if (count == 8) v128.store64_lane(to, y, 0);
  else storePart(to, i64x2.extract_lane(y, 0), count);
}
