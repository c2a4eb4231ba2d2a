/** What single outputs of a layer are computed from. */
import { forEachTap } from '../infer/operators/window.ts';
import type { DotProduct } from '../litert/index.ts';

/** Outputs of a layer, channels apart: pixels, or rows of FULLY_CONNECTED. */
export function positionsOf({ output, weights }: DotProduct): number {
  return output.size / weights.channels;
}

/** At most `count` positions, spread evenly; elsewhere for each `sample`. */
export function spreadPositions(layer: DotProduct, count: number, sample: number): readonly number[] {
  const positions = positionsOf(layer);
  const chosen = Math.min(count, positions);
  const shift = (sample * 0.6180339887498949) % 1;
  return Array.from({ length: chosen }, (_, i) => Math.floor(((i + shift) * positions) / chosen));
}

/**
 * x - Zx of all that a position reads, [taps, input channels], 0 where it reads padding.
 *
 * @param x the input of the layer
 */
export function inputRows(
  layer: DotProduct,
  x: Int8Array,
  positions: readonly number[],
): readonly Int16Array[] {
  const { input } = layer;
  if (layer.op === 'FULLY_CONNECTED') {
    const size = x.length / layer.batches;
    return positions.map((row) =>
      Int16Array.from(x.subarray(row * size, (row + 1) * size), (q) => q - input.zeroPoint),
    );
  }
  const { output, window } = layer;
  const channels = input.shape.at(-1) ?? 1;
  const rows = new Map(
    positions.map((position) => [position, new Int16Array(window.height * window.width * channels)]),
  );
  forEachTap(input, output, window, (position, tap, pixel) => {
    const row = rows.get(position);
    if (row === undefined) return;
    for (let i = 0; i < channels; i++) {
      row[tap * channels + i] = (x[pixel * channels + i] ?? 0) - input.zeroPoint;
    }
  });
  return positions.map((position) => rows.get(position) ?? new Int16Array(0));
}

/** The accumulators of a row, one for each output channel, bias included: int32. */
export function accumulatorsOf(layer: DotProduct, row: Int16Array): Int32Array {
  const { weights, bias } = layer;
  const { data, channels } = weights;
  return Int32Array.from({ length: channels }, (_, channel) => {
    let sum = bias?.data[channel] ?? 0;
    if (layer.op === 'DEPTHWISE_CONV_2D') {
      const read = Math.floor(channel / layer.depthMultiplier);
      const inputs = channels / layer.depthMultiplier;
      for (let tap = 0; tap < row.length / inputs; tap++) {
        sum = (sum + (row[tap * inputs + read] ?? 0) * (data[tap * channels + channel] ?? 0)) | 0;
      }
    } else {
      const start = channel * row.length;
      for (let i = 0; i < row.length; i++) sum = (sum + (row[i] ?? 0) * (data[start + i] ?? 0)) | 0;
    }
    return sum;
  });
}
