/** Models rewritten so that narrow multipliers cost no accuracy: no training, no change of the graph. */

export {
  type ActivationReport,
  type FoldedModel,
  type FoldOptions,
  type FoldReport,
  foldModel,
  type LayerReport,
} from './fold.ts';
