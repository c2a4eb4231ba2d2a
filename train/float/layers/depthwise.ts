import type { Layout } from '../layout.ts';
import type { Windows } from '../windows.ts';
import type { LinearPlan, Operands } from './linear.ts';
import { FLOAT, openGradient } from './step.ts';

/** Depthwise convolution: a filter [taps][channels], one for each channel. */
export function planDepthwise(
  layout: Layout,
  {
    operands,
    windows,
    channels,
  }: { readonly operands: Operands; readonly windows: Windows; readonly channels: number },
): LinearPlan {
  const { input, weights, weightGradient, output, outputGradient, zeros } = operands;
  const { positions, pixels, taps } = windows;
  const table = layout.constant(windows.table);
  const inputFloats = FLOAT * pixels * channels;
  const outputFloats = FLOAT * positions * channels;
  return (machine) => {
    const { kernels } = machine;
    return {
      prepare() {},
      forward(images) {
        for (let i = 0; i < images; i += 1) {
          const x = input.tensor.values + i * inputFloats;
          kernels.depthwise(x, weights, zeros, table, positions, taps, channels, output + i * outputFloats);
        }
      },
      backward(images) {
        if (outputGradient === undefined || weightGradient === undefined) return;
        const dx = openGradient(machine, input, images);
        for (let i = 0; i < images; i += 1) {
          const dy = outputGradient + i * outputFloats;
          const x = input.tensor.values + i * inputFloats;
          kernels.depthwiseFilterGradient(dy, x, table, positions, taps, channels, weightGradient);
          if (dx === undefined) continue;
          kernels.depthwiseInputGradient(
            ...([dy, weights, table, positions, taps, channels, dx + i * inputFloats] as const),
          );
        }
      },
    };
  };
}
