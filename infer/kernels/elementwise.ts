/** Operators that take their inputs element by element. Tensors have room up to a multiple of 16 bytes. */
import { requantize8x2 } from './rescale';

/**
 * ADD of tensors of one shape: what tables say of both operands, added and rescaled.
 *
 * @param leftTable, rightTable int32 for each byte
 * @param block, range as rescale.ts has them, of channels that are all alike
 */
export function add(
  left: usize,
  leftTable: usize,
  right: usize,
  rightTable: usize,
  block: usize,
  range: usize,
  size: usize,
  to: usize,
): void {
  for (let i: usize = 0; i < size; i += 16) {
    const q = requantize8x2(
      sums(left + i, leftTable, right + i, rightTable),
      sums(left + i + 4, leftTable, right + i + 4, rightTable),
      sums(left + i + 8, leftTable, right + i + 8, rightTable),
      sums(left + i + 12, leftTable, right + i + 12, rightTable),
      block,
      range,
    );
    v128.store(to + i, q);
  }
}

@inline
function sums(left: usize, leftTable: usize, right: usize, rightTable: usize): v128 {
  let sum = i32x4.splat(tabled(left, leftTable) + tabled(right, rightTable));
  sum = i32x4.replace_lane(sum, 1, tabled(left + 1, leftTable) + tabled(right + 1, rightTable));
  sum = i32x4.replace_lane(sum, 2, tabled(left + 2, leftTable) + tabled(right + 2, rightTable));
  return i32x4.replace_lane(sum, 3, tabled(left + 3, leftTable) + tabled(right + 3, rightTable));
}

@inline
function tabled(at: usize, table: usize): i32 {
  return load<i32>(table + ((<usize>load<u8>(at)) << 2));
}

/** Every byte through a table of 256. */
export function lookUp(table: usize, from: usize, size: usize, to: usize): void {
  for (let i: usize = 0; i < size; i++) store<u8>(to + i, load<u8>(table + load<u8>(from + i)));
}

/** Every byte plus a constant, modulo 256: a zero point that moves, or int8 to uint8. */
export function shift(from: usize, size: usize, by: i32, to: usize): void {
  const offset = i8x16.splat(<i8>by);
  for (let i: usize = 0; i < size; i += 16) v128.store(to + i, i8x16.add(v128.load(from + i), offset));
}
