/** A model that is being trained: the integer inference forward, the way back, and the parameters between them. */
import type { Arithmetic } from '../../infer/arithmetic.ts';
import { type Elements, type KernelModule, prepare } from '../../infer/index.ts';
import { readModel } from '../../litert/index.ts';
import type { WasmModule } from '../../tools/wasm.ts';
import { crossEntropy, type Loss, oneHot, softmax } from '../loss.ts';
import { prepareBackward } from './backward.ts';
import { logitsOf } from './logits.ts';
import { type Parameters, parametersOf } from './parameters.ts';

export interface TraineeOptions {
  /** A `.tflite` file. */
  readonly file: Uint8Array;
  readonly arithmetic: Arithmetic;
  readonly loss: Loss;
  readonly kernels: KernelModule;
  readonly trainingKernels: WasmModule;
}

export interface Example {
  readonly input: Elements;
  /** Undefined where the loss needs none. */
  readonly label: number | undefined;
}

/** Sums over examples. */
export interface Learned {
  readonly loss: number;
  /** Examples that got the label, or with distillation the answer of the stock model. */
  readonly right: number;
}

export interface Trainee {
  readonly parameters: Parameters;
  /** @param values integers, in the order of the vector of parameters */
  assign(values: Int32Array): void;
  /** Runs examples forward and back, and puts the sum of their gradients into `gradients`, one a parameter. */
  learn(examples: readonly Example[], gradients: Float32Array): Learned;
}

/** Throws RangeError, naming the operator, where the model cannot run under the arithmetic or cannot be trained. */
export function prepareTrainee({
  file,
  arithmetic,
  loss,
  kernels,
  trainingKernels,
}: TraineeOptions): Trainee {
  const model = readModel(file);
  const parameters = parametersOf(model);
  const program = prepare(model, arithmetic, kernels);
  const backward = prepareBackward(model, arithmetic, parameters, trainingKernels);
  const { tensor: logits, unit } = logitsOf(model);
  const [input] = model.inputs;
  if (input === undefined || model.inputs.length !== 1) {
    throw new RangeError(`the model has ${model.inputs.length} inputs; training takes models with one`);
  }
  const targetOf = targets(loss, { file, kernels, classes: logits.size, unit });
  const temperature = loss.kind === 'distillation' ? loss.temperature : 1;
  let seen = new Int8Array(0) as Elements;
  return {
    parameters,
    assign(values) {
      for (const { tensor, start, end } of parameters.tensors) tensor.data.set(values.subarray(start, end));
      program.refresh();
      backward.reload();
    },
    learn(examples, gradients) {
      backward.parameterGradients.fill(0);
      let [sum, right] = [0, 0];
      for (const example of examples) {
        backward.seeInput(input, example.input);
        program.run([example.input], (operator, output) => {
          backward.see(operator, output);
          if (operator.output === logits) seen = output.slice();
        });
        const target = targetOf(example);
        const { loss: one, gradient } = crossEntropy(seen, unit / temperature, target);
        // At a high temperature gradients are smaller by its square; the loss is taken as many times.
        backward.run(temperature === 1 ? gradient : gradient.map((g) => g * temperature ** 2));
        sum += one;
        if (greatest(seen) === greatest(target)) right += 1;
      }
      gradients.set(backward.parameterGradients);
      return { loss: sum, right };
    },
  };
}

interface TargetOptions {
  readonly file: Uint8Array;
  readonly kernels: KernelModule;
  readonly classes: number;
  readonly unit: number;
}

/** The probabilities that the softmax of the logits should have. */
function targets(
  loss: Loss,
  { file, kernels, classes, unit }: TargetOptions,
): (example: Example) => ArrayLike<number> {
  if (loss.kind === 'labels') return ({ label = 0 }) => oneHot(classes, label);
  // A model of its own: the weights of the other change.
  const teacher = readModel(file);
  const { tensor: logits } = logitsOf(teacher);
  const program = prepare(teacher, 'stock', kernels);
  return ({ input }) => {
    let answer: ArrayLike<number> = [];
    program.run([input], (operator, output) => {
      if (operator.output === logits) answer = softmax(output, unit / loss.temperature);
    });
    return answer;
  };
}

function greatest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
