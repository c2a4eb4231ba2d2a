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
    const view = (address: number) => new Float32Array(memory.buffer, address, channels);
    const totals = new Float64Array(memory.buffer, sums, 2 * channels);
    const [first, second] = [totals.subarray(0, channels), totals.subarray(channels)];
    const [scales, biases, means, variances] = [view(scale), view(bias), view(mean), view(variance)];
    const [factors, shifts, inverses] = [view(factor), view(shift), view(inverse)];
    const [as, bs, cs] = [view(a), view(b), view(c)];
    const firstRow = view(linear);
    // Forward has no other use for c.
    const about = cs;
    return {
      forward(images) {
        const rows = images * positions;
        totals.fill(0);
        // About the first row: near enough to the mean for the difference of the moments to be exact.
        about.set(firstRow);
        kernels.moments(linear, rows, channels, c, sums);
        for (let i = 0; i < channels; i += 1) {
          const offset = at(first, i) / rows;
          const average = at(about, i) + offset;
          const spread = Math.max(0, at(second, i) / rows - offset * offset);
          const inverseDeviation = 1 / Math.sqrt(spread + VARIANCE_EPSILON);
          means[i] = average;
          variances[i] = spread;
          inverses[i] = inverseDeviation;
          factors[i] = at(scales, i) * inverseDeviation;
          shifts[i] = at(biases, i) - average * at(scales, i) * inverseDeviation;
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
        addTotals(first, view(biasGradient));
        addTotals(second, view(scaleGradient));
        for (let i = 0; i < channels; i += 1) {
          const direct = at(factors, i);
          as[i] = direct;
          bs[i] = (-direct * at(inverses, i) * at(second, i)) / rows;
          cs[i] = (-direct * at(first, i)) / rows;
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
