/** Operators of which every output element depends on one input element: at most 256 different results. */
import {
  type Activation,
  type ElementwiseBinary,
  inputsOf,
  type Quantize,
  type Relu,
} from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { prepareOperator } from '../operators/index.ts';
import { type Elements, valuesIn } from '../values.ts';
import type { Bind } from './kernels.ts';
import type { MemoryBuilder } from './memory-builder.ts';

const CODES = 256;

type TableOperator = Quantize | Relu | ElementwiseBinary;

/** Undefined where more than one element decides. */
export function prepareTable(
  operator: TableOperator,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
): Bind | undefined {
  const input = decidingInput(operator);
  if (input === undefined) return undefined;
  const results = resultsByCode(operator, arithmetic);
  const [from, to, size] = [memory.address(input), memory.address(operator.output), operator.output.size];
  const distance = results[0] ?? 0;
  if (results.every((result, code) => result === ((code + distance) & 0xff))) {
    return ({ kernels }) =>
      () =>
        kernels.shift(from, size, distance, to);
  }
  const table = memory.place(results);
  return ({ kernels }) =>
    () =>
      kernels.lookUp(table, from, size, to);
}

function decidingInput(operator: TableOperator): Activation | undefined {
  switch (operator.op) {
    case 'QUANTIZE':
    case 'RELU':
    case 'RELU6':
    case 'RELU_N1_TO_1':
      return operator.input;
    case 'ADD':
    case 'SUB':
    case 'MUL': {
      const { left, right, output } = operator;
      if (right.data !== undefined && right.size === 1 && left.size === output.size) return left;
      if (left.data !== undefined && left.size === 1 && right.size === output.size) return right;
      return undefined;
    }
  }
}

/** What the reference implementation makes of each byte, from a copy of the operator on 256 elements. */
function resultsByCode(operator: TableOperator, arithmetic: Arithmetic): Uint8Array {
  const small = overCodes(operator);
  const memory = new Map<Activation, Elements>();
  for (const tensor of [...inputsOf(small), small.output]) {
    const bytes = tensor.data ?? Uint8Array.from({ length: tensor.size }, (_, code) => code);
    memory.set(tensor, tensor.type === 'int8' ? new Int8Array(bytes) : new Uint8Array(bytes));
  }
  prepareOperator(small, arithmetic)(valuesIn(memory));
  return new Uint8Array(valuesIn(memory).of(small.output));
}

function overCodes(operator: TableOperator): TableOperator {
  const long = <T extends Activation>(tensor: T): T =>
    tensor.data === undefined ? { ...tensor, shape: [CODES], size: CODES } : tensor;
  switch (operator.op) {
    case 'QUANTIZE':
      return { ...operator, input: long(operator.input), output: long(operator.output) };
    case 'ADD':
    case 'SUB':
    case 'MUL':
      return {
        ...operator,
        left: long(operator.left),
        right: long(operator.right),
        output: long(operator.output),
      };
    default:
      return { ...operator, input: long(operator.input), output: long(operator.output) };
  }
}
