/**
 * Depthwise convolution in float32 and its gradients. Tables are as taps.ts has them. Channels are worked on four at a
 * time; what is left of them, one by one.
 */

/**
 * @param x [pixels][channels]
 * @param weights [taps][channels]
 * @param bias [channels]
 * @param y [positions][channels]
 */
export function depthwise(
  x: usize,
  weights: usize,
  bias: usize,
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  y: usize,
): void {
  const bytes = (<usize>channels) << 2;
  for (let position = 0; position < positions; position++) {
    let c: usize = 0;
    for (; c + 16 <= bytes; c += 16) {
      let sum = v128.load(bias + c);
      let w = weights + c;
      for (let tap = 0; tap < taps; tap++) {
        const pixel = load<i32>(table + ((<usize>tap) << 2));
        if (pixel >= 0) {
          sum = f32x4.add(sum, f32x4.mul(v128.load(x + <usize>pixel * bytes + c), v128.load(w)));
        }
        w += bytes;
      }
      v128.store(y + c, sum);
    }
    for (; c < bytes; c += 4) {
      let sum = load<f32>(bias + c);
      let w = weights + c;
      for (let tap = 0; tap < taps; tap++) {
        const pixel = load<i32>(table + ((<usize>tap) << 2));
        if (pixel >= 0) sum += load<f32>(x + <usize>pixel * bytes + c) * load<f32>(w);
        w += bytes;
      }
      store<f32>(y + c, sum);
    }
    y += bytes;
    table += (<usize>taps) << 2;
  }
}

/**
 * Adds to dx what dy comes to there.
 *
 * @param dy [positions][channels]
 * @param dx [pixels][channels]
 */
export function depthwiseInputGradient(
  dy: usize,
  weights: usize,
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  dx: usize,
): void {
  const bytes = (<usize>channels) << 2;
  for (let position = 0; position < positions; position++) {
    let w = weights;
    for (let tap = 0; tap < taps; tap++) {
      const pixel = load<i32>(table);
      table += 4;
      if (pixel >= 0) multiplyAdd(dy, w, bytes, dx + <usize>pixel * bytes);
      w += bytes;
    }
    dy += bytes;
  }
}

/**
 * Adds to dw the gradient of the weights.
 *
 * @param x [pixels][channels]
 * @param dw [taps][channels]
 */
export function depthwiseFilterGradient(
  dy: usize,
  x: usize,
  table: usize,
  positions: i32,
  taps: i32,
  channels: i32,
  dw: usize,
): void {
  const bytes = (<usize>channels) << 2;
  for (let position = 0; position < positions; position++) {
    let sums = dw;
    for (let tap = 0; tap < taps; tap++) {
      const pixel = load<i32>(table);
      table += 4;
      if (pixel >= 0) multiplyAdd(dy, x + <usize>pixel * bytes, bytes, sums);
      sums += bytes;
    }
    dy += bytes;
  }
}

/** to += a * b, element by element. */
@inline
function multiplyAdd(a: usize, b: usize, bytes: usize, to: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    const product = f32x4.mul(v128.load(a + i), v128.load(b + i));
    v128.store(to + i, f32x4.add(v128.load(to + i), product));
  }
  for (; i < bytes; i += 4) {
    store<f32>(to + i, load<f32>(to + i) + load<f32>(a + i) * load<f32>(b + i));
  }
}
