/** All that a run of training depends on, besides its data: the same settings, the same network. */
import type { Augmentation } from '../augment.ts';
import type { ModelName } from './architectures.ts';

export interface Settings {
  readonly model: ModelName;
  readonly epochs: number;
  readonly seed: number;
  /** The greatest of the schedule. */
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly smoothing: number;
  readonly warmUpEpochs: number;
  readonly augmentation: Augmentation;
  /** A batch has `shards` parts of `shardImages`; each is normalized by itself, on whichever thread. */
  readonly shards: number;
  readonly shardImages: number;
}

/** @param images size of the training set */
export function stepsOfEpoch({ shards, shardImages }: Settings, images: number): number {
  return Math.floor(images / (shards * shardImages));
}
