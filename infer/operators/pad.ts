import type { Pad } from '../../litert/index.ts';
import type { Step } from './step.ts';

/** PAD: the input in the middle of the output's zero point. */
export function preparePad({ input, output, before }: Pad): Step {
  // For each element of the input, in order, where it stands in the output.
  let indices = [0];
  input.shape.forEach((size, axis) => {
    const length = output.shape[axis] ?? 1;
    const start = before[axis] ?? 0;
    indices = indices.flatMap((index) => Array.from({ length: size }, (_, i) => index * length + start + i));
  });
  return (values) => {
    const x = values.of(input);
    const y = values.of(output).fill(output.zeroPoint);
    indices.forEach((index, i) => {
      y[index] = x[i] ?? 0;
    });
  };
}
