import type { Pool2d } from '../model.ts';
import type { Given, WrittenOperator } from '../model-description.ts';
import type { OperatorReader, OperatorSource } from '../operator-source.ts';
import { activationField, clampOf, FUSED_ACTIVATIONS } from './fused-activation.ts';
import { PADDINGS, place, strideFields } from './window.ts';

/** Of the options in BuiltinOptions. */
const UNION = 5;
const OPTIONS = { padding: 0, strideWidth: 1, strideHeight: 2, width: 3, height: 4, activation: 5 } as const;

export const pool2d: readonly OperatorReader[] = [
  { name: 'AVERAGE_POOL_2D', code: 1, maxVersion: 3, read: (source) => read(source, 'AVERAGE_POOL_2D') },
  { name: 'MAX_POOL_2D', code: 17, maxVersion: 3, read: (source) => read(source, 'MAX_POOL_2D') },
];

function read(source: OperatorSource, op: Pool2d['op']): Pool2d {
  source.requireInputs(1);
  const input = source.int8(0);
  const output = source.int8Output();
  const options = source.options(UNION, OPTIONS);
  const { window, rows, columns } = place(source, input, {
    height: options.positive('height'),
    width: options.positive('width'),
    strideHeight: options.positive('strideHeight'),
    strideWidth: options.positive('strideWidth'),
    dilationHeight: 1,
    dilationWidth: 1,
    padding: options.choice('padding', PADDINGS),
  });
  const [batches = 1, , , channels = 1] = input.shape;
  source.requireShape(output, [batches, rows, columns, channels], 'the window');
  source.requireSameQuantization(input, output);
  return {
    op,
    index: source.index,
    input,
    window,
    output,
    ...clampOf(source, options.choice('activation', FUSED_ACTIVATIONS), output),
  };
}

export function writePool2d({ input, window, activation }: Given<Pool2d>): WrittenOperator {
  return {
    version: 2,
    inputs: [input],
    optionsType: UNION,
    options: [
      ...strideFields(OPTIONS, window),
      { slot: OPTIONS.width, int32: window.width },
      { slot: OPTIONS.height, int32: window.height },
      activationField(OPTIONS, activation),
    ],
  };
}
