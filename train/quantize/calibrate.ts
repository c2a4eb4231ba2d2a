/** Which values the tensors of a network take. */

import { type Architecture, type FloatRunner, tensorShapes } from '../float/network.ts';
import type { Range } from './affine.ts';
import { count as countValues, emptyHistogram, leastErrorRange } from './histogram.ts';

/** As a network was trained on, one behind the other, [count, height, width, channels]. */
export interface Images {
  readonly values: Float32Array;
  readonly count: number;
}

/** What a runner holds of every tensor at the same time. */
const BATCH = 32;

/**
 * The range of every tensor that represents its values best in 8 bits; number 0, the input, has its range given,
 * since images that were not seen may have other values.
 *
 * @throws RangeError where a value is not finite
 */
export function calibrate(
  architecture: Architecture,
  runner: FloatRunner,
  images: Images,
  input: Range,
): readonly Range[] {
  const histograms = extremes(architecture, runner, images).map(emptyHistogram);
  runInBatches(runner, images, (tensor, values) => {
    const histogram = histograms[tensor];
    if (histogram !== undefined) countValues(histogram, values);
  });
  return histograms.map((histogram, tensor) => (tensor === 0 ? input : leastErrorRange(histogram)));
}

/** Least and greatest value of every tensor, and 0. */
function extremes(architecture: Architecture, runner: FloatRunner, images: Images): readonly Range[] {
  const ranges = tensorShapes(architecture).map(() => ({ minimum: 0, maximum: 0 }));
  runInBatches(runner, images, (tensor, values) => {
    const range = ranges[tensor];
    if (range === undefined) return;
    for (const value of values) {
      if (value < range.minimum) range.minimum = value;
      else if (value > range.maximum) range.maximum = value;
      else if (Number.isNaN(value)) throw diverged(architecture, tensor, value);
    }
  });
  ranges.forEach(({ minimum, maximum }, tensor) => {
    for (const value of [minimum, maximum]) {
      if (!Number.isFinite(value)) throw diverged(architecture, tensor, value);
    }
  });
  return ranges;
}

function runInBatches(
  runner: FloatRunner,
  { values, count }: Images,
  observe: (tensor: number, values: Float32Array) => void,
): void {
  const size = values.length / count;
  for (let first = 0; first < count; first += BATCH) {
    const end = Math.min(first + BATCH, count);
    runner.run(values.subarray(first * size, end * size), end - first, observe);
  }
}

function diverged({ name, layers }: Architecture, tensor: number, value: number): RangeError {
  const layer = layers[tensor - 1];
  const where = layer === undefined ? 'the input' : `layer ${tensor - 1} (${layer.kind})`;
  return new RangeError(`${where} of ${name} gives ${value}; the training diverged: lower its learning rate`);
}
