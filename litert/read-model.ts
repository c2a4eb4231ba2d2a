import { readFile, type StoredOperator } from './file.ts';
import type { Model, Operator } from './model.ts';
import { ModelError } from './model-error.ts';
import { type OperatorReader, OperatorSource } from './operator-source.ts';
import { operatorName } from './operators/builtin-names.ts';
import { OPERATOR_READERS } from './operators/index.ts';
import { Tensors } from './tensors.ts';

const READERS = new Map(OPERATOR_READERS.map((reader) => [reader.code, reader]));

/**
 * Reads and checks a `.tflite` file. The bytes are copied; the constants of the model are views into the copy.
 *
 * @throws ModelError for everything that is not a valid int8 model of the operators in model.ts
 */
export function readModel(bytes: Uint8Array): Model {
  const copy = new Uint8Array(bytes);
  const file = readFile(copy);
  const tensors = new Tensors(file, copy);
  const readable = withReaders(file.operators);
  const inputs = file.inputs.map((index, i) => tensors.written(index, `model input ${i}`));
  const operators = readable.map(([stored, reader]) => readOperator(stored, reader, tensors));
  const outputs = file.outputs.map((index, i) => tensors.readable(index, `model output ${i}`));
  if (inputs.length === 0 || outputs.length === 0) {
    throw new ModelError(
      `the model has ${inputs.length} inputs and ${outputs.length} outputs; it needs both`,
    );
  }
  return { description: file.description, tensors: tensors.used(), operators, inputs, outputs };
}

function readOperator(stored: StoredOperator, reader: OperatorReader, tensors: Tensors): Operator {
  const source = new OperatorSource(reader.name, stored, tensors);
  if (stored.version < 1 || stored.version > reader.maxVersion) {
    source.refuse(`version ${stored.version} is outside of 1..${reader.maxVersion}`);
  }
  return reader.read(source);
}

/** Each operator with its reader; the refusal names every kind that has none, not only the first. */
function withReaders(
  operators: readonly StoredOperator[],
): readonly (readonly [StoredOperator, OperatorReader])[] {
  const missing = new Map<string, number[]>();
  const pairs = operators.flatMap((stored) => {
    const reader = READERS.get(stored.code);
    if (reader !== undefined) return [[stored, reader] as const];
    const name = operatorName(stored.code, stored.customName);
    missing.set(name, [...(missing.get(name) ?? []), stored.index]);
    return [];
  });
  if (missing.size === 0) return pairs;
  const list = [...missing].map(([name, [first, ...more]]) => {
    const others = more.length === 0 ? '' : ` and ${more.length} more`;
    return `${name} (operator ${first}${others})`;
  });
  const supported = OPERATOR_READERS.map(({ name }) => name).join(', ');
  throw new ModelError(`not supported: ${list.join(', ')}; supported: ${supported}`);
}
