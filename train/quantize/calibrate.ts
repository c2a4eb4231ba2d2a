/** Which values the tensors of a network take. */

import { type Architecture, type FloatRunner, tensorShapes } from '../float/network.ts';
import type { Range } from './affine.ts';

/** As a network was trained on, one behind the other, [count, height, width, channels]. */
export interface Images {
  readonly values: Float32Array;
  readonly count: number;
}

/** What a runner holds of every tensor at the same time. */
const BATCH = 32;

/**
 * Least and greatest value of every tensor over the images; number 0, the input, has its range given, since images
 * that were not seen may have other values.
 *
 * @throws RangeError where a value is not finite
 */
export function calibrate(
  architecture: Architecture,
  runner: FloatRunner,
  images: Images,
  input: Range,
): readonly Range[] {
  const ranges = tensorShapes(architecture).map(() => ({ minimum: 0, maximum: 0 }));
  const size = images.values.length / images.count;
  for (let first = 0; first < images.count; first += BATCH) {
    const end = Math.min(first + BATCH, images.count);
    runner.run(images.values.subarray(first * size, end * size), end - first, (tensor, values) => {
      const range = ranges[tensor];
      if (range === undefined) return;
      for (const value of values) {
        if (value < range.minimum) range.minimum = value;
        else if (value > range.maximum) range.maximum = value;
        else if (Number.isNaN(value)) throw diverged(architecture, tensor, value);
      }
    });
  }
  ranges.forEach(({ minimum, maximum }, tensor) => {
    for (const value of [minimum, maximum]) {
      if (!Number.isFinite(value)) throw diverged(architecture, tensor, value);
    }
  });
  return [input, ...ranges.slice(1)];
}

function diverged({ name, layers }: Architecture, tensor: number, value: number): RangeError {
  const layer = layers[tensor - 1];
  const where = layer === undefined ? 'the input' : `layer ${tensor - 1} (${layer.kind})`;
  return new RangeError(`${where} of ${name} gives ${value}; the training diverged: lower its learning rate`);
}
