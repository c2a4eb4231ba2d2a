/** LiteRT models: `.tflite` files in and out. */

export * from './model.ts';
export type { Given, ModelDescription } from './model-description.ts';
export { ModelError } from './model-error.ts';
export { patchModel, type TensorChange } from './patch-model.ts';
export { readModel } from './read-model.ts';
export {
  type FactorReport,
  type ModelReport,
  type OperatorReport,
  reportModel,
  type ShiftShare,
  type TensorReport,
  type WeightsReport,
} from './report.ts';
export {
  ADD_LEFT_SHIFT,
  type AddFactors,
  addFactors,
  mulFactor,
  type NamedFactor,
  namedFactors,
  reluFactor,
  rescaleFactors,
  scaleRatio,
  softmaxFactor,
} from './rescale-factors.ts';
export {
  type ChannelRow,
  type FactorRow,
  type LayerTable,
  type RescaleTable,
  relativeError,
  rescaleTable,
} from './rescale-table.ts';
export { TABLE_FORMATS, type TableFile, type TableFormat, tableFiles } from './table-files.ts';
export { writeModel } from './write-model.ts';
