import type { FullyConnected } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { type Accumulate, dotProductStep, startWithBias } from './dot-product.ts';
import type { Step } from './step.ts';

/** FULLY_CONNECTED (tflite/kernels/internal/reference/integer_ops/fully_connected.h). */
export function prepareFullyConnected(operator: FullyConnected, arithmetic: Arithmetic): Step {
  return dotProductStep(operator, multiply(operator), arithmetic);
}

function multiply({ input, weights, bias, batches }: FullyConnected): Accumulate {
  const inputs = input.size / batches;
  const outputs = weights.channels;
  const w = weights.data;
  return (x, accumulators) => {
    startWithBias(bias, outputs, accumulators);
    for (let i = 0; i < batches * outputs; i++) {
      const row = Math.floor(i / outputs) * inputs;
      const filter = (i % outputs) * inputs;
      let sum = accumulators[i] ?? 0;
      for (let j = 0; j < inputs; j++) {
        sum = (sum + ((x[row + j] ?? 0) - input.zeroPoint) * (w[filter + j] ?? 0)) | 0;
      }
      accumulators[i] = sum;
    }
  };
}
