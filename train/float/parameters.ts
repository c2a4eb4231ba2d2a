/** What is trained: one array for all layers, so that threads, optimizers and checkpoints need not know them. */
import { randomFrom } from '../random.ts';
import { type Architecture, type FloatNetwork, type Layer, type Shape, tensorShapes } from './network.ts';

/** A part of an array. */
export interface Span {
  readonly start: number;
  readonly length: number;
}

export interface LayerParameters {
  /** Of `trained`, in the layout of `Filter`. */
  readonly weights: Span;
  /** Of `trained`: what is added to each channel in the end. */
  readonly bias: Span;
  /** With batch normalization. */
  readonly normalization: Normalization | undefined;
}

export interface Normalization {
  /** Of `trained`: by what each normalized channel is multiplied. */
  readonly scale: Span;
  /** Of `statistics`. */
  readonly mean: Span;
  readonly variance: Span;
}

export interface ParameterLayout {
  /** One a layer; undefined where it has no filter. */
  readonly layers: readonly (LayerParameters | undefined)[];
  /** Lengths of the two arrays. */
  readonly trained: number;
  readonly statistics: number;
}

export interface Parameters {
  /** What the optimizer changes. */
  readonly trained: Float32Array;
  /** Running mean and variance of normalized layers. */
  readonly statistics: Float32Array;
}

/** Keeps the square root of a small variance away from 0; TensorFlow's default. */
export const VARIANCE_EPSILON = 1e-3;

export interface FilterShape {
  readonly outputs: number;
  /** Products that make one output. */
  readonly terms: number;
}

/** Undefined for a layer without filter. @param from shape of what the layer reads */
export function filterShape(layer: Layer, from: Shape): FilterShape | undefined {
  switch (layer.kind) {
    case 'convolution':
      return { outputs: layer.channels, terms: layer.kernel ** 2 * from.channels };
    case 'depthwise':
      return { outputs: from.channels, terms: layer.kernel ** 2 };
    case 'dense':
      return { outputs: layer.channels, terms: from.height * from.width * from.channels };
    default:
      return undefined;
  }
}

export function parameterLayout(architecture: Architecture): ParameterLayout {
  const shapes = tensorShapes(architecture);
  let trained = 0;
  let statistics = 0;
  const ofTrained = (length: number): Span => {
    trained += length;
    return { start: trained - length, length };
  };
  const ofStatistics = (length: number): Span => {
    statistics += length;
    return { start: statistics - length, length };
  };
  const layers = architecture.layers.map((layer): LayerParameters | undefined => {
    const from = shapes[layer.from];
    const filter = from && filterShape(layer, from);
    if (filter === undefined || !('normalization' in layer)) return undefined;
    const { outputs, terms } = filter;
    return {
      weights: ofTrained(outputs * terms),
      bias: ofTrained(outputs),
      normalization:
        layer.normalization === 'none'
          ? undefined
          : { scale: ofTrained(outputs), mean: ofStatistics(outputs), variance: ofStatistics(outputs) },
    };
  });
  return { layers, trained, statistics };
}

export function part(values: Float32Array, { start, length }: Span): Float32Array {
  return values.subarray(start, start + length);
}

/** Weights normally distributed with the variance 2 / terms (He et al. 2015), everything else neutral. */
export function initialParameters(architecture: Architecture, seed: number): Parameters {
  const layout = parameterLayout(architecture);
  const trained = new Float32Array(layout.trained);
  const statistics = new Float32Array(layout.statistics);
  const normal = normalDistribution(randomFrom(seed));
  for (const layer of layout.layers) {
    if (layer === undefined) continue;
    const weights = part(trained, layer.weights);
    const deviation = Math.sqrt((2 * layer.bias.length) / layer.weights.length);
    for (let i = 0; i < weights.length; i += 1) weights[i] = deviation * normal();
    if (layer.normalization === undefined) continue;
    part(trained, layer.normalization.scale).fill(1);
    part(statistics, layer.normalization.variance).fill(1);
  }
  return { trained, statistics };
}

/** Mean 0, variance 1, by Box and Muller. @param next numbers in [0, 1) */
function normalDistribution(next: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** The network for inference: batch normalization, with the running statistics, becomes part of filter and bias. */
export function foldNormalization(
  architecture: Architecture,
  { trained, statistics }: Parameters,
): FloatNetwork {
  const { layers } = parameterLayout(architecture);
  const filters = layers.map((layer, index) => {
    if (layer === undefined) return undefined;
    const weights = part(trained, layer.weights).slice();
    const bias = part(trained, layer.bias).slice();
    if (layer.normalization === undefined) return { weights, bias };
    const { scale, mean, variance } = layer.normalization;
    const factors = Float64Array.from(part(trained, scale), (value, c) => {
      return value / Math.sqrt((statistics[variance.start + c] ?? 0) + VARIANCE_EPSILON);
    });
    const depthwise = architecture.layers[index]?.kind === 'depthwise';
    const terms = weights.length / bias.length;
    weights.forEach((weight, i) => {
      weights[i] = weight * (factors[depthwise ? i % bias.length : Math.floor(i / terms)] ?? 0);
    });
    bias.forEach((value, c) => {
      bias[c] = value - (statistics[mean.start + c] ?? 0) * (factors[c] ?? 0);
    });
    return { weights, bias };
  });
  return { architecture, filters };
}
