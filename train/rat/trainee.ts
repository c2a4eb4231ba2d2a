/** A model that is being trained: the integer inference forward, the way back, and the parameters between them. */
import type { Arithmetic } from '../../infer/arithmetic.ts';
import { type Elements, type KernelModule, prepare } from '../../infer/index.ts';
import { readModel } from '../../litert/index.ts';
import type { WasmModule } from '../../tools/wasm.ts';
import { crossEntropy, type Loss, oneHot, relativeError, softmax } from '../loss.ts';
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
  const teach = teacher(loss, { file, kernels, classes: logits.size, unit });
  const { temperature, layerWeight } =
    loss.kind === 'distillation' ? loss : { temperature: 1, layerWeight: 0 };
  const layers = model.operators.filter(({ output }) => backward.gradientBy(output) !== undefined).length;
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
        const { target, outputs } = teach(example);
        backward.clear();
        backward.seeInput(input, example.input);
        program.run([example.input], (operator, output) => {
          backward.see(operator, output);
          if (operator.output === logits) seen = output.slice();
          const [wanted, gradient] = [outputs.get(operator.index), backward.gradientBy(operator.output)];
          if (wanted === undefined || gradient === undefined) return;
          sum += relativeError(output, wanted, operator.output.zeroPoint, layerWeight / layers, gradient);
        });
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

interface TeacherOptions {
  readonly file: Uint8Array;
  readonly kernels: KernelModule;
  readonly classes: number;
  readonly unit: number;
}

/** What an example should come to. */
interface Lesson {
  /** The probabilities that the softmax of the logits should have. */
  readonly target: ArrayLike<number>;
  /** What operators should put out, by index, as far as that counts. */
  readonly outputs: ReadonlyMap<number, Elements>;
}

function teacher(loss: Loss, { file, kernels, classes, unit }: TeacherOptions): (example: Example) => Lesson {
  const outputs = new Map<number, Elements>();
  if (loss.kind === 'labels') return ({ label = 0 }) => ({ target: oneHot(classes, label), outputs });
  // A model of its own: the weights of the other change.
  const stock = readModel(file);
  const { tensor: logits } = logitsOf(stock);
  const program = prepare(stock, 'stock', kernels);
  return ({ input }) => {
    let target: ArrayLike<number> = [];
    program.run([input], (operator, output) => {
      if (operator.output === logits) target = softmax(output, unit / loss.temperature);
      if (loss.layerWeight > 0) outputs.set(operator.index, output.slice());
    });
    return { target, outputs };
  };
}

function greatest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}
