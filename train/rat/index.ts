/** Rescale-Aware Training: a quantized model fine-tuned for a narrow multiplier, and put back into its file. */

export { type Augmentation, NO_AUGMENTATION } from '../augment.ts';
export type { Loss } from '../loss.ts';
export {
  type CampaignObserver,
  type CampaignResult,
  type Judged,
  type JudgedEpoch,
  tuneAndJudge,
} from './campaign.ts';
export { type Before, type Changes, changesBetween, type LayerChange, type TotalChange } from './changes.ts';
export { OPTIMIZERS, type OptimizerName } from './optimizer.ts';
export { type Tuned, type TunedEpoch, type TuningOptions, type TuningRun, tune } from './tune.ts';
