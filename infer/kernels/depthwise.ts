/**
 * DEPTHWISE_CONV_2D with one output for each input channel: taps in pairs of int16, two positions by eight channels;
 * or with relaxed SIMD in fours of bytes, two positions by sixteen.
 */
import { dotAdd, TAPS } from './dot';
import { BLOCK_BYTES, requantize8x2, storePart } from './rescale';

/**
 * @param table addresses of `channels` int8 each, [positions][TAPS * words] int32; beyond the last tap any address
 * @param offset what is added to each activation, modulo 256, where elements are bytes
 * @param weights [blocks][words][8] words: the taps of a word side by side, 0 where there is none
 * @param blocks, range as rescale.ts has them, a block for every eight channels
 */
export function depthwise(
  table: usize,
  positions: i32,
  words: i32,
  offset: i32,
  weights: usize,
  blocks: usize,
  range: usize,
  channels: i32,
  to: usize,
): void {
  const tableBytes = (<usize>words * TAPS) << 2;
  for (let position = 0; position < positions; position += 2) {
    const first = <usize>position;
    // An odd last position is worked on twice.
    const second = <usize>min<i32>(position + 1, positions - 1);
    const tableA = table + first * tableBytes;
    const tableB = table + second * tableBytes;
    const toA = to + first * channels;
    const toB = to + second * channels;
    if (ASC_FEATURE_RELAXED_SIMD) {
      inFours(tableA, tableB, tableBytes, <i8>offset, weights, blocks, range, channels, toA, toB);
    } else {
      inPairs(tableA, tableB, tableBytes, weights, blocks, range, channels, toA, toB);
    }
  }
}

@inline
function inPairs(
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
      a0 = dotAdd(lowPairs(x, y), w0, a0);
      a1 = dotAdd(highPairs(x, y), w1, a1);
      x = v128.load8x8_s(<usize>load<u32>(tapB) + channel);
      y = v128.load8x8_s(<usize>load<u32>(tapB, 4) + channel);
      b0 = dotAdd(lowPairs(x, y), w0, b0);
      b1 = dotAdd(highPairs(x, y), w1, b1);
      w += 32;
      tapB += 8;
    }
    const q = requantize8x2(a0, a1, b0, b1, block, range);
    storeBoth(q, toA, toB, channel, channels);
    block += BLOCK_BYTES;
  }
}

@inline
function inFours(
  tableA: usize,
  tableB: usize,
  tableBytes: usize,
  offset: i8,
  w: usize,
  block: usize,
  range: usize,
  channels: i32,
  toA: usize,
  toB: usize,
): void {
  const offsets = i8x16.splat(offset);
  const end = tableA + tableBytes;
  const weightsBytes = tableBytes << 1;
  for (let channel = 0; channel < channels; channel += 16) {
    // Where the second block is not there, the first is worked on twice.
    const isThere = channel + 8 < channels;
    const nextBlock = isThere ? block + BLOCK_BYTES : block;
    let v = isThere ? w + weightsBytes : w;
    let a0 = v128.load(block);
    let a1 = v128.load(block, 16);
    let a2 = v128.load(nextBlock);
    let a3 = v128.load(nextBlock, 16);
    let b0 = a0;
    let b1 = a1;
    let b2 = a2;
    let b3 = a3;
    let tapB = tableB;
    for (let tapA = tableA; tapA < end; tapA += 16) {
      let x = bytesAt(tapA, 0, channel, offsets);
      let y = bytesAt(tapA, 4, channel, offsets);
      let z = bytesAt(tapA, 8, channel, offsets);
      let u = bytesAt(tapA, 12, channel, offsets);
      let xy = lowBytes(x, y);
      let zu = lowBytes(z, u);
      a0 = dotAdd(lowPairs(xy, zu), v128.load(w), a0);
      a1 = dotAdd(highPairs(xy, zu), v128.load(w, 16), a1);
      xy = highBytes(x, y);
      zu = highBytes(z, u);
      a2 = dotAdd(lowPairs(xy, zu), v128.load(v), a2);
      a3 = dotAdd(highPairs(xy, zu), v128.load(v, 16), a3);
      x = bytesAt(tapB, 0, channel, offsets);
      y = bytesAt(tapB, 4, channel, offsets);
      z = bytesAt(tapB, 8, channel, offsets);
      u = bytesAt(tapB, 12, channel, offsets);
      xy = lowBytes(x, y);
      zu = lowBytes(z, u);
      b0 = dotAdd(lowPairs(xy, zu), v128.load(w), b0);
      b1 = dotAdd(highPairs(xy, zu), v128.load(w, 16), b1);
      xy = highBytes(x, y);
      zu = highBytes(z, u);
      b2 = dotAdd(lowPairs(xy, zu), v128.load(v), b2);
      b3 = dotAdd(highPairs(xy, zu), v128.load(v, 16), b3);
      w += 32;
      v += 32;
      tapB += 16;
    }
    storeBoth(requantize8x2(a0, a1, b0, b1, block, range), toA, toB, channel, channels);
    if (isThere) {
      storeBoth(requantize8x2(a2, a3, b2, b3, nextBlock, range), toA, toB, channel + 8, channels);
    }
    w = v;
    block = nextBlock + BLOCK_BYTES;
  }
}

/** A tap's activations of sixteen channels. */
@inline
function bytesAt(tap: usize, which: usize, channel: i32, offsets: v128): v128 {
  return i8x16.add(v128.load(<usize>load<u32>(tap + which) + channel), offsets);
}

@inline
function lowBytes(x: v128, y: v128): v128 {
  return v128.shuffle<i8>(x, y, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

@inline
function highBytes(x: v128, y: v128): v128 {
  return v128.shuffle<i8>(x, y, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

@inline
function lowPairs(x: v128, y: v128): v128 {
  return v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
}

@inline
function highPairs(x: v128, y: v128): v128 {
  return v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Eight channels, or what is left of them, of both positions. */
@inline
function storeBoth(q: v128, toA: usize, toB: usize, channel: i32, channels: i32): void {
  if (channel + 8 <= channels) {
    v128.store64_lane(toA + channel, q, 0);
    v128.store64_lane(toB + channel, q, 1);
  } else {
    storePart(toA + channel, i64x2.extract_lane(q, 0), channels - channel);
    storePart(toB + channel, i64x2.extract_lane(q, 1), channels - channel);
  }
}
