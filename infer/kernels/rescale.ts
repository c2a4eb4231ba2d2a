/**
 * From int32 accumulators to int8, for eight channels at a time: golden/rescale.ts and golden/litert.ts in lanes
 * of 32 bits. Which way a block of channels takes, and why all of it is exact, is in ../fast/rescale-plan.ts.
 */

// The ways, numbered as in ../fast/rescale-plan.ts.
const NARROW: i32 = 0;
const ONCE: i32 = 1;
const TWICE: i32 = 2;

/** How outputs are clamped: the zero point, int16 in eight lanes, and the ends of the range, int8 in sixteen. */
const LOWEST: usize = 16;
const HIGHEST: usize = 32;

/** How eight channels are rescaled: eight rows of eight words, the first being the bias; then the way. */
export const BLOCK_BYTES: usize = 272;
const MULTIPLIER: usize = 32;
const LEFT: usize = 64;
const RIGHT: usize = 96;
// float32: the factor, what is added to the magnitude, and what is added for the least and greatest estimate.
const FACTOR: usize = 128;
const NUDGE: usize = 160;
const LEAST: usize = 192;
const GREATEST: usize = 224;
const WAY: usize = 256;
/** Whether there is something to add to magnitudes. */
const NUDGED: usize = 260;

/** 1.5 * 2^23: a small number that is added to it is rounded to an integer, in the low bits. */
const MAGIC: f32 = 12582912.0;
const MAGIC_BITS: i32 = 0x4b400000;

/** Two times eight accumulators of the same eight channels to sixteen int8. */
@inline
export function requantize8x2(a0: v128, a1: v128, b0: v128, b1: v128, block: usize, range: usize): v128 {
  if (load<i32>(block, WAY) == NARROW) {
    return offsetAndClamp(
      narrow(a0, block),
      narrow(a1, block + 16),
      narrow(b0, block),
      narrow(b1, block + 16),
      range,
    );
  }
  let ta0 = product(a0, block);
  let ta1 = product(a1, block + 16);
  let tb0 = product(b0, block);
  let tb1 = product(b1, block + 16);
  if (load<i32>(block, NUDGED)) {
    ta0 = nudged(ta0, block);
    ta1 = nudged(ta1, block + 16);
    tb0 = nudged(tb0, block);
    tb1 = nudged(tb1, block + 16);
  }
  const least0 = v128.load(block, LEAST);
  const least1 = v128.load(block, LEAST + 16);
  const na0 = nearest(ta0, least0);
  const na1 = nearest(ta1, least1);
  const nb0 = nearest(tb0, least0);
  const nb1 = nearest(tb1, least1);
  const greatest0 = v128.load(block, GREATEST);
  const greatest1 = v128.load(block, GREATEST + 16);
  const doubtful0 = v128.or(
    v128.xor(na0, nearest(ta0, greatest0)),
    v128.xor(nb0, nearest(tb0, greatest0)),
  );
  const doubtful1 = v128.or(
    v128.xor(na1, nearest(ta1, greatest1)),
    v128.xor(nb1, nearest(tb1, greatest1)),
  );
  if (v128.any_true(v128.or(doubtful0, doubtful1))) return exactly(a0, a1, b0, b1, block, range);
  const bits = i32x4.splat(MAGIC_BITS);
  return offsetAndClamp(
    i32x4.sub(na0, bits),
    i32x4.sub(na1, bits),
    i32x4.sub(nb0, bits),
    i32x4.sub(nb1, bits),
    range,
  );
}

/** floor((a*m + 2^(shift-1)) / 2^shift) of four channels whose place in the block is `at`, as everywhere below. */
@inline
function narrow(a: v128, at: usize): v128 {
  const product = i32x4.mul(a, v128.load(at, MULTIPLIER));
  // All channels of a block have the same shift, and its rounding term in the row beside it.
  return i32x4.shr_s(i32x4.add(product, v128.load(at, LEFT)), load<i32>(at, RIGHT));
}

/** a * M in float32. */
@inline
function product(a: v128, at: usize): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(a), v128.load(at, FACTOR));
}

/** Away from zero. */
@inline
function nudged(t: v128, at: usize): v128 {
  const sign = v128.and(t, i32x4.splat(i32.MIN_VALUE));
  return f32x4.add(t, v128.or(v128.load(at, NUDGE), sign));
}

/** The integer next to t + term, plus magic. */
@inline
function nearest(t: v128, term: v128): v128 {
  return f32x4.add(f32x4.add(t, term), f32x4.splat(MAGIC));
}

/** Zero point and clamp, for sixteen quotients. Those beyond int16 saturate, where the clamp does so anyway. */
@inline
function offsetAndClamp(a0: v128, a1: v128, b0: v128, b1: v128, range: usize): v128 {
  const zeroPoint = v128.load(range);
  const a = i16x8.add_sat_s(i16x8.narrow_i32x4_s(a0, a1), zeroPoint);
  const b = i16x8.add_sat_s(i16x8.narrow_i32x4_s(b0, b1), zeroPoint);
  return i8x16.min_s(
    i8x16.max_s(i8x16.narrow_i16x8_s(a, b), v128.load(range, LOWEST)),
    v128.load(range, HIGHEST),
  );
}

/** As `requantize8x2`, without estimates. */
function exactly(a0: v128, a1: v128, b0: v128, b1: v128, block: usize, range: usize): v128 {
  const way = load<i32>(block, WAY);
  return offsetAndClamp(
    exactly4(a0, block, way),
    exactly4(a1, block + 16, way),
    exactly4(b0, block, way),
    exactly4(b1, block + 16, way),
    range,
  );
}

function exactly4(a: v128, at: usize, way: i32): v128 {
  let q = i32x4.splat(exactly1(i32x4.extract_lane(a, 0), at, way));
  q = i32x4.replace_lane(q, 1, exactly1(i32x4.extract_lane(a, 1), at + 4, way));
  q = i32x4.replace_lane(q, 2, exactly1(i32x4.extract_lane(a, 2), at + 8, way));
  return i32x4.replace_lane(q, 3, exactly1(i32x4.extract_lane(a, 3), at + 12, way));
}

function exactly1(a: i32, at: usize, way: i32): i32 {
  const multiplier = <i64>load<u32>(at, MULTIPLIER);
  const right = <i64>load<i32>(at, RIGHT);
  if (way == ONCE) {
    const product = <i64>a * multiplier;
    // The rounding term is added a bit before the end, where it cannot overflow.
    return right == 0 ? <i32>product : <i32>(((product >> (right - 1)) + 1) >> 1);
  }
  if (way == TWICE) {
    const high = <i64>(<i32>((<i64>(a << load<i32>(at, LEFT)) * multiplier + ((<i64>1) << 30)) >> 31));
    return <i32>(right == 0 ? high : (high + ((<i64>1) << (right - 1)) - <i64>(high < 0)) >> right);
  }
  // In double, half away from zero. The factor lies in two rows.
  const words = ((<u64>load<u32>(at, LEFT)) << 32) | <u64>multiplier;
  const product = abs<f64>(<f64>a * reinterpret<f64>(words));
  const whole = floor<f64>(product);
  const magnitude = <i32>(whole + (product - whole >= 0.5 ? 1.0 : 0.0));
  return a < 0 ? -magnitude : magnitude;
}

/** The first `count` of the eight bytes. */
export function storePart(to: usize, bytes: i64, count: i32): void {
  for (let i = 0; i < count; i++) {
    store<u8>(to + i, <u8>bytes);
    bytes >>= 8;
  }
}
