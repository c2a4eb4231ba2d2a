/**
 * The tables of a `.tflite` file as they are stored: places checked, meaning not. read-model.ts gives them
 * meaning, patch-model.ts writes to their places.
 */

import { type ByteRange, rootTable, type Slots, type Table, type Vector } from './flatbuffer.ts';
import { ModelError } from './model-error.ts';
import {
  BUFFER,
  IDENTIFIER,
  METADATA,
  MODEL,
  OPERATOR,
  OPERATOR_CODE,
  QUANTIZATION,
  SCHEMA_VERSION,
  SUBGRAPH,
  TENSOR,
} from './schema.ts';

export interface ModelFile {
  readonly description: string;
  /** Where the data of each buffer lies; undefined where it has none. */
  readonly buffers: readonly (ByteRange | undefined)[];
  readonly tensors: readonly StoredTensor[];
  readonly operators: readonly StoredOperator[];
  /** Tensor indices. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Places that belong to something that is not a tensor. */
  readonly metadata: readonly { readonly name: string; readonly buffer: number }[];
}

export interface StoredTensor {
  readonly index: number;
  readonly name: string;
  readonly shape: readonly number[];
  /** TensorType. */
  readonly type: number;
  /** 0 is the empty buffer. */
  readonly buffer: number;
  readonly scales: Vector | undefined;
  readonly zeroPoints: Vector | undefined;
  readonly quantizedDimension: number;
  /** What this project does not know to handle, in words. */
  readonly peculiarity: string | undefined;
}

export interface StoredOperator {
  readonly index: number;
  /** BuiltinOperator. */
  readonly code: number;
  readonly customName: string;
  readonly version: number;
  /** Tensor indices; -1 is an optional input that is left out. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** BuiltinOptions: which table the options are; 0 is none. */
  readonly optionsType: number;
  readonly options: <S extends Slots>(slots: S, label: string) => Table<S> | undefined;
}

/** @throws ModelError unless the bytes are a `.tflite` file of one subgraph whose parts lie within it */
export function readFile(bytes: Uint8Array): ModelFile {
  const model = rootTable(bytes, IDENTIFIER, MODEL, 'TFLite model');
  const version = model.number('version', 'uint32');
  if (version !== SCHEMA_VERSION) {
    throw new ModelError(`schema version ${version} is not ${SCHEMA_VERSION}; convert the model again`);
  }
  const codes = model.tables('operatorCodes', OPERATOR_CODE, (index) => `operator code ${index}`);
  const subgraphs = model.tables('subgraphs', SUBGRAPH, (index) => `subgraph ${index}`);
  const [subgraph] = subgraphs;
  if (subgraph === undefined || subgraphs.length > 1) {
    throw new ModelError(
      `the model has ${subgraphs.length} subgraphs; only models of one subgraph are supported`,
    );
  }
  const buffers = model.tables('buffers', BUFFER, (index) => `buffer ${index}`).map(readBuffer);
  return {
    description: model.string('description'),
    buffers,
    tensors: subgraph.tables('tensors', TENSOR, (index) => `tensor ${index}`).map(readTensor),
    operators: subgraph
      .tables('operators', OPERATOR, (index) => `operator ${index}`)
      .map((operator, index) => readOperator(operator, index, codes)),
    inputs: subgraph.vector('inputs', 'int32')?.values ?? [],
    outputs: subgraph.vector('outputs', 'int32')?.values ?? [],
    metadata: model
      .tables('metadata', METADATA, (index) => `metadata ${index}`)
      .map((entry) => ({ name: entry.string('name'), buffer: entry.number('buffer', 'uint32') })),
  };
}

function readBuffer(buffer: Table<typeof BUFFER>): ByteRange | undefined {
  if (buffer.has('offset') || buffer.has('size')) {
    throw new ModelError(
      `${buffer.label}: its data lie behind the flatbuffer, which is for models above 2 GB and not supported`,
    );
  }
  const range = buffer.bytes('data');
  return range !== undefined && range.end > range.start ? range : undefined;
}

function readTensor(tensor: Table<typeof TENSOR>, index: number): StoredTensor {
  const quantization = tensor.table('quantization', QUANTIZATION);
  return {
    index,
    name: tensor.string('name'),
    shape: tensor.vector('shape', 'int32')?.values ?? [],
    type: tensor.number('type', 'int8'),
    buffer: tensor.number('buffer', 'uint32'),
    scales: quantization?.vector('scale', 'float32'),
    zeroPoints: quantization?.vector('zeroPoint', 'int64'),
    quantizedDimension: quantization?.number('quantizedDimension', 'int32') ?? 0,
    peculiarity:
      tensor.number('isVariable', 'uint8') !== 0
        ? 'is a variable, whose value outlasts a run'
        : tensor.has('sparsity')
          ? 'is stored sparse'
          : tensor.has('variantTensors')
            ? 'is a variant'
            : (quantization?.number('detailsType', 'uint8') ?? 0) !== 0
              ? 'has custom quantization'
              : undefined,
  };
}

function readOperator(
  operator: Table<typeof OPERATOR>,
  index: number,
  codes: readonly Table<typeof OPERATOR_CODE>[],
): StoredOperator {
  const opcodeIndex = operator.number('opcodeIndex', 'uint32');
  const code = codes[opcodeIndex];
  if (code === undefined) {
    throw new ModelError(
      `${operator.label}: operator code ${opcodeIndex} does not exist; the model has ${codes.length}`,
    );
  }
  return {
    index,
    // Codes above 127 came later and are in a wider field; older writers fill only the narrow one.
    code: Math.max(code.number('deprecatedBuiltinCode', 'int8'), code.number('builtinCode', 'int32')),
    customName: code.string('customCode'),
    version: code.number('version', 'int32', 1),
    inputs: operator.vector('inputs', 'int32')?.values ?? [],
    outputs: operator.vector('outputs', 'int32')?.values ?? [],
    optionsType: operator.number('optionsType', 'uint8'),
    options: (slots, label) => operator.table('options', slots, label),
  };
}
