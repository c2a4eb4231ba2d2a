/** How each network is trained if not told otherwise: found by trial, for the data sets that it is meant for. */
import type { DatasetName } from '../../datasets/index.ts';
import type { ModelName } from './architectures.ts';
import type { Settings } from './settings.ts';

type Recipe = Omit<Settings, 'model' | 'seed'>;

const COMMON: Recipe = {
  epochs: 16,
  learningRate: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  smoothing: 0,
  warmUpEpochs: 1,
  augmentation: { shiftPixels: 0, mirror: true },
  shards: 4,
  shardImages: 32,
};

export function recipeFor(_model: ModelName, dataset: DatasetName): Recipe {
  // A digit mirrored is another sign, or none.
  if (dataset === 'mnist') return { ...COMMON, augmentation: { shiftPixels: 1, mirror: false } };
  // Its images are centred, those that are tested with, too.
  if (dataset === 'fashion-mnist') return COMMON;
  return {
    ...COMMON,
    epochs: 22,
    learningRate: 0.08,
    // So small a network has little to spare.
    weightDecay: 2e-4,
    shardImages: 16,
    augmentation: { shiftPixels: 2, mirror: true },
  };
}
