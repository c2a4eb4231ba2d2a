/** One operator run forward in integers and back in float, for the tests of its gradient. */
import { type Arithmetic, prepare } from '../../infer/index.ts';
import { type Activation, inputsOf, isDotProduct, type Operator } from '../../litert/index.ts';
import { loadTrainingKernels } from '../../train/kernels.ts';
import { GradientMemory } from '../../train/rat/gradients/gradient.ts';
import { prepareGradient } from '../../train/rat/gradients/index.ts';
import { parametersOf } from '../../train/rat/parameters.ts';
import { modelOf } from '../infer/models.ts';

const kernels = await loadTrainingKernels();

export interface WayBack {
  readonly output: Int8Array | Uint8Array;
  /** By input, in the order of `inputsOf`. */
  readonly inputGradients: readonly Float32Array[];
  /** Weights, then bias. */
  readonly parameterGradients: Float32Array;
}

/**
 * @param inputs of the operator, in the order of `inputsOf`
 * @param gradient of the output
 */
export function wayBack(
  operator: Operator,
  arithmetic: Arithmetic,
  inputs: readonly (Int8Array | Uint8Array)[],
  gradient: readonly number[],
): WayBack {
  const tensors: readonly Activation[] = inputsOf(operator);
  const model = modelOf(operator, tensors);
  const [output] = prepare(model, arithmetic).run(inputs);
  if (output === undefined) throw new Error('no output');
  const activations = new Set([...tensors, operator.output]);
  const parameters = parametersOf(model);
  const memory = new GradientMemory(activations, activations, parameters);
  const bind = prepareGradient(operator, arithmetic, memory);
  const machine = memory.build(kernels);
  const step = bind(machine);
  const bytes = new Uint8Array(machine.buffer);
  const set = (tensor: Activation, values: Int8Array | Uint8Array) =>
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.length), memory.values(tensor));
  tensors.forEach((tensor, i) => {
    set(tensor, inputs[i] ?? new Int8Array());
  });
  set(operator.output, output);
  new Float32Array(machine.buffer, memory.gradient(operator.output), output.length).set(gradient);
  step.reload?.();
  step.run();
  return {
    output,
    inputGradients: tensors.map((tensor) =>
      new Float32Array(machine.buffer, memory.gradient(tensor), tensor.size).slice(),
    ),
    parameterGradients: isDotProduct(operator)
      ? new Float32Array(machine.buffer, memory.parameterGradients, parameters.size).slice()
      : new Float32Array(),
  };
}
