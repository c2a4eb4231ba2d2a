/** New files from models. patch-model.ts changes files that are there. */

import type { Activation, Tensor } from './model.ts';
import type { Given, ModelDescription, WrittenOperator } from './model-description.ts';
import { ModelError } from './model-error.ts';
import { writeConv2d } from './operators/conv-2d.ts';
import { writeDepthwiseConv2d } from './operators/depthwise-conv-2d.ts';
import { writeElementwiseBinary } from './operators/elementwise-binary.ts';
import { writeFullyConnected } from './operators/fully-connected.ts';
import { OPERATOR_READERS } from './operators/index.ts';
import { writePad } from './operators/pad.ts';
import { writePool2d } from './operators/pool-2d.ts';
import { writeQuantize } from './operators/quantize.ts';
import { writeReduce } from './operators/reduce.ts';
import { writeRelu } from './operators/relu.ts';
import { writeReshape } from './operators/reshape.ts';
import { writeSoftmax } from './operators/softmax.ts';
import { readModel } from './read-model.ts';
import { TENSOR_TYPES } from './schema.ts';
import { printable } from './tensors.ts';
import { type TensorContent, writeFile } from './write-file.ts';

/**
 * The model as a `.tflite` file. Tensors are numbered in the order in which the model uses them: its inputs, then
 * for each operator what it reads and what it writes.
 *
 * @throws ModelError where `readModel` would not accept the file, or where it would read other scales or zero points
 */
export function writeModel({ description, operators, inputs, outputs }: ModelDescription): Uint8Array {
  const list = new TensorList();
  const content = {
    description,
    inputs: inputs.map((tensor) => list.indexOf(tensor)),
    operators: operators.map((operator) => {
      const written = writeOperator(operator);
      return {
        ...written,
        code: codeOf(operator.op),
        inputs: written.inputs.map((tensor) => (tensor === undefined ? -1 : list.indexOf(tensor))),
        outputs: [list.indexOf(operator.output)],
      };
    }),
    outputs: outputs.map((tensor) => list.indexOf(tensor)),
  };
  const bytes = writeFile({ ...content, tensors: list.tensors, buffers: list.buffers });
  readModel(bytes);
  return bytes;
}

type OperatorDescription = ModelDescription['operators'][number];

function writeOperator(operator: OperatorDescription): WrittenOperator {
  switch (operator.op) {
    case 'CONV_2D':
      return writeConv2d(operator);
    case 'DEPTHWISE_CONV_2D':
      return writeDepthwiseConv2d(operator);
    case 'FULLY_CONNECTED':
      return writeFullyConnected(operator);
    case 'ADD':
    case 'SUB':
    case 'MUL':
      return writeElementwiseBinary(operator);
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D':
      return writePool2d(operator);
    case 'MEAN':
    case 'SUM':
      return writeReduce(operator);
    case 'SOFTMAX':
      return writeSoftmax(operator);
    case 'QUANTIZE':
      return writeQuantize(operator);
    case 'RESHAPE':
      return writeReshape(operator);
    case 'RELU':
    case 'RELU_N1_TO_1':
    case 'RELU6':
      return writeRelu(operator);
    case 'PAD':
      return writePad(operator);
  }
}

function codeOf(op: OperatorDescription['op']): number {
  const reader = OPERATOR_READERS.find(({ name }) => name === op);
  if (reader === undefined) throw new Error(`${op} has no reader`);
  return reader.code;
}

/** Tensors and buffers in the order in which they are first asked for. */
class TensorList {
  readonly tensors: TensorContent[] = [];
  readonly buffers: (Uint8Array | undefined)[] = [undefined];
  readonly #indices = new Map<Given<Tensor>, number>();

  indexOf(tensor: Given<Tensor>): number {
    const known = this.#indices.get(tensor);
    if (known !== undefined) return known;
    const index = this.tensors.length;
    const { name, shape, data } = tensor;
    this.#indices.set(tensor, index);
    this.tensors.push({
      name,
      shape,
      type: TENSOR_TYPES.indexOf(tensor.type),
      buffer: data === undefined ? 0 : this.buffers.length,
      ...quantizationOf(tensor),
    });
    if (data !== undefined) {
      this.buffers.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
    return index;
  }
}

type Quantization = Pick<TensorContent, 'scales' | 'zeroPoints' | 'quantizedDimension'>;

function quantizationOf(tensor: Given<Tensor>): Quantization {
  switch (tensor.role) {
    case 'activation':
      return { scales: [float32(tensor.scale, tensor)], zeroPoints: [zeroPoint(tensor)] };
    case 'weights':
      return {
        ...symmetric(tensor.scales, tensor),
        quantizedDimension: tensor.scales.length > 1 ? tensor.axis : 0,
      };
    case 'bias':
      return symmetric(tensor.scales, tensor);
    case 'parameter':
      return {};
  }
}

function symmetric(scales: readonly number[], tensor: Given<Tensor>): Quantization {
  return { scales: scales.map((scale) => float32(scale, tensor)), zeroPoints: scales.map(() => 0) };
}

function float32(scale: number, { name }: Given<Tensor>): number {
  if (Math.fround(scale) === scale) return scale;
  throw new ModelError(
    `tensor "${printable(name)}": scale ${scale} is not a float32 value; round it with Math.fround`,
  );
}

function zeroPoint({ name, zeroPoint: value }: Given<Activation>): number {
  if (Number.isSafeInteger(value)) return value;
  throw new ModelError(`tensor "${printable(name)}": zero point ${value} is not an integer`);
}
