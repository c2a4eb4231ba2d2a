/** Sums of float32. */

/** to[c] += the sum of column c: the gradient of a bias. @param rows [count][channels] */
export function addColumns(rows: usize, count: i32, channels: i32, to: usize): void {
  const bytes = (<usize>channels) << 2;
  for (let row = 0; row < count; row++) {
    add(rows, bytes, to);
    rows += bytes;
  }
}

/** to[i] += from[i] */
export function addTo(from: usize, size: i32, to: usize): void {
  add(from, (<usize>size) << 2, to);
}

@inline
function add(from: usize, bytes: usize, to: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) {
    v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  }
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}
