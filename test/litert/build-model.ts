/**
 * Small `.tflite` files for tests, from the tables up: unlike `writeModel` also those that no honest writer makes.
 */
import { encodeFlatbuffer, type Field, type Fields } from '../../litert/flatbuffer-writer.ts';
import { IDENTIFIER, METADATA, MODEL, SUBGRAPH, TENSOR } from '../../litert/schema.ts';
import { modelTable, type OperatorContent, type TensorContent } from '../../litert/write-file.ts';

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

export type OptionSpec = Field;

export interface OperatorSpec {
  readonly code: number;
  readonly version?: number;
  readonly customCode?: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly optionsType?: number;
  readonly options?: Fields;
}

export interface ModelSpec {
  readonly tensors: readonly TensorSpec[];
  readonly operators: readonly OperatorSpec[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly version?: number;
  readonly subgraphs?: number;
  /** How often each tensor's table is listed. */
  readonly tensorCopies?: number;
  /** Buffers of metadata entries. */
  readonly metadata?: readonly number[];
}

export function buildModel(spec: ModelSpec): Uint8Array {
  const { inputs, outputs, metadata = [], version, subgraphs = 1, tensorCopies = 1 } = spec;
  // Buffer 0 is the empty one; constants follow in the order of the tensors.
  const buffers: (Uint8Array | undefined)[] = [undefined];
  const tensors = spec.tensors.map((tensor) => tensorContent(tensor, buffers));
  const operators = spec.operators.map(operatorContent);
  const honest = modelTable({ description: '', buffers, tensors, operators, inputs, outputs });
  const withTensors = alter(honest, MODEL.subgraphs, (graphs) =>
    graphs.flatMap((graph) => {
      const altered = alter(graph, SUBGRAPH.tensors, (tables) =>
        tables
          .map((table, i): Fields => (spec.tensors[i]?.isVariable ? [...table, VARIABLE] : table))
          .flatMap((table) => Array<Fields>(tensorCopies).fill(table)),
      );
      return Array<Fields>(subgraphs).fill(altered);
    }),
  );
  const model: Fields = [
    ...withTensors.filter(({ slot }) => slot !== MODEL.version || version === undefined),
    ...(version === undefined ? [] : [{ slot: MODEL.version, int32: version }]),
    {
      slot: MODEL.metadata,
      tables: metadata.map(
        (buffer): Fields => [
          { slot: METADATA.name, string: 'notes' },
          { slot: METADATA.buffer, int32: buffer },
        ],
      ),
    },
  ];
  return encodeFlatbuffer(IDENTIFIER, model);
}

const VARIABLE: Field = { slot: TENSOR.isVariable, int8: 1 };

/** The table with other tables in one of its vectors. */
function alter(
  fields: Fields,
  slot: number,
  change: (tables: readonly Fields[]) => readonly Fields[],
): Fields {
  return fields.map((field) =>
    field.slot === slot && 'tables' in field ? { slot, tables: change(field.tables) } : field,
  );
}

/** Its data become a buffer, unless it names one. */
function tensorContent(tensor: TensorSpec, buffers: (Uint8Array | undefined)[]): TensorContent {
  const { name = 'tensor', shape, type = TYPE.int8, scales, axis = 0, data, buffer } = tensor;
  const zeroPoints = tensor.zeroPoints ?? scales?.map(() => 0);
  if (buffer === undefined && data !== undefined) {
    buffers.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return {
    name,
    shape,
    type,
    buffer: buffer ?? (data === undefined ? 0 : buffers.length - 1),
    ...(scales === undefined ? {} : { scales }),
    ...(zeroPoints === undefined ? {} : { zeroPoints }),
    quantizedDimension: axis,
  };
}

function operatorContent(operator: OperatorSpec): OperatorContent {
  const { customCode, version = 1, optionsType = 0, options = [], ...rest } = operator;
  return {
    ...rest,
    version,
    optionsType,
    options,
    ...(customCode === undefined ? {} : { customName: customCode }),
  };
}
