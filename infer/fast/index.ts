/** Every operator on the fastest way that there is for it. */
import type { Operator } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { prepareOperator } from '../operators/index.ts';
import { prepareAdd } from './add.ts';
import { prepareDepthwise } from './depthwise.ts';
import { prepareConv2d, prepareFullyConnected, prepareSingleInputDepthwise } from './gemm.ts';
import type { Bind } from './kernels.ts';
import type { MemoryBuilder } from './memory-builder.ts';
import type { OperandFormat } from './operand-format.ts';
import { prepareTable } from './table.ts';

/**
 * Operators without a kernel, being rare or cheap, run on the reference implementation.
 *
 * @param format that the kernels were built for
 *
 * Throws RangeError where a factor of the operator cannot be a multiplier, see `rescalerOf`.
 */
export function prepareFast(
  operator: Operator,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
  format: OperandFormat,
): Bind {
  return prepareKernel(operator, arithmetic, memory, format) ?? onReference(operator, arithmetic);
}

function onReference(operator: Operator, arithmetic: Arithmetic): Bind {
  const step = prepareOperator(operator, arithmetic);
  return ({ values }) =>
    () =>
      step(values);
}

function prepareKernel(
  operator: Operator,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
  format: OperandFormat,
): Bind | undefined {
  switch (operator.op) {
    case 'CONV_2D':
      return prepareConv2d(operator, arithmetic, memory, format);
    case 'DEPTHWISE_CONV_2D':
      if (operator.depthMultiplier === 1) return prepareDepthwise(operator, arithmetic, memory, format);
      return operator.weights.channels === operator.depthMultiplier
        ? prepareSingleInputDepthwise(operator, arithmetic, memory, format)
        : undefined;
    case 'FULLY_CONNECTED':
      return prepareFullyConnected(operator, arithmetic, memory, format);
    case 'ADD':
      return prepareTable(operator, arithmetic, memory) ?? prepareAdd(operator, arithmetic, memory);
    case 'SUB':
    case 'MUL':
    case 'QUANTIZE':
    case 'RELU':
    case 'RELU6':
    case 'RELU_N1_TO_1':
      return prepareTable(operator, arithmetic, memory);
    default:
      return undefined;
  }
}
