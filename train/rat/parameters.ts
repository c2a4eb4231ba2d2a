/** What training changes: weights and biases of the operators with weights, as one vector in the model's own units. */
import { type Bias, type DotProduct, isDotProduct, type Model, type Weights } from '../../litert/index.ts';

/** LiteRT's weights are symmetric: -128 is not used. */
const LARGEST_WEIGHT = 127;
const LARGEST_BIAS = 2 ** 31 - 1;

export interface ParameterTensor {
  readonly tensor: Weights | Bias;
  /** The first operator that reads it. */
  readonly operator: DotProduct;
  /** Of its elements in the vector. */
  readonly start: number;
  readonly end: number;
}

export interface Parameters {
  readonly tensors: readonly ParameterTensor[];
  /** Elements of the vector. */
  readonly size: number;
}

/** A tensor that several operators read is there once. */
export function parametersOf({ operators }: Model): Parameters {
  const tensors = new Map<Weights | Bias, ParameterTensor>();
  let size = 0;
  for (const operator of operators.filter(isDotProduct)) {
    for (const tensor of [operator.weights, operator.bias]) {
      if (tensor === undefined || tensors.has(tensor)) continue;
      tensors.set(tensor, { tensor, operator, start: size, end: size + tensor.size });
      size += tensor.size;
    }
  }
  return { tensors: [...tensors.values()], size };
}

/** The integers of the model, as they are now. Float64 holds every one. */
export function parameterValues({ tensors, size }: Parameters): Float64Array {
  const values = new Float64Array(size);
  for (const { tensor, start } of tensors) values.set(tensor.data, start);
  return values;
}

/** Real value of one unit of each parameter: Sw of a weight, Sx * Sw of a bias. */
export function parameterUnits({ tensors, size }: Parameters): Float64Array {
  const units = new Float64Array(size);
  for (const parameter of tensors) {
    const { tensor, operator, start, end } = parameter;
    const { scales } = operator.weights;
    const inputScale = tensor.role === 'bias' ? operator.input.scale : 1;
    for (let i = start; i < end; i++) {
      units[i] = inputScale * (scales[scales.length === 1 ? 0 : channelOf(parameter, i)] ?? 1);
    }
  }
  return units;
}

/** The output channel that an element belongs to. @param index in the vector */
export function channelOf({ tensor, operator, start }: ParameterTensor, index: number): number {
  const { channels, axis } = operator.weights;
  // Elements of a channel lie together, unless channels are the last axis.
  const run = tensor.role === 'weights' && axis === 0 ? tensor.size / channels : 1;
  return Math.floor((index - start) / run) % channels;
}

/** Each to the nearest integer that its tensor can have, a half up. */
export function integersOf({ tensors, size }: Parameters, values: Float64Array): Int32Array {
  const integers = new Int32Array(size);
  for (const { tensor, start, end } of tensors) {
    const limit = tensor.role === 'weights' ? LARGEST_WEIGHT : LARGEST_BIAS;
    for (let i = start; i < end; i++) {
      integers[i] = Math.min(Math.max(Math.floor((values[i] ?? 0) + 0.5), -limit), limit);
    }
  }
  return integers;
}
