/** Small `.tflite` files for tests, written with the flatbuffers runtime's own builder. */
import { Builder } from 'flatbuffers';

export const TYPE = { float32: 0, int32: 2, uint8: 3, int8: 9 } as const;

export interface TensorSpec {
  readonly name?: string;
  readonly shape: readonly number[];
  readonly type?: number;
  readonly scales?: readonly number[];
  readonly zeroPoints?: readonly number[];
  readonly axis?: number;
  readonly data?: Int8Array | Uint8Array | Int32Array;
  /** A buffer of its own unless a number is given. */
  readonly buffer?: number;
  readonly isVariable?: boolean;
}

/** A field of an options table: its slot, and a value of its kind. */
export type OptionSpec =
  | { readonly slot: number; readonly int8: number }
  | { readonly slot: number; readonly int32: number }
  | { readonly slot: number; readonly float32: number }
  | { readonly slot: number; readonly int32s: readonly number[] };

export interface OperatorSpec {
  readonly code: number;
  readonly version?: number;
  readonly customCode?: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly optionsType?: number;
  readonly options?: readonly OptionSpec[];
}

export interface ModelSpec {
  readonly tensors: readonly TensorSpec[];
  readonly operators: readonly OperatorSpec[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly version?: number;
  readonly subgraphs?: number;
  /** How often each tensor's table is listed, which no honest writer does. */
  readonly tensorCopies?: number;
  /** Buffers of metadata entries. */
  readonly metadata?: readonly number[];
}

export function buildModel(spec: ModelSpec): Uint8Array {
  const builder = new Builder(1024);
  // Buffer 0 is the empty one; constants follow in the order of the tensors.
  const contents: (Uint8Array | undefined)[] = [undefined];
  const bufferOf = spec.tensors.map(({ data, buffer }) => {
    if (buffer !== undefined || data === undefined) return buffer ?? 0;
    contents.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return contents.length - 1;
  });
  // Written first, the data end up last in the file: where it is cut off, they are what is missing.
  const vectors = contents.map((content) => (content === undefined ? 0 : alignedBytes(builder, content)));
  const buffers = vectors.map((data) =>
    table(builder, 3, () => {
      builder.addFieldOffset(0, data, 0);
    }),
  );
  const tensors = spec.tensors.map((tensor, i) => addTensor(builder, tensor, bufferOf[i] ?? 0));
  const codes = spec.operators.map(({ code, version = 1, customCode }) => {
    const custom = customCode === undefined ? 0 : builder.createString(customCode);
    return table(builder, 4, () => {
      builder.addFieldInt8(0, Math.min(code, 127), 0);
      builder.addFieldOffset(1, custom, 0);
      builder.addFieldInt32(2, version, 1);
      builder.addFieldInt32(3, code, 0);
    });
  });
  const operators = spec.operators.map((operator, i) => addOperator(builder, operator, i));
  const lists = {
    tensors: offsets(
      builder,
      tensors.flatMap((tensor) => Array<number>(spec.tensorCopies ?? 1).fill(tensor)),
    ),
    inputs: int32s(builder, spec.inputs),
    outputs: int32s(builder, spec.outputs),
    operators: offsets(builder, operators),
  };
  const subgraph = table(builder, 5, () => {
    builder.addFieldOffset(0, lists.tensors, 0);
    builder.addFieldOffset(1, lists.inputs, 0);
    builder.addFieldOffset(2, lists.outputs, 0);
    builder.addFieldOffset(3, lists.operators, 0);
  });
  const metadata = (spec.metadata ?? []).map((buffer) => {
    const name = builder.createString('notes');
    return table(builder, 2, () => {
      builder.addFieldOffset(0, name, 0);
      builder.addFieldInt32(1, buffer, 0);
    });
  });
  const parts = {
    codes: offsets(builder, codes),
    subgraphs: offsets(
      builder,
      Array.from({ length: spec.subgraphs ?? 1 }, () => subgraph),
    ),
    buffers: offsets(builder, buffers),
    metadata: offsets(builder, metadata),
  };
  const model = table(builder, 8, () => {
    builder.addFieldInt32(0, spec.version ?? 3, 0);
    builder.addFieldOffset(1, parts.codes, 0);
    builder.addFieldOffset(2, parts.subgraphs, 0);
    builder.addFieldOffset(4, parts.buffers, 0);
    builder.addFieldOffset(6, parts.metadata, 0);
  });
  builder.finish(model, 'TFL3');
  return builder.asUint8Array().slice();
}

function addTensor(builder: Builder, tensor: TensorSpec, buffer: number): number {
  const { scales, zeroPoints, axis = 0, type = TYPE.int8, isVariable = false } = tensor;
  const name = builder.createString(tensor.name ?? 'tensor');
  const shape = int32s(builder, tensor.shape);
  const scale = scales === undefined ? 0 : vector(builder, 4, scales, (value) => builder.addFloat32(value));
  const points = zeroPoints ?? scales?.map(() => 0);
  const zeroPoint =
    points === undefined ? 0 : vector(builder, 8, points, (value) => builder.addInt64(BigInt(value)));
  const quantization = table(builder, 7, () => {
    builder.addFieldOffset(2, scale, 0);
    builder.addFieldOffset(3, zeroPoint, 0);
    builder.addFieldInt32(6, axis, 0);
  });
  return table(builder, 8, () => {
    builder.addFieldOffset(0, shape, 0);
    builder.addFieldInt8(1, type, 0);
    builder.addFieldInt32(2, buffer, 0);
    builder.addFieldOffset(3, name, 0);
    builder.addFieldOffset(4, quantization, 0);
    builder.addFieldInt8(5, isVariable ? 1 : 0, 0);
  });
}

function addOperator(builder: Builder, operator: OperatorSpec, codeIndex: number): number {
  const inputs = int32s(builder, operator.inputs);
  const outputs = int32s(builder, operator.outputs);
  const { optionsType = 0, options = [] } = operator;
  const vectors = new Map(
    options.flatMap((option) =>
      'int32s' in option ? [[option.slot, int32s(builder, option.int32s)] as const] : [],
    ),
  );
  const fields = table(builder, 8, () => {
    for (const option of options) {
      if ('int8' in option) builder.addFieldInt8(option.slot, option.int8, 0);
      else if ('int32' in option) builder.addFieldInt32(option.slot, option.int32, 0);
      else if ('float32' in option) builder.addFieldFloat32(option.slot, option.float32, 0);
      else builder.addFieldOffset(option.slot, vectors.get(option.slot) ?? 0, 0);
    }
  });
  return table(builder, 5, () => {
    builder.addFieldInt32(0, codeIndex, 0);
    builder.addFieldOffset(1, inputs, 0);
    builder.addFieldOffset(2, outputs, 0);
    builder.addFieldInt8(3, optionsType, 0);
    if (optionsType !== 0) builder.addFieldOffset(4, fields, 0);
  });
}

function table(builder: Builder, slots: number, add: () => unknown): number {
  builder.startObject(slots);
  add();
  return builder.endObject();
}

function vector<T>(builder: Builder, bytes: number, values: readonly T[], add: (value: T) => void): number {
  builder.startVector(bytes, values.length, bytes);
  for (const value of values.toReversed()) add(value);
  return builder.endVector();
}

function int32s(builder: Builder, values: readonly number[]): number {
  return vector(builder, 4, values, (value) => builder.addInt32(value));
}

function offsets(builder: Builder, values: readonly number[]): number {
  return vector(builder, 4, values, (value) => builder.addOffset(value));
}

function alignedBytes(builder: Builder, content: Uint8Array): number {
  builder.startVector(1, content.length, 16);
  for (const byte of content.toReversed()) builder.addInt8(byte);
  return builder.endVector();
}
