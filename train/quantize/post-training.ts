/** From a float network that was trained on pixels to a file. */
import type { LabelledImages } from '../../datasets/index.ts';
import { writeModel } from '../../litert/index.ts';
import type { FloatNetwork, FloatRunner } from '../float/network.ts';
import { encodePixels, PIXEL_RANGE } from '../float/pixels.ts';
import { calibrate, type Images } from './calibrate.ts';
import { quantizeNetwork } from './quantize.ts';

/** Enough for ranges that more images hardly widen; all of them would take as long as an epoch. */
const CALIBRATION_IMAGES = 1000;

/**
 * A `.tflite` file whose int8 input is pixel - 128.
 *
 * @param runner of the network
 * @param training images, of which some are taken to find out the ranges of activations
 * @throws RangeError where a weight, a bias or an activation is not finite
 */
export function quantizedFile(
  network: FloatNetwork,
  runner: FloatRunner,
  training: LabelledImages,
): Uint8Array {
  const images = imagesFrom(training, CALIBRATION_IMAGES);
  const ranges = calibrate(network.architecture, runner, images, PIXEL_RANGE);
  return writeModel(quantizeNetwork(network, ranges));
}

/** Some images, as a network takes them: evenly spread, since they may lie class by class. */
export function imagesFrom(all: LabelledImages, atMost: number): Images {
  const count = Math.min(atMost, all.count);
  const size = all.images.length / all.count;
  const values = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * all.count) / count) * size;
    encodePixels(all.images.subarray(from, from + size), values.subarray(i * size, (i + 1) * size));
  }
  return { values, count };
}
