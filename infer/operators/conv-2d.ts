import type { Conv2d } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { type Accumulate, dotProductStep, startWithBias } from './dot-product.ts';
import type { Step } from './step.ts';
import { forEachTap, imageShape } from './window.ts';

/** CONV_2D (tflite/kernels/internal/reference/integer_ops/conv.h). */
export function prepareConv2d(operator: Conv2d, arithmetic: Arithmetic): Step {
  return dotProductStep(operator, convolve(operator), arithmetic);
}

function convolve({ input, weights, bias, output, window }: Conv2d): Accumulate {
  const inputs = imageShape(input).channels;
  const outputs = weights.channels;
  const taps = window.height * window.width;
  const w = weights.data;
  return (x, accumulators) => {
    startWithBias(bias, outputs, accumulators);
    forEachTap(input, output, window, (position, tap, pixel) => {
      for (let channel = 0; channel < outputs; channel++) {
        const filter = (channel * taps + tap) * inputs;
        let sum = accumulators[position * outputs + channel] ?? 0;
        for (let i = 0; i < inputs; i++) {
          sum = (sum + ((x[pixel * inputs + i] ?? 0) - input.zeroPoint) * (w[filter + i] ?? 0)) | 0;
        }
        accumulators[position * outputs + channel] = sum;
      }
    });
  };
}
