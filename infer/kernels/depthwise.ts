/** DEPTHWISE_CONV_2D with one output for each input channel: taps in pairs, two positions by eight channels. */
import { BLOCK_BYTES, requantize8x2, storePart } from './rescale';

/**
 * @param table addresses of `channels` int8 each, [positions][2 * pairs] int32; beside an odd tap any address
 * @param weights [blocks][pairs][8][2] int16: the taps of a pair side by side, 0 beside an odd one
 * @param blocks, range as rescale.ts has them, a block for every eight channels
 */
export function depthwise(
  table: usize,
  positions: i32,
  pairs: i32,
  weights: usize,
  blocks: usize,
  range: usize,
  channels: i32,
  to: usize,
): void {
  const tableBytes = <usize>pairs << 3;
  for (let position = 0; position < positions; position += 2) {
    const first = <usize>position;
    // An odd last position is worked on twice.
    const second = <usize>min<i32>(position + 1, positions - 1);
    twoPositions(
      table + first * tableBytes,
      table + second * tableBytes,
      tableBytes,
      weights,
      blocks,
      range,
      channels,
      to + first * channels,
      to + second * channels,
    );
  }
}

@inline
function twoPositions(
  tableA: usize,
  tableB: usize,
  tableBytes: usize,
  w: usize,
  block: usize,
  range: usize,
  channels: i32,
  toA: usize,
  toB: usize,
): void {
  const end = tableA + tableBytes;
  for (let channel = 0; channel < channels; channel += 8) {
    let a0 = v128.load(block);
    let a1 = v128.load(block, 16);
    let b0 = a0;
    let b1 = a1;
    let tapB = tableB;
    for (let tapA = tableA; tapA < end; tapA += 8) {
      const w0 = v128.load(w);
      const w1 = v128.load(w, 16);
      let x = v128.load8x8_s(<usize>load<u32>(tapA) + channel);
      let y = v128.load8x8_s(<usize>load<u32>(tapA, 4) + channel);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11), w0));
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15), w1));
      x = v128.load8x8_s(<usize>load<u32>(tapB) + channel);
      y = v128.load8x8_s(<usize>load<u32>(tapB, 4) + channel);
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11), w0));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15), w1));
      w += 32;
      tapB += 8;
    }
    const q = requantize8x2(a0, a1, b0, b1, block, range);
    if (channel + 8 <= channels) {
      v128.store64_lane(toA + channel, q, 0);
      v128.store64_lane(toB + channel, q, 1);
    } else {
      storePart(toA + channel, i64x2.extract_lane(q, 0), channels - channel);
      storePart(toB + channel, i64x2.extract_lane(q, 1), channels - channel);
    }
    block += BLOCK_BYTES;
  }
}
