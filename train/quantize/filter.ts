/** Weights and bias of a layer as integers. */

import type { Filter } from '../float/network.ts';

export interface QuantizedFilter {
  /** -127..127, in the order of the float weights. */
  readonly weights: Int8Array;
  /** Sw, float32: one a channel, or one for all. */
  readonly scales: readonly number[];
  /** At Sx * Sw of its channel. */
  readonly bias: Int32Array;
}

/** Scales of the activations on both sides of the layer. */
export interface Surroundings {
  /** Sx. */
  readonly input: number;
  /** Sy. */
  readonly output: number;
}

/** Symmetric: -128 has no opposite. */
const LARGEST_WEIGHT = 127;

/** Leaves as much again for the products that are added to the bias. */
const LARGEST_BIAS = 2 ** 30;

/** The hardware has multipliers down to 2^-25. */
const SMALLEST_FACTOR = 2 ** -24;

/**
 * Sw is max|w| / 127, but not so small that the bias would leave its 32 bits or M = Sx*Sw/Sy its multiplier: channels
 * whose weights are all but 0 would otherwise have such. Theirs then round to fewer levels, at an error far below a
 * step of the output.
 *
 * @param axis of the output channels: the `first` one, or the `last`, as in a depthwise filter
 * @param granularity one scale for each channel, or one for the layer
 * @throws RangeError where a weight or a bias is not finite
 */
export function quantizeFilter(
  { weights, bias }: Filter,
  axis: 'first' | 'last',
  granularity: 'channel' | 'layer',
  { input, output }: Surroundings,
): QuantizedFilter {
  const channels = bias.length;
  const size = weights.length / channels;
  const channelOf = (i: number) => (axis === 'first' ? Math.floor(i / size) : i % channels);
  const largest = new Float64Array(channels);
  weights.forEach((weight, i) => {
    const channel = channelOf(i);
    requireFinite(weight, `weight ${i}`);
    largest[channel] = Math.max(largest[channel] ?? 0, Math.abs(weight));
  });
  const needed = [...largest].map((weight, channel) => {
    const offset = bias[channel] ?? 0;
    requireFinite(offset, `bias ${channel}`);
    return Math.max(
      weight / LARGEST_WEIGHT,
      Math.abs(offset) / (input * LARGEST_BIAS),
      (SMALLEST_FACTOR * output) / input,
    );
  });
  const scales = (granularity === 'channel' ? needed : [Math.max(...needed)]).map(Math.fround);
  const scaleOf = (channel: number) => scales[granularity === 'channel' ? channel : 0] ?? 1;
  return {
    weights: Int8Array.from(weights, (weight, i) => {
      const code = Math.round(weight / scaleOf(channelOf(i)));
      // The scale as float32 may be the smaller one.
      return Math.min(Math.max(code, -LARGEST_WEIGHT), LARGEST_WEIGHT);
    }),
    scales,
    bias: Int32Array.from(bias, (offset, channel) => Math.round(offset / (input * scaleOf(channel)))),
  };
}

function requireFinite(value: number, what: string): void {
  if (!Number.isFinite(value)) {
    throw new RangeError(`${what} = ${value} is not finite; the training diverged: lower its learning rate`);
  }
}
