/** Post-training quantization: from a float network to an int8 model in LiteRT's scheme. */

export type { Range } from './affine.ts';
export { calibrate, type Images } from './calibrate.ts';
export { type Deployment, deploy } from './deploy.ts';
export { type LayerFidelity, layerFidelity } from './fidelity.ts';
export { quantizedFile } from './post-training.ts';
export { type QuantizedNetwork, quantizeNetwork } from './quantize.ts';
