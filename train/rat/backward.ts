/** The way back through a whole model, for one image at a time. */
import type { Arithmetic } from '../../infer/arithmetic.ts';
import type { Elements } from '../../infer/index.ts';
import { type Activation, inputsOf, isDotProduct, type Model, type Operator } from '../../litert/index.ts';
import type { WasmModule } from '../../tools/wasm.ts';
import { GradientMemory, valuesIn } from './gradients/gradient.ts';
import { prepareGradient } from './gradients/index.ts';
import { logitsOf } from './logits.ts';
import type { Parameters } from './parameters.ts';

export interface Backward {
  /** Takes the output of an operator from the run that is gone back through; an observer of `Program.run`. */
  see(operator: Operator, output: Elements): void;
  /** Takes an input of the model from that run. */
  seeInput(tensor: Activation, values: Elements): void;
  /** Before the gradients of a loss are filled in. */
  clear(): void;
  /**
   * Of the loss by each of a tensor as an integer, to be filled in; undefined where no parameter has a say, or the
   * logits do not depend on it.
   */
  gradientBy(tensor: Activation): Float32Array | undefined;
  /**
   * Adds the gradient of all parameters for the run that was seen and the gradients that were filled in.
   *
   * @param gradient of the loss, by each of the logits as integers, besides what was filled in
   */
  run(gradient: Float32Array): void;
  /** Of the loss by each parameter in its own unit; the program's own array, which sums over runs until it is cleared. */
  readonly parameterGradients: Float32Array;
  /** Weights of the model have changed in place. */
  reload(): void;
}

/**
 * Throws RangeError, naming the operator, where a model cannot be trained: an operator without gradient, or nothing
 * that has weights.
 */
export function prepareBackward(
  model: Model,
  arithmetic: Arithmetic,
  parameters: Parameters,
  kernels: WasmModule,
): Backward {
  const { tensor: logits } = logitsOf(model);
  const used = operatorsBefore(model, logits);
  const trained = downstreamOfWeights(used);
  if (!trained.has(logits))
    throw new RangeError('the model has no weights before its logits: nothing to train');
  const activations = new Set(used.flatMap((operator) => [...inputsOf(operator), operator.output]));
  const memory = new GradientMemory(activations, trained, parameters);
  const binds = used
    .filter(({ output }) => trained.has(output))
    .map((operator) => prepareGradient(operator, arithmetic, memory))
    .toReversed();
  const machine = memory.build(kernels);
  const views = new Map([...activations].map((tensor) => [tensor, valuesIn(machine, memory, tensor)]));
  for (const [tensor, view] of views) if (tensor.data !== undefined) view.set(tensor.data);
  const gradients = new Map(
    [...activations]
      .filter((tensor) => trained.has(tensor))
      .map((tensor) => [tensor, new Float32Array(machine.buffer, memory.gradient(tensor), tensor.size)]),
  );
  const start = new Float32Array(machine.buffer, memory.gradient(logits), logits.size);
  const steps = binds.map((bind) => bind(machine));
  const reload = () => {
    for (const step of steps) step.reload?.();
  };
  reload();
  return {
    see({ output }, values) {
      views.get(output)?.set(values);
    },
    seeInput(tensor, values) {
      views.get(tensor)?.set(values);
    },
    clear() {
      for (const gradient of gradients.values()) gradient.fill(0);
    },
    gradientBy: (tensor) => gradients.get(tensor),
    run(gradient) {
      gradient.forEach((value, i) => {
        start[i] = (start[i] ?? 0) + value;
      });
      for (const step of steps) step.run();
    },
    parameterGradients: new Float32Array(machine.buffer, memory.parameterGradients, parameters.size),
    reload,
  };
}

/** Those that the logits depend on, in execution order. */
function operatorsBefore({ operators }: Model, logits: Activation): readonly Operator[] {
  const needed = new Set([logits]);
  const used = operators.toReversed().filter((operator) => {
    if (!needed.has(operator.output)) return false;
    for (const input of inputsOf(operator)) needed.add(input);
    return true;
  });
  return used.toReversed();
}

function downstreamOfWeights(operators: readonly Operator[]): ReadonlySet<Activation> {
  const trained = new Set<Activation>();
  for (const operator of operators) {
    if (isDotProduct(operator) || inputsOf(operator).some((input) => trained.has(input))) {
      trained.add(operator.output);
    }
  }
  return trained;
}
