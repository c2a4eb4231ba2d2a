/** Where a filter or a pooling window stands, ComputePaddingHeightWidth in tflite/kernels/padding.h. */

import type { Fields } from '../flatbuffer-writer.ts';
import type { Int8Activation, Window } from '../model.ts';
import type { Given } from '../model-description.ts';
import type { OperatorSource } from '../operator-source.ts';

/** Padding. */
export const PADDINGS = ['same', 'valid'] as const;

export interface Placement {
  readonly window: Window;
  /** Positions of the window: height and width of the output. */
  readonly rows: number;
  readonly columns: number;
}

/** @param input [N, H, W, C] */
export function place(source: OperatorSource, input: Int8Activation, window: Given<Window>): Placement {
  source.requireRank(input, 4, '[N, H, W, C]');
  const [, inputHeight = 1, inputWidth = 1] = input.shape;
  const { padding, height, width, strideHeight, strideWidth, dilationHeight, dilationWidth } = window;
  const spanHeight = (height - 1) * dilationHeight + 1;
  const spanWidth = (width - 1) * dilationWidth + 1;
  const rows = positions(padding, inputHeight, spanHeight, strideHeight);
  const columns = positions(padding, inputWidth, spanWidth, strideWidth);
  if (rows < 1 || columns < 1) {
    source.refuse(
      `a window of ${spanHeight} x ${spanWidth} does not fit into its shape [${input.shape}]`,
      input,
    );
  }
  const paddingTop = paddingBefore(inputHeight, spanHeight, strideHeight, rows);
  const paddingLeft = paddingBefore(inputWidth, spanWidth, strideWidth, columns);
  return { window: { ...window, paddingTop, paddingLeft }, rows, columns };
}

function positions(padding: Window['padding'], length: number, span: number, stride: number): number {
  return Math.ceil((padding === 'same' ? length : length - span + 1) / stride);
}

function paddingBefore(length: number, span: number, stride: number, count: number): number {
  return Math.max(0, Math.floor(((count - 1) * stride + span - length) / 2));
}

export function strideFields(
  slots: { readonly padding: number; readonly strideWidth: number; readonly strideHeight: number },
  { padding, strideWidth, strideHeight }: Given<Window>,
): Fields {
  return [
    { slot: slots.padding, int8: PADDINGS.indexOf(padding) },
    { slot: slots.strideWidth, int32: strideWidth },
    { slot: slots.strideHeight, int32: strideHeight },
  ];
}

export function dilationFields(
  slots: { readonly dilationWidth: number; readonly dilationHeight: number },
  { dilationWidth, dilationHeight }: Given<Window>,
): Fields {
  return [
    { slot: slots.dilationWidth, int32: dilationWidth },
    { slot: slots.dilationHeight, int32: dilationHeight },
  ];
}
