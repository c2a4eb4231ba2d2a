import type { DepthwiseConv2d } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader } from '../operator-source.ts';
import { requireRescalable } from './dot-product.ts';
import { activationField, clampOf, FUSED_ACTIVATIONS } from './fused-activation.ts';
import { dilationFields, PADDINGS, place, strideFields } from './window.ts';

/** Of the options in BuiltinOptions. */
const UNION = 2;
const OPTIONS = {
  padding: 0,
  strideWidth: 1,
  strideHeight: 2,
  /** Repeats what the shapes say, and LiteRT ignores it. */
  depthMultiplier: 3,
  activation: 4,
  dilationWidth: 5,
  dilationHeight: 6,
} as const;

export const depthwiseConv2d: OperatorReader = {
  name: 'DEPTHWISE_CONV_2D',
  code: 4,
  maxVersion: 7,
  read(source) {
    source.requireInputs(2, 3);
    const input = source.int8(0);
    const weights = source.weights(1, 3, 4);
    const bias = source.bias(2, weights.channels);
    const output = source.int8Output();
    const options = source.options(UNION, OPTIONS);
    const [one, height = 1, width = 1] = weights.shape;
    const { window, rows, columns } = place(source, input, {
      height,
      width,
      strideHeight: options.positive('strideHeight'),
      strideWidth: options.positive('strideWidth'),
      dilationHeight: options.positive('dilationHeight', 1),
      dilationWidth: options.positive('dilationWidth', 1),
      padding: options.choice('padding', PADDINGS),
    });
    const [batches = 1, , , inputChannels = 1] = input.shape;
    const depthMultiplier = weights.channels / inputChannels;
    if (one !== 1 || !Number.isInteger(depthMultiplier)) {
      source.refuse(`its shape [${weights.shape}] is not [1, H, W, a multiple of ${inputChannels}]`, weights);
    }
    source.requireShape(output, [batches, rows, columns, weights.channels], 'the window');
    return requireRescalable(source, {
      op: 'DEPTHWISE_CONV_2D',
      index: source.index,
      input,
      weights,
      bias,
      output,
      window,
      depthMultiplier,
      ...clampOf(source, options.choice('activation', FUSED_ACTIVATIONS), output),
    });
  },
};

export function writeDepthwiseConv2d({
  input,
  weights,
  bias,
  output,
  window,
  activation,
}: Given<DepthwiseConv2d>): WrittenOperator {
  const [inputs = 1, outputs = 1] = [input, output].map(({ shape }) => shape.at(-1));
  return {
    version: 3,
    inputs: [input, weights, ...(bias === undefined ? [] : [bias])],
    optionsType: UNION,
    options: [
      ...strideFields(OPTIONS, window),
      ...dilationFields(OPTIONS, window),
      { slot: OPTIONS.depthMultiplier, int32: outputs / inputs },
      activationField(OPTIONS, activation),
    ],
  };
}
