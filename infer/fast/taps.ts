/** Where each tap of each output position finds its channels: strides, dilation and padding, worked out once. */
import type { Conv2d, DepthwiseConv2d } from '../../litert/index.ts';
import { forEachTap, imageShape } from '../operators/window.ts';
import type { MemoryBuilder } from './memory-builder.ts';

/**
 * Addresses, [positions][tapsPerPosition] int32. Taps outside of the image, and those beyond the window, meet a row
 * of zero points.
 */
export function tapTable(
  operator: Conv2d | DepthwiseConv2d,
  tapsPerPosition: number,
  memory: MemoryBuilder,
): Int32Array {
  const { input, output, window } = operator;
  const { channels } = imageShape(input);
  const { batches, height, width } = imageShape(output);
  const start = memory.address(input);
  const padding = memory.place(new Int8Array(channels).fill(input.zeroPoint));
  const table = new Int32Array(batches * height * width * tapsPerPosition).fill(padding);
  forEachTap(input, output, window, (position, tap, pixel) => {
    table[position * tapsPerPosition + tap] = start + pixel * channels;
  });
  return table;
}
