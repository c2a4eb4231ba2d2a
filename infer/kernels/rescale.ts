/**
 * From int32 accumulators to int8, for eight channels at a time: golden/rescale.ts and golden/litert.ts in lanes
 * of 32 bits. Which way a block of channels takes, and why all of it is exact, is in ../fast/rescale-plan.ts.
 */

// The ways, numbered as in ../fast/rescale-plan.ts.
const NARROW: i32 = 0;
const ONCE: i32 = 1;
const TWICE: i32 = 2;

/**
 * How outputs are clamped: the zero point, int16 in eight lanes, the ends of the range, int8 in sixteen, and the zero
 * point less what estimates have in excess, int32 in four.
 */
const LOWEST: usize = 16;
const HIGHEST: usize = 32;
const ESTIMATED_ZERO_POINT: usize = 48;

/** How eight channels are rescaled: seven rows of eight words, the first being the bias; then the way. */
export const BLOCK_BYTES: usize = 240;
const MULTIPLIER: usize = 32;
const LEFT: usize = 64;
const RIGHT: usize = 96;
// float32: the factor, what is added to the magnitude, and what is added to all.
const FACTOR: usize = 128;
const NUDGE: usize = 160;
const TERM: usize = 192;
const WAY: usize = 224;
/** Whether there is something to add to magnitudes. */
const NUDGED: usize = 228;

/** Bits of an estimate behind the binary point, and those of them that are all 0 where it is in doubt, as planned. */
const FRACTION_BITS: i32 = 14;
const DOUBT_MASK: i32 = 0x3ffc;

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
  const term0 = v128.load(block, TERM);
  const term1 = v128.load(block, TERM + 16);
  const ea0 = f32x4.add(ta0, term0);
  const ea1 = f32x4.add(ta1, term1);
  const eb0 = f32x4.add(tb0, term0);
  const eb1 = f32x4.add(tb1, term1);
  const fractions = i32x4.min_u(
    i32x4.min_u(fraction(ea0), fraction(ea1)),
    i32x4.min_u(fraction(eb0), fraction(eb1)),
  );
  if (!i32x4.all_true(fractions)) return exactly(a0, a1, b0, b1, block, range);
  const zeroPoint = v128.load(range, ESTIMATED_ZERO_POINT);
  return clamp(
    i16x8.narrow_i32x4_s(whole(ea0, zeroPoint), whole(ea1, zeroPoint)),
    i16x8.narrow_i32x4_s(whole(eb0, zeroPoint), whole(eb1, zeroPoint)),
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

/** a * M in float32, at the scale of estimates. */
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

/** 0 where the estimate is so near to an integer that it may be on the wrong side of it. */
@inline
function fraction(estimate: v128): v128 {
  return v128.and(estimate, i32x4.splat(DOUBT_MASK));
}

/** The integer below, with the zero point. */
@inline
function whole(estimate: v128, zeroPoint: v128): v128 {
  return i32x4.add(i32x4.shr_s(estimate, FRACTION_BITS), zeroPoint);
}

/** Zero point and clamp, for sixteen quotients. Those beyond int16 saturate, where the clamp does so anyway. */
@inline
function offsetAndClamp(a0: v128, a1: v128, b0: v128, b1: v128, range: usize): v128 {
  const zeroPoint = v128.load(range);
  return clamp(
    i16x8.add_sat_s(i16x8.narrow_i32x4_s(a0, a1), zeroPoint),
    i16x8.add_sat_s(i16x8.narrow_i32x4_s(b0, b1), zeroPoint),
    range,
  );
}

@inline
function clamp(a: v128, b: v128, range: usize): v128 {
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
