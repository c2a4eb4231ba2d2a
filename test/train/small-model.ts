/** A small classifier with every way that gradients take, and images that it can learn. */
import type { Samples } from '../../accuracy/index.ts';
import {
  type Given,
  type Int8Activation,
  type ModelDescription,
  type Weights,
  type Window,
  writeModel,
} from '../../litert/index.ts';
import { Random } from '../../sim/random.ts';

const SIDE = 6;
const CLASSES = 4;

function activation(shape: readonly number[], scale: number, zeroPoint: number): Given<Int8Activation> {
  return {
    role: 'activation',
    type: 'int8',
    name: 'a',
    shape,
    scale: Math.fround(scale),
    zeroPoint,
    data: undefined,
  };
}

const WINDOW: Given<Window> = {
  ...{ height: 3, width: 3, strideHeight: 1, strideWidth: 1, dilationHeight: 1, dilationWidth: 1 },
  padding: 'same',
};

/** CONV_2D, DEPTHWISE_CONV_2D, ADD around the latter, AVERAGE_POOL_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX. */
export function smallModel(seed: number): Uint8Array {
  return writeModel(describeSmallModel(seed));
}

/** The same with a RELU behind its SOFTMAX. */
export function modelWithoutGradient(): Uint8Array {
  const model = describeSmallModel(1);
  const [input] = model.outputs;
  if (input?.type !== 'int8') throw new Error('the model has int8 outputs');
  const output = activation([1, CLASSES], 1 / 256, -128);
  const relu = { op: 'RELU', activation: 'relu', input, output } as const;
  return writeModel({ ...model, operators: [...model.operators, relu], outputs: [output] });
}

function describeSmallModel(seed: number): ModelDescription {
  const random = new Random(seed);
  const weights = (shape: readonly number[], axis: number): Given<Weights> => ({
    ...({ role: 'weights', type: 'int8', name: 'w', shape, axis } as const),
    data: Int8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.between(-60, 60)),
    scales: Array.from({ length: shape[axis] ?? 1 }, () => Math.fround(0.003 + random.below(100) / 20_000)),
  });
  const bias = (channels: number) => ({
    ...({ role: 'bias', type: 'int32', name: 'b', shape: [channels], scales: [] } as const),
    data: Int32Array.from({ length: channels }, () => random.between(-200, 200)),
  });
  const input = activation([1, SIDE, SIDE, 2], 1 / 64, 5);
  const first = activation([1, SIDE, SIDE, 6], 0.02, -128);
  const second = activation([1, SIDE, SIDE, 6], 0.02, -10);
  const sum = activation([1, SIDE, SIDE, 6], 0.03, -128);
  const pooled = activation([1, 1, 1, 6], 0.03, -128);
  const flat = activation([1, 6], 0.03, -128);
  const logits = activation([1, CLASSES], 0.03, 0);
  const output = { ...activation([1, CLASSES], 1 / 256, -128) };
  return {
    description: 'small',
    inputs: [input],
    outputs: [output],
    operators: [
      {
        op: 'CONV_2D',
        activation: 'relu',
        input,
        weights: weights([6, 3, 3, 2], 0),
        bias: bias(6),
        window: WINDOW,
        output: first,
      },
      {
        op: 'DEPTHWISE_CONV_2D',
        activation: 'none',
        input: first,
        weights: weights([1, 3, 3, 6], 3),
        bias: bias(6),
        window: WINDOW,
        output: second,
      },
      { op: 'ADD', activation: 'relu', left: first, right: second, output: sum },
      {
        op: 'AVERAGE_POOL_2D',
        activation: 'none',
        input: sum,
        window: { ...WINDOW, height: SIDE, width: SIDE, padding: 'valid' },
        output: pooled,
      },
      { op: 'RESHAPE', input: pooled, output: flat },
      {
        op: 'FULLY_CONNECTED',
        activation: 'none',
        input: flat,
        weights: weights([CLASSES, 6], 0),
        bias: bias(CLASSES),
        output: logits,
      },
      { op: 'SOFTMAX', input: logits, beta: 1, output },
    ],
  };
}

/** Of each class the values lie about another mean. */
export function smallSamples(count: number, seed: number): Samples {
  const random = new Random(seed);
  const classes = Array.from({ length: count }, () => random.below(CLASSES));
  const inputs = classes.map((label) =>
    Int8Array.from(
      { length: SIDE * SIDE * 2 },
      (_, i) => random.between(-80, 80) + Math.round((i % 2 === 0 ? 1 : -1) * (label - 1.5) * 20),
    ),
  );
  return {
    count,
    classes,
    description: `${count} small images`,
    load: async (start, end) => inputs.slice(start, end),
  };
}
