/** The tables of a `.tflite` file from what they hold: the counterpart of file.ts, without checks of its own. */

import { encodeFlatbuffer, type Fields } from './flatbuffer-writer.ts';
import {
  BUFFER,
  IDENTIFIER,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  QUANTIZATION,
  SCHEMA_VERSION,
  SUBGRAPH,
  TENSOR,
} from './schema.ts';

/** What a file holds. Tensors and buffers are named by their position. */
export interface FileContent {
  readonly description: string;
  /** Number 0 is empty, by convention: that of tensors without data. */
  readonly buffers: readonly (Uint8Array | undefined)[];
  readonly tensors: readonly TensorContent[];
  readonly operators: readonly OperatorContent[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface TensorContent {
  readonly name: string;
  readonly shape: readonly number[];
  /** TensorType. */
  readonly type: number;
  readonly buffer: number;
  readonly scales?: readonly number[];
  readonly zeroPoints?: readonly number[];
  readonly quantizedDimension?: number;
}

export interface OperatorContent {
  /** BuiltinOperator. */
  readonly code: number;
  readonly customName?: string;
  readonly version: number;
  /** -1 is an optional input that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** BuiltinOptions: which table the options are; 0 is none. */
  readonly optionsType: number;
  readonly options: Fields;
}

export function writeFile(content: FileContent): Uint8Array {
  return encodeFlatbuffer(IDENTIFIER, modelTable(content));
}

/** Buffers come first, so that the data lie behind all that describes them. */
export function modelTable({ description, buffers, operators, ...graph }: FileContent): Fields {
  const codes = operatorCodes(operators);
  return [
    { slot: MODEL.buffers, tables: buffers.map(bufferTable) },
    { slot: MODEL.version, int32: SCHEMA_VERSION },
    { slot: MODEL.operatorCodes, tables: codes.tables },
    { slot: MODEL.subgraphs, tables: [subgraphTable({ ...graph, operators }, codes.indexOf)] },
    { slot: MODEL.description, string: description },
  ];
}

function bufferTable(data: Uint8Array | undefined): Fields {
  return data === undefined ? [] : [{ slot: BUFFER.data, bytes: data }];
}

/** Of every kind and version of operator, one. */
function operatorCodes(operators: readonly OperatorContent[]) {
  const key = ({ code, version, customName = '' }: OperatorContent) => `${code} ${version} ${customName}`;
  const kinds = [...new Map(operators.map((operator) => [key(operator), operator]))];
  const keys = kinds.map(([name]) => name);
  return {
    tables: kinds.map(
      ([, { code, version, customName }]): Fields => [
        // Older readers know only the narrow field, which holds as much of the code as it can.
        { slot: OPERATOR_CODE.deprecatedBuiltinCode, int8: Math.min(code, 127) },
        ...(customName === undefined ? [] : [{ slot: OPERATOR_CODE.customCode, string: customName }]),
        { slot: OPERATOR_CODE.version, int32: version },
        { slot: OPERATOR_CODE.builtinCode, int32: code },
      ],
    ),
    indexOf: (operator: OperatorContent): number => keys.indexOf(key(operator)),
  };
}

function subgraphTable(
  { tensors, operators, inputs, outputs }: Pick<FileContent, 'tensors' | 'operators' | 'inputs' | 'outputs'>,
  codeOf: (operator: OperatorContent) => number,
): Fields {
  return [
    { slot: SUBGRAPH.tensors, tables: tensors.map(tensorTable) },
    { slot: SUBGRAPH.inputs, int32s: inputs },
    { slot: SUBGRAPH.outputs, int32s: outputs },
    {
      slot: SUBGRAPH.operators,
      tables: operators.map((operator) => operatorTable(operator, codeOf(operator))),
    },
    { slot: SUBGRAPH.name, string: 'main' },
  ];
}

function tensorTable(tensor: TensorContent): Fields {
  const { name, shape, type, buffer, scales, zeroPoints, quantizedDimension = 0 } = tensor;
  return [
    { slot: TENSOR.shape, int32s: shape },
    { slot: TENSOR.type, int8: type },
    { slot: TENSOR.buffer, int32: buffer },
    { slot: TENSOR.name, string: name },
    {
      slot: TENSOR.quantization,
      table: [
        ...(scales === undefined ? [] : [{ slot: QUANTIZATION.scale, float32s: scales }]),
        ...(zeroPoints === undefined ? [] : [{ slot: QUANTIZATION.zeroPoint, int64s: zeroPoints }]),
        { slot: QUANTIZATION.quantizedDimension, int32: quantizedDimension },
      ],
    },
    // Tells a scalar, whose shape is empty, from a tensor of unknown shape.
    { slot: TENSOR.hasRank, int8: 1 },
  ];
}

function operatorTable(
  { inputs, outputs, optionsType, options }: OperatorContent,
  opcodeIndex: number,
): Fields {
  return [
    { slot: OPERATOR.opcodeIndex, int32: opcodeIndex },
    { slot: OPERATOR.inputs, int32s: inputs },
    { slot: OPERATOR.outputs, int32s: outputs },
    ...(optionsType === 0
      ? []
      : [
          { slot: OPERATOR.optionsType, int8: optionsType },
          { slot: OPERATOR.options, table: options },
        ]),
  ];
}
