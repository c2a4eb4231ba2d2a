/** What each arithmetic costs in accuracy, for a model and labelled inputs. */

export {
  type AccuracyRow,
  type Change,
  type Curve,
  compare,
  curvesOf,
  DEGRADATION_LIMIT,
} from './comparison.ts';
export { accuracyCsv } from './csv.ts';
export { DataError } from './data-error.ts';
export { type Answers, type EvaluationOptions, evaluate, requireClasses } from './evaluate.ts';
export type { Fit } from './images.ts';
export type { Normalization } from './input-encoding.ts';
export { type LabelledFile, type Labels, parseLabels, readLabels } from './labels.ts';
export { accumulatorsOf, inputRows, positionsOf, spreadPositions } from './layer-rows.ts';
export { type ErrorModelCheck, type LayerError, layerErrors } from './layers.ts';
export {
  openSamples,
  type PixelImages,
  type SampleOptions,
  type Samples,
  type Selection,
  samplesOf,
  select,
  splitEvery,
} from './samples.ts';
export {
  type Interval,
  mcnemarProbability,
  type PairedCounts,
  pairedChangeInterval,
  wilsonInterval,
} from './statistics.ts';
