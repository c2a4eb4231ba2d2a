/** How near a quantized network stays to the float network, layer by layer. */

import type { Program } from '../../infer/index.ts';
import type { FloatNetwork, FloatRunner, Layer } from '../float/network.ts';
import { toCodes } from './affine.ts';
import type { Images } from './calibrate.ts';
import { layerName } from './quantize.ts';

export interface LayerFidelity {
  /** Position in the network. */
  readonly layer: number;
  readonly kind: Layer['kind'];
  /**
   * Signal-to-quantization-noise ratio of the outputs in dB, with the errors of earlier layers in it. Infinity where
   * there is no noise.
   */
  readonly sqnrDb: number;
}

/**
 * @param program of the network as `quantizeNetwork` describes it
 * @param images as the float network takes them; others than those of the calibration are the better judges
 */
export function layerFidelity(
  { architecture }: FloatNetwork,
  program: Program,
  runner: FloatRunner,
  { values, count }: Images,
): readonly LayerFidelity[] {
  const { layers } = architecture;
  const tensorOf = new Map(layers.map((layer, index) => [layerName(layer, index), index + 1]));
  const [input] = program.model.inputs;
  if (input === undefined) throw new RangeError('the model has no input');
  const size = values.length / count;
  const signal = new Float64Array(1 + layers.length);
  const noise = new Float64Array(1 + layers.length);
  for (let image = 0; image < count; image++) {
    const pixels = values.subarray(image * size, (image + 1) * size);
    const exact: Float32Array[] = [];
    runner.run(pixels, 1, (tensor, seen) => {
      exact[tensor] = seen.slice();
    });
    program.run([toCodes(pixels, input)], ({ output: { name, scale, zeroPoint } }, codes) => {
      const tensor = tensorOf.get(name);
      if (tensor === undefined) return;
      exact[tensor]?.forEach((value, i) => {
        const error = scale * ((codes[i] ?? 0) - zeroPoint) - value;
        signal[tensor] = (signal[tensor] ?? 0) + value * value;
        noise[tensor] = (noise[tensor] ?? 0) + error * error;
      });
    });
  }
  return layers.map(({ kind }, layer) => ({
    layer,
    kind,
    sqnrDb: 10 * Math.log10((signal[layer + 1] ?? 0) / (noise[layer + 1] ?? 0)),
  }));
}
