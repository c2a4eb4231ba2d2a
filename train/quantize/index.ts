/** Post-training quantization: from a float network to an int8 model in LiteRT's scheme. */

export type { Range } from './affine.ts';
export { calibrate, type Images } from './calibrate.ts';
export { type LayerFidelity, layerFidelity } from './fidelity.ts';
export { imagesFrom, quantizedFile } from './post-training.ts';
export { quantizeNetwork } from './quantize.ts';
