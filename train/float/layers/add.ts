import type { Activation } from '../network.ts';
import { rangeOf } from './activation.ts';
import type { Input, Plan, Tensor } from './step.ts';

/** The sum of two tensors, and an activation. */
export function planAdd(
  inputs: readonly [Input, Input],
  { values, gradient, size }: Tensor,
  activation: Activation,
): Plan {
  const { least, greatest } = rangeOf(activation);
  const [first, second] = inputs;
  return ({ kernels, memory }) => ({
    prepare() {},
    forward(images) {
      kernels.add(first.tensor.values, second.tensor.values, images * size, least, greatest, values);
    },
    backward(images) {
      if (gradient === undefined) return;
      kernels.cutOff(gradient, values, images * size, least, greatest);
      const from = new Float32Array(memory.buffer, gradient, images * size);
      for (const { tensor, firstBackward } of inputs) {
        if (tensor.gradient === undefined) continue;
        if (firstBackward) new Float32Array(memory.buffer, tensor.gradient, images * size).set(from);
        else kernels.addTo(gradient, images * size, tensor.gradient);
      }
    },
  });
}
