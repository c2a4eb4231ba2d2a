/** The last step of training: a float network becomes a file. */

import { evaluate, samplesOf } from '../../accuracy/index.ts';
import { type Dataset, inTurn, type LabelledImages } from '../../datasets/index.ts';
import { loadKernels, prepare } from '../../infer/index.ts';
import { readModel, writeModel } from '../../litert/index.ts';
import type { FloatNetwork } from '../float/network.ts';
import { encodePixels, PIXEL_RANGE } from '../float/pixels.ts';
import { createRunner } from '../float/runner.ts';
import { loadTrainingKernels } from '../kernels.ts';
import { calibrate, type Images } from './calibrate.ts';
import { type LayerFidelity, layerFidelity } from './fidelity.ts';
import { quantizeNetwork } from './quantize.ts';

export interface Deployment {
  /** A `.tflite` file. */
  readonly file: Uint8Array;
  /** How near each layer is to the float network, on test images. */
  readonly layers: readonly LayerFidelity[];
  /** Test images that the file gets right, under LiteRT's stock arithmetic. */
  readonly right: number;
}

/** Training images that the ranges of activations are taken from. */
const CALIBRATION_IMAGES = 1000;

/** Test images that layers are compared on. */
const COMPARED_IMAGES = 100;

/**
 * @param threads that judge the file
 * @throws RangeError naming the layer, where a value is not finite
 */
export async function deploy(
  network: FloatNetwork,
  { train, test, shape }: Dataset,
  threads: number,
): Promise<Deployment> {
  const runner = createRunner(network, await loadTrainingKernels());
  const ranges = calibrate(network.architecture, runner, some(train, CALIBRATION_IMAGES), PIXEL_RANGE);
  const quantized = quantizeNetwork(network, ranges);
  const file = writeModel(quantized.model);
  const model = readModel(file);
  const program = prepare(model, 'stock', await loadKernels());
  const layers = layerFidelity(network, quantized, program, runner, some(test, COMPARED_IMAGES));
  const samples = samplesOf(
    model,
    { ...test, shape, description: 'test images' },
    { fit: { kind: 'stretch' } },
  );
  const [answers] = await evaluate(file, samples, ['stock'], { threads, cacheDirectory: false });
  const right = test.labels.reduce((sum, label, i) => sum + Number(answers?.predictions[i] === label), 0);
  return { file, layers, right };
}

/** The first ones, the classes in turn, as the network takes them. */
function some(all: LabelledImages, atMost: number): Images {
  const { count, images } = inTurn(all);
  const taken = Math.min(count, atMost);
  const values = new Float32Array(taken * (images.length / count));
  encodePixels(images.subarray(0, values.length), values);
  return { values, count: taken };
}
