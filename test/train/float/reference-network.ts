/** A network in training, in float64, as its definition says it: loops over everything, no gradients. */
import type { Activation, Architecture, Layer, Shape } from '../../../train/float/network.ts';
import { tensorShapes } from '../../../train/float/network.ts';
import { type ParameterLayout, parameterLayout, type Span } from '../../../train/float/parameters.ts';

const EPSILON = 1e-3;

export interface Forward {
  /** Every tensor, the input first, [images][height][width][channels]. */
  readonly tensors: readonly Float64Array[];
  readonly statistics: Float64Array;
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;
const sizeOf = ({ height, width, channels }: Shape) => height * width * channels;

export function forward(
  architecture: Architecture,
  trained: Float64Array,
  input: Float64Array,
  images: number,
): Forward {
  const shapes = tensorShapes(architecture);
  const layout = parameterLayout(architecture);
  const statistics = new Float64Array(layout.statistics);
  const tensors = [input];
  architecture.layers.forEach((layer, index) => {
    const from = shapes[layer.from] as Shape;
    const to = shapes[index + 1] as Shape;
    const x = tensors[layer.from] as Float64Array;
    const y = new Float64Array(images * sizeOf(to));
    for (let image = 0; image < images; image += 1) {
      const source = x.subarray(image * sizeOf(from), (image + 1) * sizeOf(from));
      const target = y.subarray(image * sizeOf(to), (image + 1) * sizeOf(to));
      if (layer.kind === 'add') {
        const other = (tensors[layer.and] as Float64Array).subarray(image * sizeOf(to));
        target.forEach((_, i) => {
          target[i] = activate(at(source, i) + at(other, i), layer.activation);
        });
      } else if (layer.kind === 'max-pool' || layer.kind === 'global-average-pool') {
        pool(layer, source, from, target, to);
      } else {
        const span = layout.layers[index]?.weights as Span;
        linear(layer, source, from, target, to, trained.subarray(span.start, span.start + span.length));
      }
    }
    if ('normalization' in layer) finish(layer, layout, index, trained, y, to, statistics);
    tensors.push(y);
  });
  return { tensors, statistics };
}

function activate(value: number, activation: Activation): number {
  if (activation === 'none') return value;
  return Math.min(Math.max(value, 0), activation === 'relu6' ? 6 : Infinity);
}

function pool(layer: Layer, x: Float64Array, from: Shape, y: Float64Array, to: Shape): void {
  const height = layer.kind === 'max-pool' ? layer.size : from.height;
  const width = layer.kind === 'max-pool' ? layer.size : from.width;
  for (let row = 0; row < to.height; row += 1) {
    for (let column = 0; column < to.width; column += 1) {
      for (let c = 0; c < to.channels; c += 1) {
        const values: number[] = [];
        for (let i = 0; i < height; i += 1) {
          for (let j = 0; j < width; j += 1) {
            const pixel = (row * height + i) * from.width + column * width + j;
            values.push(at(x, pixel * from.channels + c));
          }
        }
        const sum = values.reduce((total, value) => total + value, 0);
        y[(row * to.width + column) * to.channels + c] =
          layer.kind === 'max-pool' ? Math.max(...values) : sum / values.length;
      }
    }
  }
}

function linear(
  layer: Extract<Layer, { readonly normalization: unknown }>,
  x: Float64Array,
  from: Shape,
  y: Float64Array,
  to: Shape,
  weights: Float64Array,
): void {
  if (layer.kind === 'dense') {
    y.forEach((_, o) => {
      y[o] = x.reduce((sum, value, i) => sum + value * at(weights, o * x.length + i), 0);
    });
    return;
  }
  const { kernel, stride } = layer;
  const before = (size: number) =>
    Math.floor(Math.max((Math.ceil(size / stride) - 1) * stride + kernel - size, 0) / 2);
  for (let row = 0; row < to.height; row += 1) {
    for (let column = 0; column < to.width; column += 1) {
      for (let o = 0; o < to.channels; o += 1) {
        let sum = 0;
        for (let i = 0; i < kernel; i += 1) {
          for (let j = 0; j < kernel; j += 1) {
            const yIn = row * stride + i - before(from.height);
            const xIn = column * stride + j - before(from.width);
            if (yIn < 0 || xIn < 0 || yIn >= from.height || xIn >= from.width) continue;
            const pixel = (yIn * from.width + xIn) * from.channels;
            const tap = i * kernel + j;
            if (layer.kind === 'depthwise') sum += at(x, pixel + o) * at(weights, tap * to.channels + o);
            else {
              for (let c = 0; c < from.channels; c += 1) {
                sum += at(x, pixel + c) * at(weights, (o * kernel * kernel + tap) * from.channels + c);
              }
            }
          }
        }
        y[(row * to.width + column) * to.channels + o] = sum;
      }
    }
  }
}

function finish(
  layer: Extract<Layer, { readonly normalization: unknown }>,
  layout: ParameterLayout,
  index: number,
  trained: Float64Array,
  y: Float64Array,
  { channels }: Shape,
  statistics: Float64Array,
): void {
  const parameters = layout.layers[index];
  if (parameters === undefined) throw new Error('no parameters');
  for (let c = 0; c < channels; c += 1) {
    const values = y.filter((_, i) => i % channels === c);
    const bias = at(trained, parameters.bias.start + c);
    let [scale, mean] = [1, 0];
    if (parameters.normalization !== undefined) {
      mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      scale = at(trained, parameters.normalization.scale.start + c) / Math.sqrt(variance + EPSILON);
      statistics[parameters.normalization.mean.start + c] = mean;
      statistics[parameters.normalization.variance.start + c] = variance;
    }
    for (let i = c; i < y.length; i += channels) {
      y[i] = activate((at(y, i) - mean) * scale + bias, layer.activation);
    }
  }
}

/** Mean cross-entropy of softmax with label smoothing. */
export function lossOf(logits: Float64Array, labels: Uint8Array, smoothing: number): number {
  const classes = logits.length / labels.length;
  let loss = 0;
  labels.forEach((label, image) => {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    const sum = row.reduce((total, value) => total + Math.exp(value), 0);
    row.forEach((value, c) => {
      const target = (c === label ? 1 - smoothing : 0) + smoothing / classes;
      loss -= target * Math.log(Math.exp(value) / sum);
    });
  });
  return loss / labels.length;
}
