import type { Reshape } from '../../litert/index.ts';
import type { Step } from './step.ts';

/** RESHAPE: the same elements, copied. */
export function prepareReshape({ input, output }: Reshape): Step {
  return (values) => {
    values.of(output).set(values.of(input));
  };
}
