/** Writing: new values in the places of the old ones. Nothing moves, so every other byte stays as it was. */

import { type ModelFile, readFile, type StoredTensor } from './file.ts';
import type { ByteRange } from './flatbuffer.ts';
import { ModelError } from './model-error.ts';
import { readModel } from './read-model.ts';
import { describeTensor } from './tensors.ts';

/** New values for one tensor, as many as the file has; what is left out stays as it is. */
export interface TensorChange {
  /** `index` of a tensor. Where several operators read it, it changes for all of them. */
  readonly tensor: number;
  /** Of a constant, in the type of the tensor. */
  readonly data?: Int8Array | Uint8Array | Int32Array;
  /** Float32 values; `Math.fround` makes them. */
  readonly scales?: readonly number[];
  readonly zeroPoints?: readonly number[];
}

/** Bytes of the file and what they belong to. */
interface Owned extends ByteRange {
  readonly tensor: number | undefined;
  readonly description: string;
}

/**
 * The model with some weights, biases, scales and zero points changed in place.
 *
 * Bytes that two tensors share (or a tensor and metadata) are not changed, since a change of one would be a
 * change of both: that is refused.
 *
 * @returns a copy; `bytes` is left alone
 * @throws ModelError where `bytes` is not a model that `readModel` accepts, a change does not fit the tensor,
 *   or the changed model would not be valid
 */
export function patchModel(bytes: Uint8Array, changes: readonly TensorChange[]): Uint8Array {
  readModel(bytes);
  const file = readFile(bytes);
  const owned = ownersOf(file);
  const patched = new Uint8Array(bytes);
  const seen = new Set<number>();
  for (const change of changes) {
    const tensor = file.tensors[change.tensor];
    if (tensor === undefined) {
      throw new ModelError(`tensor ${change.tensor} does not exist; the model has ${file.tensors.length}`);
    }
    const where = describeTensor(tensor);
    if (seen.has(tensor.index)) throw new ModelError(`${where} is changed twice; merge the changes`);
    seen.add(tensor.index);
    for (const { what, place, content } of replacements(file, tensor, change)) {
      const { start } = requirePlace(place, content.length, `${where}, ${what}`);
      requireUnshared(owned, tensor.index, { start, end: start + content.length }, `${where}, ${what}`);
      patched.set(content, start);
    }
  }
  readModel(patched);
  return patched;
}

interface Replacement {
  readonly what: string;
  /** Where the file has it; undefined where it has none. */
  readonly place: ByteRange | undefined;
  readonly content: Uint8Array;
}

function replacements(
  file: ModelFile,
  tensor: StoredTensor,
  { data, scales, zeroPoints }: TensorChange,
): readonly Replacement[] {
  const { buffer, scales: storedScales, zeroPoints: storedZeroPoints } = tensor;
  return [
    data && { what: 'data', place: file.buffers[buffer], content: dataBytes(tensor, data) },
    scales && { what: 'scales', place: storedScales?.range, content: scaleBytes(tensor, scales) },
    zeroPoints && {
      what: 'zero points',
      place: storedZeroPoints?.range,
      content: zeroPointBytes(tensor, zeroPoints),
    },
  ].filter((replacement) => replacement !== undefined);
}

/** By TensorType. */
const ELEMENT_TYPES = new Map<number, Int8ArrayConstructor | Uint8ArrayConstructor | Int32ArrayConstructor>([
  [2, Int32Array],
  [3, Uint8Array],
  [9, Int8Array],
]);

function dataBytes(tensor: StoredTensor, data: NonNullable<TensorChange['data']>): Uint8Array {
  const type = ELEMENT_TYPES.get(tensor.type);
  if (type === undefined || !(data instanceof type)) {
    throw new ModelError(
      `${describeTensor(tensor)}: data of ${data.constructor.name} are not of the tensor's type`,
    );
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function scaleBytes(tensor: StoredTensor, scales: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * scales.length));
  scales.forEach((scale, i) => {
    if (Math.fround(scale) !== scale) {
      throw new ModelError(
        `${describeTensor(tensor)}: scale ${scale} is not a float32 value; round it with Math.fround`,
      );
    }
    view.setFloat32(4 * i, scale, true);
  });
  return new Uint8Array(view.buffer);
}

function zeroPointBytes(tensor: StoredTensor, zeroPoints: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(8 * zeroPoints.length));
  zeroPoints.forEach((zeroPoint, i) => {
    if (!Number.isSafeInteger(zeroPoint)) {
      throw new ModelError(`${describeTensor(tensor)}: zero point ${zeroPoint} is not an integer`);
    }
    view.setBigInt64(8 * i, BigInt(zeroPoint), true);
  });
  return new Uint8Array(view.buffer);
}

function requirePlace(place: ByteRange | undefined, size: number, what: string): ByteRange {
  if (place === undefined) throw new ModelError(`${what}: the file has none that could be changed`);
  const stored = place.end - place.start;
  if (stored !== size) {
    throw new ModelError(`${what}: the new ones take ${size} bytes, but the file has ${stored} for them`);
  }
  return place;
}

function requireUnshared(
  owned: readonly Owned[],
  tensor: number,
  { start, end }: ByteRange,
  what: string,
): void {
  const other = owned.find((owner) => owner.tensor !== tensor && owner.start < end && start < owner.end);
  if (other !== undefined) {
    throw new ModelError(`${what}: shares its bytes with ${other.description}; a change would alter both`);
  }
}

function ownersOf(file: ModelFile): readonly Owned[] {
  const tensors = file.tensors.flatMap((tensor) =>
    [file.buffers[tensor.buffer], tensor.scales?.range, tensor.zeroPoints?.range].flatMap((range) =>
      range === undefined ? [] : [{ ...range, tensor: tensor.index, description: describeTensor(tensor) }],
    ),
  );
  const metadata = file.metadata.flatMap(({ name, buffer }) => {
    const range = file.buffers[buffer];
    return range === undefined ? [] : [{ ...range, tensor: undefined, description: `metadata "${name}"` }];
  });
  return [...tensors, ...metadata];
}
