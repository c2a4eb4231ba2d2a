import { offsetAndClamp } from '../../golden/index.ts';
import type { ElementwiseBinary } from '../../litert/index.ts';
import { mulFactor } from '../../litert/rescale-factors.ts';
import { type Arithmetic, applyRescaler, rescalerOf } from '../arithmetic.ts';
import { broadcastIndices } from './broadcast.ts';
import type { Step } from './step.ts';

/** MUL (tflite/kernels/internal/reference/integer_ops/mul.h). */
export function prepareMul(operator: ElementwiseBinary, arithmetic: Arithmetic): Step {
  const { left, right, output, outputRange } = operator;
  const rescaler = rescalerOf(arithmetic, mulFactor(operator));
  const leftIndices = broadcastIndices(left.shape, output.shape);
  const rightIndices = broadcastIndices(right.shape, output.shape);
  return (values) => {
    const a = values.of(left);
    const b = values.of(right);
    const y = values.of(output);
    for (let i = 0; i < y.length; i++) {
      const leftValue = (a[leftIndices[i] ?? 0] ?? 0) - left.zeroPoint;
      const rightValue = (b[rightIndices[i] ?? 0] ?? 0) - right.zeroPoint;
      y[i] = offsetAndClamp(applyRescaler(leftValue * rightValue, rescaler), outputRange);
    }
  };
}
