/** Random models of every operator, as `writeModel` takes them. */
import type {
  FusedActivation,
  Given,
  Int8Activation,
  ModelDescription,
  OperatorName,
  Weights,
  Window,
} from '../../litert/index.ts';
import type { Random } from '../../sim/random.ts';

type Tensor = Given<Int8Activation>;
type Operator = ModelDescription['operators'][number];

export const OPERATOR_NAMES = [
  'CONV_2D',
  'DEPTHWISE_CONV_2D',
  'FULLY_CONNECTED',
  'ADD',
  'SUB',
  'MUL',
  'AVERAGE_POOL_2D',
  'MAX_POOL_2D',
  'MEAN',
  'SUM',
  'SOFTMAX',
  'QUANTIZE',
  'RESHAPE',
  'RELU',
  'RELU_N1_TO_1',
  'RELU6',
  'PAD',
] as const satisfies readonly OperatorName[];

/**
 * Operators in this order, each reading the output of the one before. ADD, SUB and MUL read the same tensor twice,
 * or a constant. Where an operator needs an image and there is none any more, a RESHAPE comes before it.
 */
export function randomModel(random: Random, ops: readonly OperatorName[]): ModelDescription {
  const input = activation(random, [
    random.between(1, 2),
    random.between(3, 8),
    random.between(3, 8),
    random.between(1, 9),
  ]);
  const operators: Operator[] = [];
  let last = input;
  for (const op of ops) {
    if (needsImage(op) && last.shape.length !== 4) {
      const reshaped = activation(random, [1, 1, 1, elements(last)]);
      operators.push({ op: 'RESHAPE', input: last, output: reshaped });
      last = reshaped;
    }
    const operator = randomOperator(random, op, last);
    operators.push(operator.made);
    last = operator.output;
  }
  return { description: 'random', inputs: [input], operators, outputs: [last] };
}

function needsImage(op: OperatorName): boolean {
  return /2D|MEAN|SUM/.test(op);
}

function randomOperator(
  random: Random,
  op: OperatorName,
  input: Tensor,
): { readonly made: Operator; readonly output: Tensor } {
  const to = (shape: readonly number[], like?: Partial<Tensor>) => activation(random, shape, like);
  const fused = random.pick<FusedActivation>(['none', 'relu', 'relu_n1_to_1', 'relu6']);
  const [batches = 1, height = 1, width = 1, channels = 1] = input.shape;
  switch (op) {
    case 'CONV_2D': {
      const { window, rows, columns } = randomWindow(random, height, width, random.between(1, 2));
      const outputs = random.between(1, 9);
      const filter = weights(random, [outputs, window.height, window.width, channels], 0);
      const output = to([batches, rows, columns, outputs]);
      return made({ op, input, ...filter, window, activation: fused, output });
    }
    case 'DEPTHWISE_CONV_2D': {
      const { window, rows, columns } = randomWindow(random, height, width, random.between(1, 2));
      const outputs = channels * random.pick([1, 1, 2]);
      const filter = weights(random, [1, window.height, window.width, outputs], 3);
      const output = to([batches, rows, columns, outputs]);
      return made({ op, input, ...filter, window, activation: fused, output });
    }
    case 'FULLY_CONNECTED': {
      const inputs = input.shape.at(-1) ?? 1;
      const outputs = random.between(1, 9);
      const rows = elements(input) / inputs;
      const shape = random.chance(0.5) ? [...input.shape.slice(0, -1), outputs] : [rows, outputs];
      const filter = weights(random, [outputs, inputs], 0);
      return made({ op, input, ...filter, activation: fused, output: to(shape) });
    }
    case 'ADD':
    case 'SUB':
    case 'MUL': {
      const constant = activation(random, random.chance(0.5) ? input.shape : [input.shape.at(-1) ?? 1]);
      const other = random.chance(0.5)
        ? input
        : {
            ...constant,
            data: Int8Array.from({ length: elements(constant) }, () => random.between(-128, 127)),
          };
      const [left, right] = random.chance(0.5) ? [input, other] : [other, input];
      return made({ op, left, right, activation: fused, output: to(input.shape) });
    }
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D': {
      const { window, rows, columns } = randomWindow(random, height, width, 1);
      const output = to([batches, rows, columns, channels], input);
      return made({ op, input, window, activation: fused, output });
    }
    case 'MEAN':
    case 'SUM': {
      const axes = random.pick([[1, 2], [1], [3], [0, 3]]);
      const keepDims = random.chance(0.5);
      const shape = keepDims
        ? input.shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
        : input.shape.filter((_, axis) => !axes.includes(axis));
      return made({ op, input, axes, keepDims, output: to(shape) });
    }
    case 'SOFTMAX':
      return made({ op, input, beta: 1, output: to(input.shape, { scale: 1 / 256, zeroPoint: -128 }) });
    case 'QUANTIZE':
      return made({ op, input, output: to(input.shape) });
    case 'RESHAPE':
      return made({ op, input, output: to([1, elements(input)], input) });
    case 'RELU':
      return made({ op, input, activation: 'relu', output: to(input.shape) });
    case 'RELU_N1_TO_1':
      return made({ op, input, activation: 'relu_n1_to_1', output: to(input.shape) });
    case 'RELU6':
      return made({ op, input, activation: 'relu6', output: to(input.shape) });
    case 'PAD': {
      const before = input.shape.map(() => random.between(0, 2));
      const after = input.shape.map(() => random.between(0, 2));
      const shape = input.shape.map((length, axis) => length + (before[axis] ?? 0) + (after[axis] ?? 0));
      return made({ op, input, before, after, output: to(shape, input) });
    }
  }
}

function made<T extends Operator & { readonly output: Tensor }>(operator: T) {
  return { made: operator, output: operator.output };
}

let count = 0;

/** @param like from where scale and zero point come instead */
function activation(random: Random, shape: readonly number[], like: Partial<Tensor> = {}): Tensor {
  const { scale = Math.fround(2 ** (random.below(1000) / 200 - 6)), zeroPoint = random.between(-128, 127) } =
    like;
  count += 1;
  return {
    role: 'activation',
    type: 'int8',
    name: `activation ${count}`,
    shape,
    scale,
    zeroPoint,
    data: undefined,
  };
}

/** With one scale or one a channel, with or without a bias. */
function weights(random: Random, shape: readonly number[], axis: number) {
  const channels = shape[axis] ?? 1;
  const size = shape.reduce((product, length) => product * length, 1);
  const filter: Given<Weights> = {
    ...({ role: 'weights', type: 'int8', name: 'weights' } as const),
    ...{ shape, axis },
    data: Int8Array.from({ length: size }, () => random.between(-127, 127)),
    scales: Array.from({ length: random.chance(0.3) ? 1 : channels }, () =>
      Math.fround(2 ** (random.below(1000) / 250 - 8)),
    ),
  };
  if (random.chance(0.2)) return { weights: filter, bias: undefined };
  const data = Int32Array.from({ length: channels }, () => random.between(-9999, 9999));
  return {
    weights: filter,
    bias: { role: 'bias', type: 'int32', name: 'bias', shape: [channels], data, scales: [] } as const,
  };
}

/** One that fits into height and width, and how often. */
function randomWindow(random: Random, height: number, width: number, dilation: number) {
  const padding = random.pick<Window['padding']>(['same', 'valid']);
  const along = (size: number) => {
    const fits = (length: number) => (length - 1) * dilation + 1 <= size;
    const length = random.pick([1, 2, 3]);
    const filter = fits(length) ? length : 1;
    const stride = random.between(1, 2);
    const span = (filter - 1) * dilation + 1;
    return { filter, stride, count: Math.ceil((padding === 'same' ? size : size - span + 1) / stride) };
  };
  const [down, across] = [along(height), along(width)];
  const window: Given<Window> = {
    ...{ height: down.filter, width: across.filter, strideHeight: down.stride, strideWidth: across.stride },
    ...{ dilationHeight: dilation, dilationWidth: dilation, padding },
  };
  return { window, rows: down.count, columns: across.count };
}

function elements({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((product, length) => product * length, 1);
}
