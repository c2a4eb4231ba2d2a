import type { Activation, Quantize, Relu } from '../../litert/index.ts';
import { reluFactor, scaleRatio } from '../../litert/rescale-factors.ts';
import { type Arithmetic, applyRescaler, type Rescaler, rescalerOf } from '../arithmetic.ts';
import type { Step } from './step.ts';

/** QUANTIZE between quantized types (tflite/kernels/internal/reference/requantize.h). */
export function prepareQuantize(operator: Quantize, arithmetic: Arithmetic): Step {
  const { output } = operator;
  const [least, greatest] = output.type === 'uint8' ? [0, 255] : [-128, 127];
  return rescaleElements(operator, rescalerOf(arithmetic, scaleRatio(operator)), least, greatest);
}

/** RELU, RELU6, RELU_N1_TO_1 (tflite/kernels/activations.cc): rescaled to the output, then clamped. */
export function prepareRelu(operator: Relu, arithmetic: Arithmetic): Step {
  const { activationMin, activationMax } = operator.outputRange;
  return rescaleElements(
    operator,
    rescalerOf(arithmetic, reluFactor(operator)),
    activationMin,
    activationMax,
  );
}

function rescaleElements(
  operator: Quantize | Relu,
  rescaler: Rescaler,
  least: number,
  greatest: number,
): Step {
  const input: Activation = operator.input;
  const output: Activation = operator.output;
  // Each of the 256 values once.
  const table = Array.from({ length: 256 }, (_, code) => {
    const q = input.type === 'uint8' ? code : (code << 24) >> 24;
    const y = applyRescaler(q - input.zeroPoint, rescaler) + output.zeroPoint;
    return Math.min(Math.max(y, least), greatest);
  });
  return (values) => {
    const x = values.of(input);
    const y = values.of(output);
    for (let i = 0; i < y.length; i++) y[i] = table[(x[i] ?? 0) & 0xff] ?? 0;
  };
}
