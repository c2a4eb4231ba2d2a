/** Shapes that meet as NumPy has them meet: aligned at the last axis, sizes equal or 1. */

/**
 * For every element of the output, in order, which element of the input it takes.
 *
 * @param input broadcast to `output`, which is checked when the model is read
 */
export function broadcastIndices(input: readonly number[], output: readonly number[]): Int32Array {
  const sizes = [...Array.from({ length: output.length - input.length }, () => 1), ...input];
  let indices = [0];
  sizes.forEach((size, axis) => {
    const length = output[axis] ?? 1;
    // Row-major: an axis multiplies what stands for the axes in front of it.
    indices = indices.flatMap((index) =>
      Array.from({ length }, (_, i) => index * size + (size === 1 ? 0 : i)),
    );
  });
  return Int32Array.from(indices);
}
