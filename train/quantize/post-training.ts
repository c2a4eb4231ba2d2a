/** From a float network that was trained on pixels to a file. */
import type { LabelledImages } from '../../datasets/index.ts';
import { writeModel } from '../../litert/index.ts';
import { type FloatNetwork, type FloatRunner, tensorShapes } from '../float/network.ts';
import { encodePixels, PIXEL_RANGE } from '../float/pixels.ts';
import { calibrate } from './calibrate.ts';
import { quantizeNetwork } from './quantize.ts';

/** Enough for ranges that more images hardly widen; all of them would take as long as an epoch. */
const CALIBRATION_IMAGES = 1000;

/**
 * A `.tflite` file whose int8 input is pixel - 128.
 *
 * @param runner of the network
 * @param training images, of which some are taken to find out the ranges of activations, evenly spread
 * @throws RangeError where a weight, a bias or an activation is not finite
 */
export function quantizedFile(
  network: FloatNetwork,
  runner: FloatRunner,
  training: LabelledImages,
): Uint8Array {
  const [input] = tensorShapes(network.architecture);
  if (input === undefined) throw new RangeError('the network has no input');
  const size = input.height * input.width * input.channels;
  const count = Math.min(CALIBRATION_IMAGES, training.count);
  const values = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const image = Math.floor((i * training.count) / count);
    encodePixels(
      training.images.subarray(image * size, (image + 1) * size),
      values.subarray(i * size, (i + 1) * size),
    );
  }
  const ranges = calibrate(network.architecture, runner, { values, count }, PIXEL_RANGE);
  return writeModel(quantizeNetwork(network, ranges).model);
}
