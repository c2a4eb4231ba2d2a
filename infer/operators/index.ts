/** Every operator, prepared: the reference implementation, in plain TypeScript. */
import type { Operator } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { prepareAdd } from './add.ts';
import { prepareConv2d } from './conv-2d.ts';
import { prepareDepthwiseConv2d } from './depthwise-conv-2d.ts';
import { prepareFullyConnected } from './fully-connected.ts';
import { prepareMul } from './mul.ts';
import { preparePad } from './pad.ts';
import { preparePool2d } from './pool-2d.ts';
import { prepareQuantize, prepareRelu } from './quantize.ts';
import { prepareReduce } from './reduce.ts';
import { prepareReshape } from './reshape.ts';
import { prepareSoftmax } from './softmax.ts';
import type { Step } from './step.ts';

/** Throws RangeError where a factor of the operator cannot be a multiplier, see `rescalerOf`. */
export function prepareOperator(operator: Operator, arithmetic: Arithmetic): Step {
  switch (operator.op) {
    case 'CONV_2D':
      return prepareConv2d(operator, arithmetic);
    case 'DEPTHWISE_CONV_2D':
      return prepareDepthwiseConv2d(operator, arithmetic);
    case 'FULLY_CONNECTED':
      return prepareFullyConnected(operator, arithmetic);
    case 'ADD':
    case 'SUB':
      return prepareAdd(operator, arithmetic);
    case 'MUL':
      return prepareMul(operator, arithmetic);
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D':
      return preparePool2d(operator);
    case 'MEAN':
    case 'SUM':
      return prepareReduce(operator, arithmetic);
    case 'SOFTMAX':
      return prepareSoftmax(operator, arithmetic);
    case 'QUANTIZE':
      return prepareQuantize(operator, arithmetic);
    case 'RELU':
    case 'RELU6':
    case 'RELU_N1_TO_1':
      return prepareRelu(operator, arithmetic);
    case 'RESHAPE':
      return prepareReshape(operator);
    case 'PAD':
      return preparePad(operator);
  }
}
