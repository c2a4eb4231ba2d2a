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

/** How eight channels are rescaled: seven rows of eight words, the first being the bias; then the way. */
export const BLOCK_BYTES: usize = 240;
const MULTIPLIER: usize = 32;
const LEFT: usize = 64;
const RIGHT: usize = 96;
// float32: the factor, what is added to the magnitude, and how far from an integer an estimate may be.
const FACTOR: usize = 128;
const NUDGE: usize = 160;
const TRUST: usize = 192;
const WAY: usize = 224;

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
  const ta0 = estimate(a0, block);
  const ta1 = estimate(a1, block + 16);
  const tb0 = estimate(b0, block);
  const tb1 = estimate(b1, block + 16);
  const magic = f32x4.splat(MAGIC);
  const na0 = f32x4.add(ta0, magic);
  const na1 = f32x4.add(ta1, magic);
  const nb0 = f32x4.add(tb0, magic);
  const nb1 = f32x4.add(tb1, magic);
  const far0 = f32x4.pmax(distance(ta0, na0, magic), distance(tb0, nb0, magic));
  const far1 = f32x4.pmax(distance(ta1, na1, magic), distance(tb1, nb1, magic));
  const doubtful = v128.or(
    f32x4.gt(far0, v128.load(block, TRUST)),
    f32x4.gt(far1, v128.load(block + 16, TRUST)),
  );
  if (v128.any_true(doubtful)) return exactly(a0, a1, b0, b1, block, range);
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

/** a * M in float32, its magnitude nudged. */
@inline
function estimate(a: v128, at: usize): v128 {
  const t = f32x4.mul(f32x4.convert_i32x4_s(a), v128.load(at, FACTOR));
  const sign = v128.and(t, i32x4.splat(i32.MIN_VALUE));
  return f32x4.add(t, v128.or(v128.load(at, NUDGE), sign));
}

/** |t - n|, n being an integer plus magic. */
@inline
function distance(t: v128, n: v128, magic: v128): v128 {
  return f32x4.abs(f32x4.sub(t, f32x4.sub(n, magic)));
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
