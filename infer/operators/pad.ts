import type { Pad } from '../../litert/index.ts';
import type { Step } from './step.ts';

/** PAD: the input in the middle of the output's zero point. */
export function preparePad(operator: Pad): Step {
  const { input, output } = operator;
  const targets = targetsOf(operator);
  return (values) => {
    const x = values.of(input);
    const y = values.of(output).fill(output.zeroPoint);
    targets.forEach((index, i) => {
      y[index] = x[i] ?? 0;
    });
  };
}

/** For each element of the input, in order, where it stands in the output. */
export function targetsOf({ input, output, before }: Pad): readonly number[] {
  let indices = [0];
  input.shape.forEach((size, axis) => {
    const length = output.shape[axis] ?? 1;
    const start = before[axis] ?? 0;
    indices = indices.flatMap((index) => Array.from({ length: size }, (_, i) => index * length + start + i));
  });
  return indices;
}
