import type { Conv2d } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader } from '../operator-source.ts';
import { requireRescalable } from './dot-product.ts';
import { activationField, clampOf, FUSED_ACTIVATIONS } from './fused-activation.ts';
import { dilationFields, PADDINGS, place, strideFields } from './window.ts';

/** Of the options in BuiltinOptions. */
const UNION = 1;
const OPTIONS = {
  padding: 0,
  strideWidth: 1,
  strideHeight: 2,
  activation: 3,
  dilationWidth: 4,
  dilationHeight: 5,
} as const;

export const conv2d: OperatorReader = {
  name: 'CONV_2D',
  code: 3,
  maxVersion: 8,
  read(source) {
    source.requireInputs(2, 3);
    const input = source.int8(0);
    const weights = source.weights(1, 0, 4);
    const bias = source.bias(2, weights.channels);
    const output = source.int8Output();
    const options = source.options(UNION, OPTIONS);
    const [, height = 1, width = 1, channels] = weights.shape;
    const { window, rows, columns } = place(source, input, {
      height,
      width,
      strideHeight: options.positive('strideHeight'),
      strideWidth: options.positive('strideWidth'),
      dilationHeight: options.positive('dilationHeight', 1),
      dilationWidth: options.positive('dilationWidth', 1),
      padding: options.choice('padding', PADDINGS),
    });
    const [batches = 1, , , inputChannels] = input.shape;
    if (channels !== inputChannels) {
      source.refuse(
        `filters over ${channels} of ${inputChannels} input channels; groups are not supported`,
        weights,
      );
    }
    source.requireShape(output, [batches, rows, columns, weights.channels], 'the window');
    return requireRescalable(source, {
      op: 'CONV_2D',
      index: source.index,
      input,
      weights,
      bias,
      output,
      window,
      ...clampOf(source, options.choice('activation', FUSED_ACTIVATIONS), output),
    });
  },
};

export function writeConv2d({ input, weights, bias, window, activation }: Given<Conv2d>): WrittenOperator {
  return {
    version: 3,
    inputs: [input, weights, ...(bias === undefined ? [] : [bias])],
    optionsType: UNION,
    options: [
      ...strideFields(OPTIONS, window),
      ...dilationFields(OPTIONS, window),
      activationField(OPTIONS, activation),
    ],
  };
}
