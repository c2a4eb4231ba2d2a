/**
 * The rescaler: one int32 accumulator to one int8 output (Algorithm 1; golden/rescale.ts is the
 * specification, rounding and saturation are described there).
 *
 * Each architecture is one path of steps with places to cut, so that the combinational rescaler and the
 * pipelined one are the same text.
 */
import {
  concat,
  type Dimension,
  defineModule,
  input,
  output,
  type Scope,
  unsignedLiteral,
} from '../dsl/index.ts';
import {
  PARAMETERS,
  type PipelineDepth,
  type RescalerOptions,
  rescalePorts,
  significandWidth,
} from './parameters.ts';
import { noCut, registersAfter } from './pipeline.ts';
import { FAST_CUTS, fastPath } from './rescale-fast.ts';
import type { RescaleInputs, Signed, Unsigned } from './rescale-path.ts';
import { PLAIN_CUTS, plainPath } from './rescale-plain.ts';

/** The combinational rescaler. */
export function rescaler(options: RescalerOptions) {
  return defineModule({
    name: 'rescaler',
    description: `int32 accumulator to int8 output, combinational.\n${describe(options)}`,
    parameters: { K: PARAMETERS.K },
    ports: ({ K }) => ({
      acc: input.signed(32, 'Accumulator a'),
      ...rescalePorts(K, options.leadingOne, ''),
      out: output.signed(8, 'Output y'),
    }),
    body: (scope, { multiplier, ...inputs }, { K }) => {
      const path = options.arch === 'plain' ? plainPath : fastPath;
      const m = leadingOneOf(scope, multiplier, options);
      return { out: path(scope, { ...inputs, m }, significandWidth(K, options.leadingOne), noCut) };
    },
  });
}

/** The rescaler with 1 to 3 register stages inside; a new input every cycle. */
export function pipelinedRescaler(options: RescalerOptions, pipeline: Exclude<PipelineDepth, 0>) {
  return defineModule({
    name: 'rescaler_pipelined',
    description: `int32 accumulator to int8 output in ${pipeline} register stages, a new input every cycle.\n${describe(options)}`,
    parameters: { K: PARAMETERS.K },
    ports: ({ K }) => ({
      clk: input.unsigned(1, 'Clock, rising edge'),
      acc: input.signed(32, 'Accumulator a'),
      ...rescalePorts(K, options.leadingOne, ''),
      out: output.signed(8, `Output y, ${pipeline} cycle${pipeline === 1 ? '' : 's'} later`),
    }),
    body: (scope, { clk, multiplier, ...inputs }, { K }) => {
      const given = { ...inputs, m: leadingOneOf(scope, multiplier, options) };
      const width = significandWidth(K, options.leadingOne);
      return { out: pipelinedPath(scope, clk, given, width, options, pipeline) };
    },
  });
}

function pipelinedPath(
  scope: Scope,
  clk: Unsigned,
  inputs: RescaleInputs,
  width: Dimension,
  { arch }: RescalerOptions,
  pipeline: PipelineDepth,
): Signed {
  return arch === 'plain'
    ? plainPath(scope, inputs, width, registersAfter(scope, clk, PLAIN_CUTS[pipeline]))
    : fastPath(scope, inputs, width, registersAfter(scope, clk, FAST_CUTS[pipeline]));
}

function leadingOneOf(scope: Scope, multiplier: Unsigned, { leadingOne }: RescalerOptions): Unsigned {
  return leadingOne === 'hidden' ? scope.wire('m', concat(unsignedLiteral(1, 1), multiplier)) : multiplier;
}

function describe({ arch, leadingOne }: RescalerOptions): string {
  const m = leadingOne === 'hidden' ? '{1, multiplier}' : 'multiplier';
  const how = arch === 'plain' ? 'Algorithm 1 as written' : 'only the bits that survive the saturation';
  return [
    '  out = clamp(zero_point + floor((acc * m + 2^(shift-1)) / 2^shift), act_min, act_max)',
    `Here m is ${m}; the quotient is taken as a 32-bit value; there is no rounding at shift 0.`,
    `Architecture ${arch}: ${how}.`,
  ].join('\n');
}
