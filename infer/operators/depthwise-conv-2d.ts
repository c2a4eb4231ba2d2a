import type { DepthwiseConv2d } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { type Accumulate, dotProductStep, startWithBias } from './dot-product.ts';
import type { Step } from './step.ts';
import { forEachTap, imageShape } from './window.ts';

/** DEPTHWISE_CONV_2D (tflite/kernels/internal/reference/integer_ops/depthwise_conv.h). */
export function prepareDepthwiseConv2d(operator: DepthwiseConv2d, arithmetic: Arithmetic): Step {
  return dotProductStep(operator, convolve(operator), arithmetic);
}

function convolve({ input, weights, bias, output, window, depthMultiplier }: DepthwiseConv2d): Accumulate {
  const inputs = imageShape(input).channels;
  const outputs = weights.channels;
  const w = weights.data;
  return (x, accumulators) => {
    startWithBias(bias, outputs, accumulators);
    forEachTap(input, output, window, (position, tap, pixel) => {
      for (let channel = 0; channel < outputs; channel++) {
        const value = (x[pixel * inputs + Math.floor(channel / depthMultiplier)] ?? 0) - input.zeroPoint;
        const i = position * outputs + channel;
        accumulators[i] = (accumulators[i] ?? 0) + value * (w[tap * outputs + channel] ?? 0);
      }
    });
  };
}
