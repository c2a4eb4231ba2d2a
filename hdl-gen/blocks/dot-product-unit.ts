/**
 * The dot-product unit: MACS int8 products a beat, summed into a 32-bit accumulator, rescaled to int8
 * after the last beat (Eq. 1; golden/dot-product.ts is the specification).
 */
import { defineModule, input, output, signed, unsigned } from '../dsl/index.ts';
import { multiplyAccumulate, productTree } from './multiply-accumulate.ts';
import { PARAMETERS, rescalePorts, type UnitOptions } from './parameters.ts';
import { pipelinedRescaler, rescaler } from './rescaler.ts';

/** Cycles from the last beat to its output: the accumulator, the pipeline stages, the output register. */
export function unitLatencyCycles({ pipeline }: UnitOptions): number {
  return 2 + pipeline;
}

export function dotProductUnit(options: UnitOptions) {
  const { leadingOne, pipeline } = options;
  return defineModule({
    name: 'dot_product_unit',
    description:
      'MACS int8 products a beat into a 32-bit accumulator, rescaled to int8 after the last beat.\n' +
      '  out = rescale(bias + sum of x[i] * w[i] over all beats), Eq. (1)\n' +
      'A beat counts when in_valid is high. The first beat after reset or after a last beat starts a new ' +
      'sum; dot products may follow one another without a pause. The accumulator wraps in 32 bits.\n' +
      `out_valid rises ${unitLatencyCycles(options)} cycles after the last beat; out keeps its value until ` +
      'the next result and is 0 after reset.',
    parameters: { MACS: PARAMETERS.MACS, K: PARAMETERS.K },
    ports: ({ MACS, K }) => ({
      clk: input.unsigned(1, 'Clock, rising edge'),
      rst: input.unsigned(1, 'Reset, synchronous, active high'),
      in_valid: input.unsigned(1, 'This cycle carries a beat'),
      in_last: input.unsigned(1, 'The beat is the last of its dot product'),
      x: input.unsigned(MACS.times(8), 'Activations, int8 element i at bits 8i+7 to 8i'),
      w: input.unsigned(MACS.times(8), 'Weights, as x'),
      bias: input.signed(32, 'Effective bias, taken with the first beat'),
      ...rescalePorts(K, leadingOne, '; this and the following are taken with the last beat'),
      out_valid: output.unsigned(1, 'High for one cycle when out is a new result'),
      out: output.signed(8, 'Output y'),
    }),
    body: (scope, inputs, { MACS, K }) => {
      const { clk, rst, in_valid, in_last } = inputs;
      const clocked = { clock: clk, reset: rst };

      scope.comment('Eq. (1), the accumulator: a new sum starts from the effective bias.');
      const fresh = scope.register('fresh', unsigned(1), 1);
      const acc = scope.register('acc', signed(32));
      scope.clocked({ ...clocked, enable: in_valid }, fresh.becomes(in_last));
      const previous = scope.wire('previous', fresh.select(inputs.bias, acc));
      const beat = { x: inputs.x, w: inputs.w, previous };
      const next =
        options.arch === 'plain'
          ? previous.addWrap(productTree(scope, beat, MACS))
          : multiplyAccumulate(scope, beat, MACS);
      scope.clocked({ clock: clk, enable: in_valid }, acc.becomes(next));

      scope.comment('The parameters that come with the last beat stand beside its sum for one cycle.');
      const captured = {
        multiplier: scope.register('last_multiplier', inputs.multiplier),
        shift: scope.register('last_shift', inputs.shift),
        zero_point: scope.register('last_zero_point', inputs.zero_point),
        act_min: scope.register('last_act_min', inputs.act_min),
        act_max: scope.register('last_act_max', inputs.act_max),
      };
      scope.clocked(
        { clock: clk },
        captured.multiplier.becomes(inputs.multiplier),
        captured.shift.becomes(inputs.shift),
        captured.zero_point.becomes(inputs.zero_point),
        captured.act_min.becomes(inputs.act_min),
        captured.act_max.becomes(inputs.act_max),
      );

      scope.comment('Algorithm 1.');
      const { out: rescaled } =
        pipeline === 0
          ? scope.instance('rescale', rescaler(options), { K }, { acc, ...captured })
          : scope.instance('rescale', pipelinedRescaler(options, pipeline), { K }, { clk, acc, ...captured });

      scope.comment('One valid bit for each register between the last beat and the output.');
      const lastBeat = scope.wire('last_beat', in_valid.and(in_last));
      const resultValid = scope.register('result_valid', unsigned(1), 0);
      const stages = Array.from({ length: pipeline + 1 }, (_, stage) =>
        scope.register(`valid_stage${stage}`, unsigned(1), 0),
      );
      const valid = stages.at(-1) ?? lastBeat;
      scope.clocked(
        clocked,
        resultValid.becomes(valid),
        ...stages.map((stage, index) => stage.becomes(stages[index - 1] ?? lastBeat)),
      );
      const result = scope.register('result', signed(8), 0);
      scope.clocked({ ...clocked, enable: valid }, result.becomes(rescaled));
      return { out_valid: resultValid, out: result };
    },
  });
}
