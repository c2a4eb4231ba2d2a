/** Networks trained in float, from images to filters. */

export { architectureOf, MODEL_NAMES, type ModelName } from './architectures.ts';
export {
  type Checkpoint,
  CheckpointError,
  decodeCheckpoint,
  type EpochReport,
  encodeCheckpoint,
} from './checkpoint.ts';
export type { Architecture, FloatNetwork, FloatRunner, Layer, Shape } from './network.ts';
export { encodePixels, PIXEL_RANGE } from './pixels.ts';
export { recipeFor } from './recipes.ts';
export { createRunner } from './runner.ts';
export type { Settings } from './settings.ts';
export {
  DivergenceError,
  networkOf,
  type StepProgress,
  type TrainedNetwork,
  TrainingError,
  type TrainingOptions,
  train,
} from './train.ts';
