/**
 * Folding of one layer: its factors M become k-bit numbers M', and its weights make up for the difference.
 *
 * With Sw' = Sw * M'/M the real weight q*Sw is the code q * M/M' at the new scale, rounded again. M' > M makes the
 * codes smaller, and so coarser; M' < M makes them larger, and some may be cut off. The layer gets, for each output channel,
 * the M' whose weights come out nearest to the old ones.
 */
import { channelWeights, type DotProduct, rescaleFactors, type Weights } from '../litert/index.ts';
import { float32AtLeast, nextFloat32 } from './float32.ts';
import { kBitAtLeast, nextKBit } from './k-bit.ts';
import { clampInt32 } from './requantize.ts';
import { type Metric, roundInMetric } from './rounding.ts';

export interface FoldedLayer {
  /** M' of each output channel. */
  readonly factors: Float64Array;
  /** As many as the weights have. */
  readonly scales: readonly number[];
  /** In the layout of the weights. */
  readonly weights: Int8Array;
  /** One for each output channel. */
  readonly bias: Int32Array;
}

/** What is known of a layer's inputs; for each channel that it reads, or one for all. */
export interface InputStatistics {
  /** Of x - Zx, one for each weight of an output channel. */
  readonly mean: Float64Array;
  readonly metric: Metric;
}

/** Weights are symmetric: -128 is not used (LiteRT's quantization specification). */
const LARGEST_WEIGHT = 127;

/** The hardware's shift ends at 24 + k, so that this is the least normalized factor; see golden's `maxShift`. */
const LEAST_FACTOR = 2 ** -25;

/** @param inputs none: each weight is rounded for itself */
export function foldLayer(layer: DotProduct, k: number, inputs?: readonly InputStatistics[]): FoldedLayer {
  const { weights } = layer;
  const before = rescaleFactors(layer);
  const factors = Float64Array.from(targetFactors(weights, before, k));
  const folded = new Int8Array(weights.size);
  const bias = new Int32Array(weights.channels);
  for (let channel = 0; channel < weights.channels; channel++) {
    const ratio = (before[channel] ?? 1) / (factors[channel] ?? 1);
    const wanted = Float64Array.from(channelWeights(weights, channel), (q) => q * ratio);
    // DEPTHWISE_CONV_2D: channel c * depthMultiplier + j reads channel c.
    const statistics = inputs?.[Math.floor((channel * inputs.length) / weights.channels)];
    const rounded =
      statistics === undefined
        ? Int8Array.from(wanted, roundedWeight)
        : roundInMetric(wanted, statistics.metric, LARGEST_WEIGHT);
    setChannelWeights(folded, weights, channel, rounded);
    // What the rounding of weights takes off the mean of the accumulator.
    const lost = wanted.reduce((sum, w, i) => sum + (w - (rounded[i] ?? 0)) * (statistics?.mean[i] ?? 0), 0);
    bias[channel] = clampInt32(Math.round((layer.bias?.data[channel] ?? 0) * ratio + lost));
  }
  return {
    factors,
    scales: scalesFor(layer, factors),
    weights: folded,
    bias: layer.bias === undefined ? new Int32Array(0) : bias,
  };
}

/** M' of each channel; the same for all where the tensor has one scale. */
function targetFactors(weights: Weights, before: Float64Array, k: number): readonly number[] {
  const channels = Array.from(before, (_, channel) => channelWeights(weights, channel));
  if (weights.scales.length > 1) {
    return channels.map((codes, channel) => targetFactor([codes], before[channel] ?? 1, k));
  }
  const target = targetFactor(channels, before[0] ?? 1, k);
  return channels.map(() => target);
}

function targetFactor(channels: readonly Int8Array[], M: number, k: number): number {
  const largest = Math.max(LEAST_FACTOR, kBitAtLeast(M, k));
  let [best, least] = [largest, roundingError(channels, M / largest)];
  for (
    let factor = Math.max(LEAST_FACTOR, kBitAtLeast(M / 2, k));
    factor < largest;
    factor = nextKBit(factor, k)
  ) {
    const error = roundingError(channels, M / factor);
    if (error < least) [best, least] = [factor, error];
  }
  return best;
}

/** Squared error of the weights in units of their old step. */
function roundingError(channels: readonly Int8Array[], ratio: number): number {
  let sum = 0;
  for (const codes of channels) for (const q of codes) sum += (roundedWeight(q * ratio) / ratio - q) ** 2;
  return sum;
}

function roundedWeight(code: number): number {
  return Math.min(Math.max(Math.round(code), -LARGEST_WEIGHT), LARGEST_WEIGHT);
}

function setChannelWeights(
  all: Int8Array,
  { axis, channels }: Weights,
  channel: number,
  codes: Int8Array,
): void {
  if (axis === 0) {
    all.set(codes, channel * codes.length);
  } else {
    codes.forEach((code, i) => {
      all[i * channels + channel] = code;
    });
  }
}

/**
 * The least float32 Sw with which the factors, as LiteRT computes them, are not below the wanted ones: truncation
 * to k bits must not find the number before.
 */
function scalesFor(layer: DotProduct, factors: Float64Array): readonly number[] {
  const { input, output, weights } = layer;
  const scales = weights.scales.map((_, channel) =>
    float32AtLeast(((factors[channel] ?? 1) * output.scale) / input.scale),
  );
  for (;;) {
    const computed = rescaleFactors({ ...layer, weights: { ...weights, scales } });
    const low = scales.flatMap((_, channel) =>
      (computed[channel] ?? 0) < (factors[channel] ?? 0) ? [channel] : [],
    );
    if (low.length === 0) return scales;
    for (const channel of low) scales[channel] = nextFloat32(scales[channel] ?? 1);
  }
}
