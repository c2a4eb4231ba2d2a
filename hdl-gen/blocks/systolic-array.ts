/**
 * The systolic array: UNITS dot-product units in a chain. Activations move one unit a cycle, every unit
 * has weights and rescale parameters of its own, sums stay where they are (output stationary).
 */
import { concat, defineModule, input, output, unsigned } from '../dsl/index.ts';
import { dotProductUnit, unitLatencyCycles } from './dot-product-unit.ts';
import { PARAMETERS, rescalePorts, shiftWidth, type UnitOptions } from './parameters.ts';

export function systolicArray(options: UnitOptions) {
  const unit = dotProductUnit(options);
  return defineModule({
    name: 'systolic_array',
    description:
      'UNITS dot-product units in a chain; activations move one unit a cycle, sums stay in their units.\n' +
      'Skew: the beat that enters in cycle t reaches unit u in cycle t + u. In that cycle unit u reads its ' +
      'own part of w, and of bias (first beat) or of the rescale parameters (last beat).\n' +
      `Unit u raises out_valid[u] in cycle t + u + ${unitLatencyCycles(options)} after a last beat of cycle t.\n` +
      'Element u of a flattened port is at its bits (u+1)*n-1 to u*n, n being the width in one unit.',
    parameters: { UNITS: PARAMETERS.UNITS, MACS: PARAMETERS.MACS, K: PARAMETERS.K },
    ports: ({ UNITS, MACS, K }) => {
      const flattened = rescalePorts(K, options.leadingOne, ' of every unit');
      return {
        clk: input.unsigned(1, 'Clock, rising edge'),
        rst: input.unsigned(1, 'Reset, synchronous, active high'),
        in_valid: input.unsigned(1, 'This cycle carries a beat for unit 0'),
        in_last: input.unsigned(1, 'The beat is the last of its dot product'),
        x: input.unsigned(MACS.times(8), 'Activations for unit 0, int8 element i at bits 8i+7 to 8i'),
        w: input.unsigned(UNITS.times(MACS).times(8), 'Weights of every unit'),
        bias: input.unsigned(UNITS.times(32), 'Effective biases, signed'),
        multiplier: input.unsigned(UNITS.times(K), flattened.multiplier.description),
        shift: input.unsigned(UNITS.times(flattened.shift.width), flattened.shift.description),
        zero_point: input.unsigned(UNITS.times(8), `${flattened.zero_point.description}, signed`),
        act_min: input.unsigned(UNITS.times(8), `${flattened.act_min.description}, signed`),
        act_max: input.unsigned(UNITS.times(8), `${flattened.act_max.description}, signed`),
        out_valid: output.unsigned(UNITS, 'High for one cycle when the unit has a new result'),
        out: output.unsigned(UNITS.times(8), 'Outputs y, signed'),
      };
    },
    body: (scope, inputs, { UNITS, MACS, K }) => {
      const { clk, rst } = inputs;
      const beatWidth = MACS.times(8);
      const chain = scope.family(
        'lane',
        { genvar: 'u', first: 0, last: UNITS.minus(1) },
        () => ({ control: unsigned(2), beat: unsigned(beatWidth), valid: unsigned(1), y: unsigned(8) }),
        (block, u, lanes) => {
          block.comment('The beat of this cycle: from the input, or what the unit before had a cycle ago.');
          const control = block.choose(
            'control',
            unsigned(2),
            u.lessThan(1),
            { label: 'entry', describe: () => concat(inputs.in_valid, inputs.in_last) },
            {
              label: 'hop',
              describe: (hop) => {
                const previous = hop.register('previous', unsigned(2), 0);
                hop.clocked({ clock: clk, reset: rst }, previous.becomes(lanes.at(u.minus(1)).control));
                return previous;
              },
            },
          );
          const beat = block.choose(
            'beat',
            unsigned(beatWidth),
            u.lessThan(1),
            { label: 'entry_x', describe: () => inputs.x },
            {
              label: 'hop_x',
              describe: (hop) => {
                const previous = hop.register('previous', unsigned(beatWidth));
                hop.clocked({ clock: clk }, previous.becomes(lanes.at(u.minus(1)).beat));
                return previous;
              },
            },
          );
          const { out_valid, out } = block.instance(
            'unit',
            unit,
            { MACS, K },
            {
              clk,
              rst,
              in_valid: control.bit(1),
              in_last: control.bit(0),
              x: beat,
              w: inputs.w.element(u, beatWidth),
              bias: inputs.bias.element(u, 32).asSigned(),
              multiplier: inputs.multiplier.element(u, K),
              shift: inputs.shift.element(u, shiftWidth(K, options.leadingOne)),
              zero_point: inputs.zero_point.element(u, 8).asSigned(),
              act_min: inputs.act_min.element(u, 8).asSigned(),
              act_max: inputs.act_max.element(u, 8).asSigned(),
            },
          );
          return { control, beat, valid: out_valid, y: out.asUnsigned() };
        },
      );

      scope.comment('The outputs of all units side by side.');
      return {
        out_valid: scope.pack('all_valid', { genvar: 'j', count: UNITS, width: 1 }, (j) => chain.at(j).valid),
        out: scope.pack('all_out', { genvar: 'j', count: UNITS, width: 8 }, (j) => chain.at(j).y),
      };
    },
  });
}
