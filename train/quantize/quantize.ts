/** Post-training quantization in LiteRT's scheme. */

import type { Given, Int8Activation, ModelDescription, Weights, Window } from '../../litert/index.ts';
import { type Filter, type FloatNetwork, type Layer, type Shape, tensorShapes } from '../float/network.ts';
import { type Affine, affineOver, type Range } from './affine.ts';
import { quantizeFilter } from './filter.ts';

type Tensor = Given<Int8Activation>;
type Operator = ModelDescription['operators'][number];

/**
 * Weights symmetric, with one scale a channel, but one for a dense layer; activations affine over their ranges, the
 * clamp of ReLU and ReLU6 fused. Pools keep the scale of their input. A dense layer reads an image as a row. The model
 * takes one image a run and gives its logits; `layerName` says which activation belongs to which layer.
 *
 * @param ranges of each tensor of the network, its input first, see `calibrate`
 * @throws RangeError naming the layer, where a weight or a bias is not finite
 */
export function quantizeNetwork(network: FloatNetwork, ranges: readonly Range[]): ModelDescription {
  const { name, layers } = network.architecture;
  const shapes = tensorShapes(network.architecture);
  const activations: Tensor[] = [activation('input', imageShape(at(shapes, 0)), affineOver(at(ranges, 0)))];
  const operators: Operator[] = [];
  layers.forEach((layer, i) => {
    const tensor = i + 1;
    const label = layerName(layer, i);
    const input = at(activations, layer.from);
    const shape = at(shapes, tensor);
    const output = activation(
      label,
      layer.kind === 'dense' ? [1, shape.channels] : imageShape(shape),
      layer.kind === 'max-pool' || layer.kind === 'global-average-pool'
        ? input
        : affineOver(at(ranges, tensor)),
    );
    activations.push(output);
    operators.push(...operatorsOf(layer, network.filters[i], { label, activations, input, output }));
  });
  const [input, logits] = [at(activations, 0), at(activations, layers.length)];
  return { description: name, inputs: [input], operators, outputs: [logits] };
}

/** What the output of a layer is called in the model. */
export function layerName({ kind }: Layer, index: number): string {
  return `${index}/${kind}`;
}

interface Place {
  readonly label: string;
  readonly activations: readonly Tensor[];
  readonly input: Tensor;
  readonly output: Tensor;
}

function operatorsOf(layer: Layer, filter: Filter | undefined, place: Place): readonly Operator[] {
  const { label, activations, input, output } = place;
  switch (layer.kind) {
    case 'convolution':
      return [
        {
          op: 'CONV_2D',
          input,
          ...integerFilter(filter, place, {
            shape: [layer.channels, layer.kernel, layer.kernel, at(input.shape, 3)],
            axis: 0,
            granularity: 'channel',
          }),
          window: windowOf(layer.kernel, layer.stride, 'same'),
          activation: layer.activation,
          output,
        },
      ];
    case 'depthwise':
      return [
        {
          op: 'DEPTHWISE_CONV_2D',
          input,
          ...integerFilter(filter, place, {
            shape: [1, layer.kernel, layer.kernel, at(input.shape, 3)],
            axis: 3,
            granularity: 'channel',
          }),
          window: windowOf(layer.kernel, layer.stride, 'same'),
          activation: layer.activation,
          output,
        },
      ];
    case 'dense': {
      const size = input.shape.reduce((product, length) => product * length, 1);
      const row = input.shape.length === 2 ? input : activation(`${label}/row`, [1, size], input);
      const reshape: readonly Operator[] = row === input ? [] : [{ op: 'RESHAPE', input, output: row }];
      return [
        ...reshape,
        {
          op: 'FULLY_CONNECTED',
          input: row,
          ...integerFilter(filter, place, {
            shape: [layer.channels, size],
            axis: 0,
            granularity: 'layer',
          }),
          activation: layer.activation,
          output,
        },
      ];
    }
    case 'add':
      return [
        { op: 'ADD', left: input, right: at(activations, layer.and), activation: layer.activation, output },
      ];
    case 'max-pool':
      return [
        {
          op: 'MAX_POOL_2D',
          input,
          window: windowOf(layer.size, layer.size, 'valid'),
          activation: 'none',
          output,
        },
      ];
    case 'global-average-pool': {
      const [, height = 1, width = 1] = input.shape;
      const window = { ...windowOf(height, 1, 'valid'), width };
      return [{ op: 'AVERAGE_POOL_2D', input, window, activation: 'none', output }];
    }
  }
}

interface FilterLayout {
  readonly shape: readonly number[];
  /** Of the output channels. */
  readonly axis: 0 | 3;
  readonly granularity: 'channel' | 'layer';
}

function integerFilter(
  filter: Filter | undefined,
  { label, input, output }: Place,
  { shape, axis, granularity }: FilterLayout,
) {
  if (filter === undefined) throw new RangeError(`layer ${label} has no filter`);
  const { weights, scales, bias } = orNamed(label, () =>
    quantizeFilter(filter, axis === 0 ? 'first' : 'last', granularity, {
      input: input.scale,
      output: output.scale,
    }),
  );
  const integers: Given<Weights> = {
    ...({ role: 'weights', type: 'int8', name: `${label}/weights` } as const),
    ...{ shape, axis, data: weights, scales },
  };
  return {
    weights: integers,
    bias: {
      ...({ role: 'bias', type: 'int32', name: `${label}/bias` } as const),
      ...{ shape: [bias.length], data: bias },
      scales: scales.map((scale) => Math.fround(input.scale * scale)),
    },
  } as const;
}

function orNamed<T>(label: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new RangeError(`layer ${label}: ${error.message}`, { cause: error });
  }
}

function activation(name: string, shape: readonly number[], { scale, zeroPoint }: Affine): Tensor {
  return { role: 'activation', type: 'int8', name, shape, scale, zeroPoint, data: undefined };
}

function imageShape({ height, width, channels }: Shape): readonly number[] {
  return [1, height, width, channels];
}

function windowOf(size: number, stride: number, padding: Window['padding']): Given<Window> {
  return {
    ...{ height: size, width: size, strideHeight: stride, strideWidth: stride },
    ...{ dilationHeight: 1, dilationWidth: 1, padding },
  };
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`there is no number ${index} among ${list.length}`);
  return value;
}
