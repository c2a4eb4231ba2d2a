/** What follows a linear layer: batch normalization or a bias, and the activation. */
import type { Layout } from '../layout.ts';
import type { Activation } from '../network.ts';
import { VARIANCE_EPSILON } from '../parameters.ts';
import { rangeOf } from './activation.ts';
import type { Machine } from './step.ts';

interface Shared {
  /** Output of the linear layer, [images][positions][channels]. */
  readonly linear: number;
  readonly output: number;
  /** Of the output; becomes the one of the linear layer's. */
  readonly gradient: number | undefined;
  readonly positions: number;
  readonly channels: number;
  readonly activation: Activation;
  /** Addresses of what is added in the end, and of its gradient. */
  readonly bias: number;
  readonly biasGradient: number | undefined;
}

export interface Finish {
  forward(images: number): void;
  backward(images: number): void;
}

export type FinishPlan = (machine: Machine) => Finish;

/** Bias and activation, in place. */
export function planBias(layout: Layout, finish: Shared): FinishPlan {
  const { linear, output, gradient, positions, channels, activation, bias, biasGradient } = finish;
  const { least, greatest } = rangeOf(activation);
  const ones = layout.constant(new Float32Array(channels).fill(1));
  const zeros = layout.floats(channels);
  const sums = layout.doubles(2 * channels);
  return ({ kernels, memory }) => ({
    forward(images) {
      kernels.scaleAndShift(linear, images * positions, channels, ones, bias, least, greatest, output);
    },
    backward(images) {
      if (gradient === undefined || biasGradient === undefined) return;
      const totals = new Float64Array(memory.buffer, sums, 2 * channels).fill(0);
      // What came out tells whether the activation cut off, as what went in is gone.
      kernels.gradientMoments(
        ...([gradient, output, images * positions, channels, ones, zeros] as const),
        ...([least, greatest, zeros, zeros, sums] as const),
      );
      addTotals(totals.subarray(0, channels), new Float32Array(memory.buffer, biasGradient, channels));
    },
  });
}

interface Normalized extends Shared {
  /** Addresses of the factor of each normalized channel, and of its gradient. */
  readonly scale: number;
  readonly scaleGradient: number;
  /** Where mean and variance of this batch go. */
  readonly mean: number;
  readonly variance: number;
}

/** Batch normalization (Ioffe and Szegedy 2015) with the statistics of the batch, and activation. */
export function planNormalization(layout: Layout, finish: Normalized): FinishPlan {
  const { linear, output, gradient, positions, channels, activation, bias, biasGradient } = finish;
  const { scale, scaleGradient, mean, variance } = finish;
  const { least, greatest } = rangeOf(activation);
  const [factor, shift, inverse] = [
    layout.floats(channels),
    layout.floats(channels),
    layout.floats(channels),
  ];
  const [a, b, c] = [layout.floats(channels), layout.floats(channels), layout.floats(channels)];
  const sums = layout.doubles(2 * channels);
  return ({ kernels, memory }) => {
    const floats = (address: number) => new Float32Array(memory.buffer, address, channels);
    const totals = new Float64Array(memory.buffer, sums, 2 * channels);
    return {
      forward(images) {
        const rows = images * positions;
        totals.fill(0);
        // About the first row: near enough to the mean for the difference of the moments to be exact.
        floats(c).set(floats(linear));
        kernels.moments(linear, rows, channels, c, sums);
        const about = floats(c);
        for (let i = 0; i < channels; i += 1) {
          const first = at(totals, i) / rows;
          const spread = Math.max(0, at(totals, channels + i) / rows - first * first);
          const inverseDeviation = 1 / Math.sqrt(spread + VARIANCE_EPSILON);
          const average = at(about, i) + first;
          floats(mean)[i] = average;
          floats(variance)[i] = spread;
          floats(inverse)[i] = inverseDeviation;
          floats(factor)[i] = at(floats(scale), i) * inverseDeviation;
          floats(shift)[i] = at(floats(bias), i) - average * at(floats(scale), i) * inverseDeviation;
        }
        kernels.scaleAndShift(linear, rows, channels, factor, shift, least, greatest, output);
      },
      backward(images) {
        if (gradient === undefined || biasGradient === undefined) return;
        const rows = images * positions;
        totals.fill(0);
        kernels.gradientMoments(
          ...([gradient, linear, rows, channels, factor, shift] as const),
          ...([least, greatest, mean, inverse, sums] as const),
        );
        addTotals(totals.subarray(0, channels), floats(biasGradient));
        addTotals(totals.subarray(channels), floats(scaleGradient));
        for (let i = 0; i < channels; i += 1) {
          const direct = at(floats(factor), i);
          floats(a)[i] = direct;
          floats(b)[i] = (-direct * at(floats(inverse), i) * at(totals, channels + i)) / rows;
          floats(c)[i] = (-direct * at(totals, i)) / rows;
        }
        kernels.normalizationGradient(gradient, linear, rows, channels, mean, a, b, c);
      },
    };
  };
}

function addTotals(totals: Float64Array, to: Float32Array): void {
  totals.forEach((total, i) => {
    to[i] = at(to, i) + total;
  });
}

function at(values: Float32Array | Float64Array, index: number): number {
  return values[index] ?? Number.NaN;
}
