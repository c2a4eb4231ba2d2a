import type { FullyConnected } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader } from '../operator-source.ts';
import { requireRescalable } from './dot-product.ts';
import { activationField, clampOf, FUSED_ACTIVATIONS } from './fused-activation.ts';

/** Of the options in BuiltinOptions. */
const UNION = 8;
const OPTIONS = { activation: 0, weightsFormat: 1, keepDims: 2 } as const;

/** How far the scale of a bias may be off, in output steps for each of its own. */
const BIAS_TOLERANCE = 0.02;

export const fullyConnected: OperatorReader = {
  name: 'FULLY_CONNECTED',
  code: 9,
  maxVersion: 13,
  read(source) {
    source.requireInputs(2, 3);
    const input = source.int8(0);
    const weights = source.weights(1, 0, 2);
    const bias = source.bias(2, weights.channels);
    const output = source.int8Output();
    const options = source.options(UNION, OPTIONS);
    options.choice('weightsFormat', ['default']);
    const [outputs = 1, inputs = 1] = weights.shape;
    const batches = input.size / inputs;
    const leading = input.shape.slice(0, -1);
    const keepDims = options.flag('keepDims');
    if (!Number.isInteger(batches) || (keepDims && input.shape.at(-1) !== inputs)) {
      source.refuse(
        `its shape [${input.shape}] does not divide into rows of ${inputs}, as the weights need`,
        input,
      );
    }
    source.requireShape(output, keepDims ? [...leading, outputs] : [batches, outputs], 'the product');
    const [weightScale = 0, ...more] = weights.scales;
    const [biasScale] = bias?.scales ?? [];
    if (bias !== undefined && biasScale !== undefined && more.length === 0) {
      const difference = Math.abs(Math.fround(input.scale * weightScale) - biasScale);
      if (difference / output.scale > BIAS_TOLERANCE) {
        source.refuse(
          `its scale ${biasScale} is not that of input times weights, ${input.scale * weightScale}`,
          bias,
        );
      }
    }
    return requireRescalable(source, {
      op: 'FULLY_CONNECTED',
      index: source.index,
      input,
      weights,
      bias,
      output,
      batches,
      ...clampOf(source, options.choice('activation', FUSED_ACTIVATIONS), output),
    });
  },
};

export function writeFullyConnected(operator: Given<FullyConnected>): WrittenOperator {
  const { input, weights, bias, output, activation } = operator;
  // Without keep_num_dims the output has rows and columns, whatever the input has.
  const keepsDimensions = output.shape.length !== 2;
  return {
    version: keepsDimensions ? 5 : 4,
    inputs: [input, weights, bias],
    optionsType: UNION,
    options: [
      activationField(OPTIONS, activation),
      { slot: OPTIONS.keepDims, int8: keepsDimensions ? 1 : 0 },
    ],
  };
}
