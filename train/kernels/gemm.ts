/**
 * Products of float32 matrices, whichever of the two lies across: C = A * B, where A is read as it lies and B is packed.
 *
 * Every element of C is a sum in the order of its terms, whatever the sizes, without fused multiplication: the same
 * bits on every machine.
 */

/** Columns of a panel of B. */
export const PANEL: i32 = 8;
export const PANEL_BYTES: usize = 32;

/** Bytes of B packed: columns filled up to whole panels. */
export function packedBytes(rows: i32, columns: i32): usize {
  return <usize>((columns + PANEL - 1) / PANEL) * <usize>rows * PANEL_BYTES;
}

/**
 * @param b [rows][columns] float32; its element (i, j) is at b + 4 * (i * rowStride + j * columnStride)
 * @param to [panels][rows][8], columns that are not there being 0
 */
export function pack(
  b: usize,
  rows: i32,
  columns: i32,
  rowStride: i32,
  columnStride: i32,
  to: usize,
): void {
  for (let column = 0; column < columns; column += PANEL) {
    const from = b + ((<usize>(column * columnStride)) << 2);
    const count = min<i32>(PANEL, columns - column);
    if (count == PANEL && columnStride == 1) packRows(from, rows, (<usize>rowStride) << 2, to);
    else if (count == PANEL && rowStride == 1) packColumns(from, rows, (<usize>columnStride) << 2, to);
    else packPart(from, rows, count, rowStride, columnStride, to);
    to += <usize>rows * PANEL_BYTES;
  }
}

function packRows(from: usize, rows: i32, stride: usize, to: usize): void {
  for (let i = 0; i < rows; i++) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    from += stride;
    to += PANEL_BYTES;
  }
}

function packColumns(from: usize, rows: i32, stride: usize, to: usize): void {
  const second = from + 4 * stride;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    const offset = (<usize>i) << 2;
    transpose(from + offset, stride, to);
    transpose(second + offset, stride, to + 16);
    to += 4 * PANEL_BYTES;
  }
  for (; i < rows; i++) {
    let source = from + ((<usize>i) << 2);
    for (let j: usize = 0; j < PANEL_BYTES; j += 4) {
      store<f32>(to + j, load<f32>(source));
      source += stride;
    }
    to += PANEL_BYTES;
  }
}

/** Four columns of four, to rows that are a panel apart. */
@inline
function transpose(from: usize, stride: usize, to: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + stride);
  const c = v128.load(from + 2 * stride);
  const d = v128.load(from + 3 * stride);
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(abLow, cdLow, 0, 2));
  v128.store(to, v128.shuffle<f64>(abLow, cdLow, 1, 3), PANEL_BYTES);
  v128.store(to, v128.shuffle<f64>(abHigh, cdHigh, 0, 2), 2 * PANEL_BYTES);
  v128.store(to, v128.shuffle<f64>(abHigh, cdHigh, 1, 3), 3 * PANEL_BYTES);
}

function packPart(
  from: usize,
  rows: i32,
  count: i32,
  rowStride: i32,
  columnStride: i32,
  to: usize,
): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < PANEL; j++) {
      const value = j < count ? load<f32>(from + ((<usize>(i * rowStride + j * columnStride)) << 2)) : 0;
      store<f32>(to + ((<usize>j) << 2), value);
    }
    to += PANEL_BYTES;
  }
}

/** Where a tile's columns are fewer than a panel's. */
export const part = memory.data(4 * 32, 16);

/**
 * C = A * B, or C += A * B.
 *
 * @param a [rows][terms] float32; its element (i, k) is at a + 4 * (i * rowStride + k * termStride)
 * @param b [terms][columns], packed
 * @param c [rows][columns], rows cStride elements apart
 * @param accumulate 1 to add to what is in c, 0 to replace it
 */
export function gemm(
  a: usize,
  rowStride: i32,
  termStride: i32,
  b: usize,
  rows: i32,
  terms: i32,
  columns: i32,
  c: usize,
  cStride: i32,
  accumulate: i32,
): void {
  const rowBytes = (<usize>rowStride) << 2;
  const termBytes = (<usize>termStride) << 2;
  const cBytes = (<usize>cStride) << 2;
  for (let column = 0; column < columns; column += PANEL) {
    const count = min<i32>(PANEL, columns - column);
    for (let row = 0; row < rows; row += 4) {
      const left = min<i32>(4, rows - row);
      const from = a + <usize>row * rowBytes;
      const to = c + <usize>row * cBytes + ((<usize>column) << 2);
      if (left == 4 && count == PANEL) {
        tile(from, rowBytes, rowBytes, rowBytes, termBytes, b, terms, to, cBytes, accumulate);
      } else {
        // Rows that are not there are the last one again.
        const second: usize = left > 1 ? rowBytes : 0;
        const third: usize = left > 2 ? rowBytes : 0;
        const fourth: usize = left > 3 ? rowBytes : 0;
        tile(from, second, third, fourth, termBytes, b, terms, part, PANEL_BYTES, 0);
        copyPart(left, count, to, cBytes, accumulate);
      }
    }
    b += <usize>terms * PANEL_BYTES;
  }
}

/** @param second, third, fourth how far each row is from the one before */
@inline
function tile(
  a0: usize,
  second: usize,
  third: usize,
  fourth: usize,
  termBytes: usize,
  b: usize,
  terms: i32,
  c: usize,
  cBytes: usize,
  accumulate: i32,
): void {
  let a1 = a0 + second;
  let a2 = a1 + third;
  let a3 = a2 + fourth;
  let c00 = f32x4.splat(0);
  let c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0);
  let c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0);
  let c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0);
  let c31 = f32x4.splat(0);
  for (let k = 0; k < terms; k++) {
    const low = v128.load(b);
    const high = v128.load(b, 16);
    b += PANEL_BYTES;
    const x0 = v128.load32_splat(a0);
    c00 = f32x4.add(c00, f32x4.mul(x0, low));
    c01 = f32x4.add(c01, f32x4.mul(x0, high));
    a0 += termBytes;
    const x1 = v128.load32_splat(a1);
    c10 = f32x4.add(c10, f32x4.mul(x1, low));
    c11 = f32x4.add(c11, f32x4.mul(x1, high));
    a1 += termBytes;
    const x2 = v128.load32_splat(a2);
    c20 = f32x4.add(c20, f32x4.mul(x2, low));
    c21 = f32x4.add(c21, f32x4.mul(x2, high));
    a2 += termBytes;
    const x3 = v128.load32_splat(a3);
    c30 = f32x4.add(c30, f32x4.mul(x3, low));
    c31 = f32x4.add(c31, f32x4.mul(x3, high));
    a3 += termBytes;
  }
  put(c, c00, c01, accumulate);
  c += cBytes;
  put(c, c10, c11, accumulate);
  c += cBytes;
  put(c, c20, c21, accumulate);
  c += cBytes;
  put(c, c30, c31, accumulate);
}

@inline
export function put(c: usize, low: v128, high: v128, accumulate: i32): void {
  if (accumulate) {
    v128.store(c, f32x4.add(v128.load(c), low));
    v128.store(c, f32x4.add(v128.load(c, 16), high), 16);
  } else {
    v128.store(c, low);
    v128.store(c, high, 16);
  }
}

export function copyPart(rows: i32, columns: i32, to: usize, cBytes: usize, accumulate: i32): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const offset = (<usize>column) << 2;
      const value = load<f32>(part + <usize>row * PANEL_BYTES + offset);
      store<f32>(to + offset, accumulate ? load<f32>(to + offset) + value : value);
    }
    to += cBytes;
  }
}

/** Where the memory of the caller begins: below are a few bytes of the kernels' own. */
export function reservedBytes(): usize {
  return __heap_base;
}
