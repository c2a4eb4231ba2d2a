/** The way back through every operator that has one. */
import type { Arithmetic } from '../../../infer/arithmetic.ts';
import type { Operator } from '../../../litert/index.ts';
import { prepareDepthwiseGradient } from './depthwise-conv-2d.ts';
import { prepareElementwiseGradient } from './elementwise-binary.ts';
import { prepareQuantizeGradient, prepareReluGradient, prepareReshapeGradient } from './elementwise-unary.ts';
import type { BindGradient, GradientMemory } from './gradient.ts';
import { prepareConv2dGradient, prepareFullyConnectedGradient } from './matrix-product.ts';
import { preparePadGradient } from './pad.ts';
import { preparePool2dGradient } from './pool-2d.ts';
import { prepareReduceGradient } from './reduce.ts';

/** Throws RangeError, naming the operator, where it has no gradient. */
export function prepareGradient(
  operator: Operator,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): BindGradient {
  switch (operator.op) {
    case 'CONV_2D':
      return prepareConv2dGradient(operator, arithmetic, memory);
    case 'DEPTHWISE_CONV_2D':
      return prepareDepthwiseGradient(operator, arithmetic, memory);
    case 'FULLY_CONNECTED':
      return prepareFullyConnectedGradient(operator, arithmetic, memory);
    case 'ADD':
    case 'SUB':
    case 'MUL':
      return prepareElementwiseGradient(operator, arithmetic, memory);
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D':
      return preparePool2dGradient(operator, memory);
    case 'MEAN':
    case 'SUM':
      return prepareReduceGradient(operator, arithmetic, memory);
    case 'QUANTIZE':
      return prepareQuantizeGradient(operator, arithmetic, memory);
    case 'RELU':
    case 'RELU6':
    case 'RELU_N1_TO_1':
      return prepareReluGradient(operator, arithmetic, memory);
    case 'RESHAPE':
      return prepareReshapeGradient(operator, memory);
    case 'PAD':
      return preparePadGradient(operator, memory);
    case 'SOFTMAX':
      throw new RangeError(
        `operator ${operator.index} (SOFTMAX) has no gradient where other operators read its output; it is trained through only at the end of a model`,
      );
  }
}
