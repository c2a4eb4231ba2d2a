/**
 * What the paths of all architectures have in common: inputs, and the places where registers can cut them.
 */
import type { Dimension, Scope, Signal } from '../dsl/index.ts';
import type { Cut } from './pipeline.ts';

export type Signed = Signal<'signed'>;
export type Unsigned = Signal<'unsigned'>;

export interface RescaleInputs {
  readonly acc: Signed;
  /** m with its leading one. */
  readonly m: Unsigned;
  readonly shift: Unsigned;
  readonly zero_point: Signed;
  readonly act_min: Signed;
  readonly act_max: Signed;
}

/**
 * Describes a rescaler between its inputs and its output.
 *
 * @param width of m
 * @param cut called at every place that can be cut, with all that later steps need
 */
export type RescalePath<Step extends string> = (
  scope: Scope,
  inputs: RescaleInputs,
  width: Dimension,
  cut: Cut<Step>,
) => Signed;
