import type { Pool2d } from '../../litert/index.ts';
import type { Step } from './step.ts';
import { forEachTap, imageShape } from './window.ts';

/** AVERAGE_POOL_2D and MAX_POOL_2D (tflite/kernels/internal/reference/integer_ops/pooling.h): no multiplier, so the same in every arithmetic. */
export function preparePool2d(operator: Pool2d): Step {
  return operator.op === 'MAX_POOL_2D' ? maxPool(operator) : averagePool(operator);
}

function maxPool({ input, output, window, outputRange }: Pool2d): Step {
  const { channels } = imageShape(input);
  return (values) => {
    const x = values.of(input);
    const y = values.of(output).fill(outputRange.activationMin);
    forEachTap(input, output, window, (position, _tap, pixel) => {
      for (let channel = 0; channel < channels; channel++) {
        const i = position * channels + channel;
        y[i] = Math.max(y[i] ?? 0, Math.min(x[pixel * channels + channel] ?? 0, outputRange.activationMax));
      }
    });
  };
}

function averagePool({ input, output, window, outputRange }: Pool2d): Step {
  const { channels } = imageShape(input);
  const sums = new Int32Array(output.size);
  const counts = new Int32Array(output.size / channels);
  return (values) => {
    const x = values.of(input);
    const y = values.of(output);
    sums.fill(0);
    counts.fill(0);
    forEachTap(input, output, window, (position, _tap, pixel) => {
      counts[position] = (counts[position] ?? 0) + 1;
      for (let channel = 0; channel < channels; channel++) {
        const i = position * channels + channel;
        sums[i] = (sums[i] ?? 0) + (x[pixel * channels + channel] ?? 0);
      }
    });
    for (let i = 0; i < y.length; i++) {
      const mean = divideHalfAway(sums[i] ?? 0, counts[Math.floor(i / channels)] ?? 1);
      y[i] = Math.min(Math.max(mean, outputRange.activationMin), outputRange.activationMax);
    }
  };
}

/** sum / count to the nearest integer, a half away from zero. For an odd count that is LiteRT's count / 2, cut. */
function divideHalfAway(sum: number, count: number): number {
  const half = Math.floor(count / 2);
  return Math.trunc((sum > 0 ? sum + half : sum - half) / count);
}
