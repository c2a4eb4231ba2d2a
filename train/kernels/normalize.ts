/**
 * Batch normalization, bias and activation in float32. Rows are positions of all images, columns channels; channels are
 * worked on four at a time, what is left of them one by one. Sums are kept in float64: over a few rows in float32,
 * which are then added.
 */

/** Rows whose sum is taken in float32. */
const BLOCK: i32 = 128;

/**
 * sums[c] += z - about, sums[channels + c] += (z - about)^2.
 *
 * @param z [rows][channels]
 * @param about [channels] near the mean, so that the difference of the two moments keeps its digits
 * @param sums float64 [2][channels]
 */
export function moments(z: usize, rows: i32, channels: i32, about: usize, sums: usize): void {
  const bytes = (<usize>channels) << 2;
  for (let row = 0; row < rows; row += BLOCK) {
    const count = min<i32>(BLOCK, rows - row);
    let c: usize = 0;
    for (; c + 16 <= bytes; c += 16) {
      const centre = v128.load(about + c);
      let from = z + c;
      let first = f32x4.splat(0);
      let second = f32x4.splat(0);
      for (let i = 0; i < count; i++) {
        const value = f32x4.sub(v128.load(from), centre);
        first = f32x4.add(first, value);
        second = f32x4.add(second, f32x4.mul(value, value));
        from += bytes;
      }
      addFour(sums + 2 * c, first);
      addFour(sums + 2 * (bytes + c), second);
    }
    for (; c < bytes; c += 4) {
      const centre = load<f32>(about + c);
      let from = z + c;
      let first: f32 = 0;
      let second: f32 = 0;
      for (let i = 0; i < count; i++) {
        const value = load<f32>(from) - centre;
        first += value;
        second += value * value;
        from += bytes;
      }
      addOne(sums + 2 * c, first);
      addOne(sums + 2 * (bytes + c), second);
    }
    z += <usize>count * bytes;
  }
}

@inline
function addFour(to: usize, values: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(values)));
  const upper = v128.shuffle<f64>(values, values, 1, 1);
  v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(upper)), 16);
}

@inline
function addOne(to: usize, value: f32): void {
  store<f64>(to, load<f64>(to) + <f64>value);
}

/**
 * y = min(max(z * scale + shift, least), greatest)
 *
 * @param z [rows][channels]
 * @param scale, shift [channels]
 * @param y [rows][channels]; may be z
 */
export function scaleAndShift(
  z: usize,
  rows: i32,
  channels: i32,
  scale: usize,
  shift: usize,
  least: f32,
  greatest: f32,
  y: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const low = f32x4.splat(least);
  const high = f32x4.splat(greatest);
  for (let row = 0; row < rows; row++) {
    let c: usize = 0;
    for (; c + 16 <= bytes; c += 16) {
      const value = f32x4.add(f32x4.mul(v128.load(z + c), v128.load(scale + c)), v128.load(shift + c));
      v128.store(y + c, f32x4.min(f32x4.max(value, low), high));
    }
    for (; c < bytes; c += 4) {
      const value = load<f32>(z + c) * load<f32>(scale + c) + load<f32>(shift + c);
      store<f32>(y + c, min<f32>(max<f32>(value, least), greatest));
    }
    z += bytes;
    y += bytes;
  }
}

/**
 * The first half of the gradient of `scaleAndShift`: dy becomes 0 where the activation has cut its input off, and
 * sums[c] += dy, sums[channels + c] += dy * (z - mean) * inverse.
 *
 * @param dy [rows][channels]
 * @param z, scale, shift, least, greatest as in the forward direction
 * @param mean, inverse [channels]: (z - mean) * inverse is z normalized
 * @param sums float64 [2][channels]
 */
export function gradientMoments(
  dy: usize,
  z: usize,
  rows: i32,
  channels: i32,
  scale: usize,
  shift: usize,
  least: f32,
  greatest: f32,
  mean: usize,
  inverse: usize,
  sums: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const low = f32x4.splat(least);
  const high = f32x4.splat(greatest);
  for (let row = 0; row < rows; row += BLOCK) {
    const count = min<i32>(BLOCK, rows - row);
    let c: usize = 0;
    for (; c + 16 <= bytes; c += 16) {
      const factor = v128.load(scale + c);
      const offset = v128.load(shift + c);
      const centre = v128.load(mean + c);
      let at = c;
      let first = f32x4.splat(0);
      let second = f32x4.splat(0);
      for (let i = 0; i < count; i++) {
        const value = v128.load(z + at);
        const before = f32x4.add(f32x4.mul(value, factor), offset);
        const inside = v128.and(f32x4.gt(before, low), f32x4.lt(before, high));
        const gradient = v128.and(v128.load(dy + at), inside);
        v128.store(dy + at, gradient);
        first = f32x4.add(first, gradient);
        second = f32x4.add(second, f32x4.mul(gradient, f32x4.sub(value, centre)));
        at += bytes;
      }
      addFour(sums + 2 * c, first);
      addFour(sums + 2 * (bytes + c), f32x4.mul(second, v128.load(inverse + c)));
    }
    for (; c < bytes; c += 4) {
      const factor = load<f32>(scale + c);
      const offset = load<f32>(shift + c);
      const centre = load<f32>(mean + c);
      let at = c;
      let first: f32 = 0;
      let second: f32 = 0;
      for (let i = 0; i < count; i++) {
        const value = load<f32>(z + at);
        const before = value * factor + offset;
        const gradient: f32 = before > least && before < greatest ? load<f32>(dy + at) : 0;
        store<f32>(dy + at, gradient);
        first += gradient;
        second += gradient * (value - centre);
        at += bytes;
      }
      addOne(sums + 2 * c, first);
      addOne(sums + 2 * (bytes + c), second * load<f32>(inverse + c));
    }
    z += <usize>count * bytes;
    dy += <usize>count * bytes;
  }
}

/**
 * The second half, of a batch normalization: dz = dy * a + (z - mean) * b + c, with what the sums come to in a, b and c.
 *
 * @param dy [rows][channels]; becomes dz
 * @param mean, a, b, c [channels]
 */
export function normalizationGradient(
  dy: usize,
  z: usize,
  rows: i32,
  channels: i32,
  mean: usize,
  a: usize,
  b: usize,
  c: usize,
): void {
  const bytes = (<usize>channels) << 2;
  for (let row = 0; row < rows; row++) {
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      const centred = f32x4.sub(v128.load(z + i), v128.load(mean + i));
      const direct = f32x4.mul(v128.load(dy + i), v128.load(a + i));
      const value = f32x4.add(f32x4.add(direct, f32x4.mul(centred, v128.load(b + i))), v128.load(c + i));
      v128.store(dy + i, value);
    }
    for (; i < bytes; i += 4) {
      const centred = load<f32>(z + i) - load<f32>(mean + i);
      const value = load<f32>(dy + i) * load<f32>(a + i) + centred * load<f32>(b + i) + load<f32>(c + i);
      store<f32>(dy + i, value);
    }
    z += bytes;
    dy += bytes;
  }
}
