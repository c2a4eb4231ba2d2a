/** Pooling in float32: maxima of windows that do not overlap, and means over all positions. */

/**
 * @param x [height][width][channels]
 * @param y [height / size][width / size][channels], rounded down
 */
export function maxPool(x: usize, height: i32, width: i32, channels: i32, size: i32, y: usize): void {
  const bytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * bytes;
  for (let row = 0; row + size <= height; row += size) {
    for (let column = 0; column + size <= width; column += size) {
      const corner = x + <usize>row * rowBytes + <usize>column * bytes;
      let c: usize = 0;
      for (; c + 16 <= bytes; c += 16) {
        let greatest = v128.load(corner + c);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            const at = corner + <usize>i * rowBytes + <usize>j * bytes + c;
            greatest = f32x4.max(greatest, v128.load(at));
          }
        }
        v128.store(y + c, greatest);
      }
      for (; c < bytes; c += 4) {
        let greatest = load<f32>(corner + c);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            const at = corner + <usize>i * rowBytes + <usize>j * bytes + c;
            greatest = max<f32>(greatest, load<f32>(at));
          }
        }
        store<f32>(y + c, greatest);
      }
      y += bytes;
    }
  }
}

/**
 * dx += dy where the maximum was; of equal ones, the first.
 *
 * @param dy, y [height / size][width / size][channels]
 * @param x, dx [height][width][channels]
 */
export function maxPoolGradient(
  dy: usize,
  y: usize,
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  size: i32,
  dx: usize,
): void {
  const bytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * bytes;
  for (let row = 0; row + size <= height; row += size) {
    for (let column = 0; column + size <= width; column += size) {
      const corner = <usize>row * rowBytes + <usize>column * bytes;
      let c: usize = 0;
      for (; c + 16 <= bytes; c += 16) {
        const greatest = v128.load(y + c);
        const gradient = v128.load(dy + c);
        let open = i32x4.splat(-1);
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            const at = corner + <usize>i * rowBytes + <usize>j * bytes + c;
            const here = v128.and(open, f32x4.eq(v128.load(x + at), greatest));
            v128.store(dx + at, f32x4.add(v128.load(dx + at), v128.and(gradient, here)));
            open = v128.andnot(open, here);
          }
        }
      }
      for (; c < bytes; c += 4) {
        let open = true;
        for (let i = 0; i < size; i++) {
          for (let j = 0; j < size; j++) {
            const at = corner + <usize>i * rowBytes + <usize>j * bytes + c;
            if (open && load<f32>(x + at) == load<f32>(y + c)) {
              store<f32>(dx + at, load<f32>(dx + at) + load<f32>(dy + c));
              open = false;
            }
          }
        }
      }
      y += bytes;
      dy += bytes;
    }
  }
}

/** y[c] = the mean of column c. @param x [positions][channels] */
export function averagePool(x: usize, positions: i32, channels: i32, y: usize): void {
  const bytes = (<usize>channels) << 2;
  for (let c: usize = 0; c < bytes; c += 4) {
    let sum: f32 = 0;
    for (let i: usize = 0; i < <usize>positions; i++) sum += load<f32>(x + i * bytes + c);
    store<f32>(y + c, sum / <f32>positions);
  }
}

/** Every row of dx += dy / positions. @param dx [positions][channels] */
export function averagePoolGradient(dy: usize, positions: i32, channels: i32, dx: usize): void {
  const bytes = (<usize>channels) << 2;
  const share: f32 = (<f32>1) / <f32>positions;
  for (let i = 0; i < positions; i++) {
    for (let c: usize = 0; c < bytes; c += 4) {
      store<f32>(dx + c, load<f32>(dx + c) + load<f32>(dy + c) * share);
    }
    dx += bytes;
  }
}
