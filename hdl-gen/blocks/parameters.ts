/**
 * Parameters, options and port groups that the blocks share, so that names, widths and ranges agree.
 */
import { clog2, type Dimension, input, type ParameterSpec } from '../dsl/index.ts';

/** How the rescaler computes; the function is the same. */
export const ARCHITECTURES = ['plain', 'fast'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** How the multiplier port carries the multiplier; see golden/multiplier.ts. */
export const LEADING_ONES = ['explicit', 'hidden'] as const;
export type LeadingOne = (typeof LEADING_ONES)[number];

/** Register stages inside the rescaler path. */
export const PIPELINE_DEPTHS = [0, 1, 2, 3] as const;
export type PipelineDepth = (typeof PIPELINE_DEPTHS)[number];

export interface RescalerOptions {
  readonly arch: Architecture;
  readonly leadingOne: LeadingOne;
}

export interface UnitOptions extends RescalerOptions {
  readonly pipeline: PipelineDepth;
}

/** The declared ranges: what is checked at generation, proven, and accepted on the command line. */
export const PARAMETERS = {
  K: { minimum: 1, maximum: 32, default: 4, description: 'Width of the multiplier port in bits' },
  MACS: { minimum: 1, maximum: 64, default: 8, description: 'Multiplications a beat' },
  UNITS: { minimum: 1, maximum: 32, default: 4, description: 'Dot-product units in the chain' },
} as const satisfies Readonly<Record<string, ParameterSpec>>;

/** Width of m with its leading one, which the hidden format does not store. */
export function significandWidth(K: Dimension, leadingOne: LeadingOne): Dimension {
  return leadingOne === 'hidden' ? K.plus(1) : K;
}

/** Bits of a shift of 0 to 24 + significand width (SPEC: 32 + k - 8). */
export function shiftWidth(K: Dimension, leadingOne: LeadingOne): Dimension {
  return clog2(significandWidth(K, leadingOne).plus(25));
}

/** The ports that say how to rescale, in the order of Eq. (1). */
export function rescalePorts(K: Dimension, leadingOne: LeadingOne, when: string) {
  const stored = leadingOne === 'hidden' ? 'Multiplier m without its leading one' : 'Multiplier m';
  return {
    multiplier: input.unsigned(K, `${stored}${when}`),
    shift: input.unsigned(
      shiftWidth(K, leadingOne),
      `Shift s, 0 to ${significandWidth(K, leadingOne).plus(24)}`,
    ),
    zero_point: input.signed(8, 'Output zero point Zy'),
    act_min: input.signed(8, 'Least output, at most act_max'),
    act_max: input.signed(8, 'Greatest output'),
  };
}
