import { offsetAndClamp } from '../../golden/index.ts';
import type { ElementwiseBinary } from '../../litert/index.ts';
import { ADD_LEFT_SHIFT, addFactors } from '../../litert/rescale-factors.ts';
import { type Arithmetic, applyRescaler, rescalerOf } from '../arithmetic.ts';
import { broadcastIndices } from './broadcast.ts';
import type { Step } from './step.ts';

/** ADD and SUB (tflite/kernels/internal/reference/add.h, sub.h): both operands at a common scale, then a third rescaling. */
export function prepareAdd(operator: ElementwiseBinary, arithmetic: Arithmetic): Step {
  const { left, right, output, outputRange } = operator;
  const factors = addFactors(operator);
  const leftRescaler = rescalerOf(arithmetic, factors.left);
  const rightRescaler = rescalerOf(arithmetic, factors.right);
  const outputRescaler = rescalerOf(arithmetic, factors.output);
  const leftIndices = broadcastIndices(left.shape, output.shape);
  const rightIndices = broadcastIndices(right.shape, output.shape);
  const sign = operator.op === 'SUB' ? -1 : 1;
  return (values) => {
    const a = values.of(left);
    const b = values.of(right);
    const y = values.of(output);
    for (let i = 0; i < y.length; i++) {
      const leftValue = ((a[leftIndices[i] ?? 0] ?? 0) - left.zeroPoint) << ADD_LEFT_SHIFT;
      const rightValue = ((b[rightIndices[i] ?? 0] ?? 0) - right.zeroPoint) << ADD_LEFT_SHIFT;
      const sum = applyRescaler(leftValue, leftRescaler) + sign * applyRescaler(rightValue, rightRescaler);
      y[i] = offsetAndClamp(applyRescaler(sum | 0, outputRescaler), outputRange);
    }
  };
}
