/** Scales are float32 values in the file, and factors are computed from them: which ones meet a factor? */

const word = new DataView(new ArrayBuffer(4));

/** The next greater float32 of a positive float32. */
export function nextFloat32(x: number): number {
  word.setFloat32(0, x);
  word.setUint32(0, word.getUint32(0) + 1);
  return word.getFloat32(0);
}

/** The least float32 that is not below x; x positive. */
export function float32AtLeast(x: number): number {
  const rounded = Math.fround(x);
  return rounded < x ? nextFloat32(rounded) : rounded;
}

/** The next smaller float32 of a positive float32. */
export function previousFloat32(x: number): number {
  word.setFloat32(0, x);
  word.setUint32(0, word.getUint32(0) - 1);
  return word.getFloat32(0);
}
