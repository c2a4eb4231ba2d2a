/** The tensors of a file by the role in which operators use them, each checked at its first use. */

import type { ModelFile, StoredTensor } from './file.ts';
import type { ByteRange } from './flatbuffer.ts';
import type { Activation, Bias, Parameter, Tensor, Weights } from './model.ts';
import { ModelError } from './model-error.ts';
import { TENSOR_TYPES } from './schema.ts';

const MAX_RANK = 8;
/** Elements of a tensor: far above what runs in reasonable time, far below what overflows an int32. */
const MAX_SIZE = 2 ** 28;

const LIMITS = { int8: { minimum: -128, maximum: 127 }, uint8: { minimum: 0, maximum: 255 } } as const;

/** Where in the model a tensor is used, for the message: an operator, or 'model input 0'. */
type User = string;

export class Tensors {
  readonly #file: ModelFile;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #known = new Map<number, Tensor>();
  readonly #written = new Map<number, User>();

  /** @param bytes of the file, which tensors become views of */
  constructor(file: ModelFile, bytes: Uint8Array<ArrayBuffer>) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** All that have been used, by index. */
  used(): readonly Tensor[] {
    return [...this.#known.values()].sort((a, b) => a.index - b.index);
  }

  /** An activation whose value is there: a constant, or written before. */
  readable(index: number, user: User): Activation {
    const tensor = this.#activation(index, user);
    if (tensor.data === undefined && !this.#written.has(index)) {
      throw refused(user, tensor, 'is read before it is written: no constant, model input or earlier output');
    }
    return tensor;
  }

  /** An activation that gets its value here, and nowhere else. */
  written(index: number, user: User): Activation {
    const tensor = this.#activation(index, user);
    const writer = this.#written.get(index);
    if (writer !== undefined) throw refused(user, tensor, `is written again; it is the output of ${writer}`);
    if (tensor.data !== undefined) throw refused(user, tensor, 'is a constant and cannot be written');
    this.#written.set(index, user);
    return tensor;
  }

  weights(index: number, axis: number, rank: number, user: User): Weights {
    const known = this.#inRole(index, 'weights', user);
    const tensor = known ?? this.#newWeights(index, axis, rank, user);
    if (tensor.axis !== axis || tensor.shape.length !== rank) {
      throw refused(user, tensor, 'is the weights of another kind of operator, too');
    }
    return tensor;
  }

  bias(index: number, channels: number, user: User): Bias {
    const known = this.#inRole(index, 'bias', user);
    const tensor = known ?? this.#newBias(index, user);
    if (tensor.size !== channels) {
      throw refused(user, tensor, `has ${tensor.size} values for ${channels} output channels`);
    }
    return tensor;
  }

  parameter(index: number, user: User): Parameter {
    return this.#inRole(index, 'parameter', user) ?? this.#newParameter(index, user);
  }

  #activation(index: number, user: User): Activation {
    return this.#inRole(index, 'activation', user) ?? this.#newActivation(index, user);
  }

  /** The tensor if it is known in this role; refuses one that is known in another. */
  #inRole<R extends Tensor['role']>(
    index: number,
    role: R,
    user: User,
  ): Extract<Tensor, { role: R }> | undefined {
    const known = this.#known.get(index);
    if (known === undefined) return undefined;
    if (!hasRole(known, role)) {
      throw refused(
        user,
        known,
        `is used as ${role} here and as ${known.role} before, which is not supported`,
      );
    }
    return known;
  }

  #remember<T extends Tensor>(tensor: T): T {
    this.#known.set(tensor.index, tensor);
    return tensor;
  }

  #newActivation(index: number, user: User): Activation {
    const stored = this.#stored(index, user);
    const size = sizeOf(stored, user);
    const { index: _, name, shape } = stored;
    const base = { role: 'activation', index, name, shape, size } as const;
    const type = TENSOR_TYPES[stored.type];
    if (type !== 'int8' && type !== 'uint8') {
      throw refused(
        user,
        stored,
        `is ${type ?? `of type ${stored.type}`}; only int8 is supported, and uint8 at QUANTIZE`,
      );
    }
    const { scales, zeroPoints } = quantizationOf(stored, user);
    const [scale] = scales;
    const [zeroPoint] = zeroPoints;
    if (scale === undefined || zeroPoint === undefined || scales.length !== 1) {
      throw refused(
        user,
        stored,
        `has ${scales.length} scales where one is needed; quantize the model to integers`,
      );
    }
    const { minimum, maximum } = LIMITS[type];
    if (!(zeroPoint >= minimum && zeroPoint <= maximum)) {
      throw refused(user, stored, `its zero point ${zeroPoint} is outside of ${minimum}..${maximum}`);
    }
    const range = this.#data(stored, size, 1, user);
    const data = range === undefined ? undefined : this.#bytes.subarray(range.start, range.end);
    return this.#remember(
      type === 'int8'
        ? { ...base, type, scale, zeroPoint, data: data && int8View(data) }
        : { ...base, type, scale, zeroPoint, data },
    );
  }

  #newWeights(index: number, axis: number, rank: number, user: User): Weights {
    const stored = this.#stored(index, user);
    const size = sizeOf(stored, user);
    const { name, shape } = stored;
    const type = this.#requireType(stored, 'int8', user);
    const channels = shape[axis];
    if (shape.length !== rank || channels === undefined) {
      throw refused(user, stored, `weights of shape [${shape}] do not have ${rank} axes`);
    }
    const { scales } = symmetricQuantizationOf(stored, user);
    if (scales.length !== 1 && scales.length !== channels) {
      throw refused(user, stored, `has ${scales.length} scales for ${channels} output channels`);
    }
    if (scales.length > 1 && stored.quantizedDimension !== axis) {
      throw refused(
        user,
        stored,
        `its scales belong to axis ${stored.quantizedDimension} (quantized_dimension), but its output channels are axis ${axis}`,
      );
    }
    if (scales.length === 0) throw refused(user, stored, 'has no scale; quantize the model to integers');
    const range = this.#constant(stored, size, 1, user);
    const data = int8View(this.#bytes.subarray(range.start, range.end));
    return this.#remember({ role: 'weights', type, index, name, shape, size, data, axis, channels, scales });
  }

  #newBias(index: number, user: User): Bias {
    const stored = this.#stored(index, user);
    const size = sizeOf(stored, user);
    const { name, shape } = stored;
    const type = this.#requireType(stored, 'int32', user);
    const { scales } = symmetricQuantizationOf(stored, user);
    if (scales.length > 1 && scales.length !== size) {
      throw refused(user, stored, `has ${scales.length} scales for ${size} values`);
    }
    const data = this.#int32s(this.#constant(stored, size, 4, user));
    return this.#remember({ role: 'bias', type, index, name, shape, size, data, scales });
  }

  #newParameter(index: number, user: User): Parameter {
    const stored = this.#stored(index, user);
    const size = sizeOf(stored, user);
    const { name, shape } = stored;
    const type = this.#requireType(stored, 'int32', user);
    const data = this.#int32s(this.#constant(stored, size, 4, user));
    return this.#remember({ role: 'parameter', type, index, name, shape, size, data });
  }

  #stored(index: number, user: User): StoredTensor {
    const stored = this.#file.tensors[index];
    if (stored === undefined) {
      throw new ModelError(
        `${user}: tensor ${index} does not exist; the model has ${this.#file.tensors.length}`,
      );
    }
    if (stored.peculiarity !== undefined)
      throw refused(user, stored, `${stored.peculiarity}, which is not supported`);
    return stored;
  }

  #requireType<T extends 'int8' | 'int32'>(stored: StoredTensor, expected: T, user: User): T {
    const type = TENSOR_TYPES[stored.type];
    if (type !== expected) {
      throw refused(user, stored, `is ${type ?? `of type ${stored.type}`} where ${expected} is expected`);
    }
    return expected;
  }

  #constant(stored: StoredTensor, size: number, elementBytes: number, user: User): ByteRange {
    const range = this.#data(stored, size, elementBytes, user);
    if (range === undefined)
      throw refused(user, stored, 'must be a constant, but the file has no data for it');
    return range;
  }

  /** Where the values of a constant lie; undefined where the tensor has none. */
  #data(stored: StoredTensor, size: number, elementBytes: number, user: User): ByteRange | undefined {
    const { buffers } = this.#file;
    if (stored.buffer >= buffers.length) {
      throw refused(
        user,
        stored,
        `its buffer ${stored.buffer} does not exist; the model has ${buffers.length}`,
      );
    }
    const range = buffers[stored.buffer];
    if (range !== undefined && range.end - range.start !== size * elementBytes) {
      throw refused(
        user,
        stored,
        `shape [${stored.shape}] needs ${size * elementBytes} bytes, but buffer ${stored.buffer} has ${range.end - range.start}`,
      );
    }
    return range;
  }

  /** A view where the data are aligned, as the format asks for, else a copy. Little-endian, as the hosts are. */
  #int32s({ start, end }: ByteRange): Int32Array {
    const aligned = start % 4 === 0 ? this.#bytes : this.#bytes.slice(start, end);
    return new Int32Array(aligned.buffer, aligned === this.#bytes ? start : 0, (end - start) / 4);
  }
}

/** 'tensor 12 "name"', the name cut to what fits into a line. */
export function describeTensor({ index, name }: { readonly index: number; readonly name: string }): string {
  const text = printable(name);
  return `tensor ${index} "${text.length > 60 ? `${text.slice(0, 57)}...` : text}"`;
}

/** A name from the file in one line of output: control characters become question marks. */
export function printable(name: string): string {
  return name.replaceAll(/\p{C}/gu, '?');
}

function refused(
  user: User,
  tensor: { readonly index: number; readonly name: string },
  reason: string,
): ModelError {
  return new ModelError(`${user}, ${describeTensor(tensor)}: ${reason}`);
}

function hasRole<R extends Tensor['role']>(tensor: Tensor, role: R): tensor is Extract<Tensor, { role: R }> {
  return tensor.role === role;
}

function int8View({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Int8Array {
  return new Int8Array(buffer, byteOffset, length);
}

function sizeOf(stored: StoredTensor, user: User): number {
  const { shape } = stored;
  if (shape.length > MAX_RANK)
    throw refused(user, stored, `has ${shape.length} axes; at most ${MAX_RANK} are supported`);
  if (shape.some((length) => length < 1)) {
    throw refused(user, stored, `its shape [${shape}] is not positive; give the model a fixed input shape`);
  }
  const size = shape.reduce((product, length) => product * length, 1);
  if (size > MAX_SIZE) throw refused(user, stored, `its shape [${shape}] has more than ${MAX_SIZE} elements`);
  return size;
}

interface Quantization {
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
}

function quantizationOf(stored: StoredTensor, user: User): Quantization {
  const scales = stored.scales?.values ?? [];
  const zeroPoints = stored.zeroPoints?.values ?? [];
  if (scales.length !== zeroPoints.length) {
    throw refused(user, stored, `has ${scales.length} scales but ${zeroPoints.length} zero points`);
  }
  const wrong = scales.findIndex((scale) => !(scale > 0 && scale < Infinity));
  if (wrong !== -1)
    throw refused(user, stored, `scale ${wrong} is ${scales[wrong]}; it must be positive and finite`);
  const { quantizedDimension, shape } = stored;
  const axes = Math.max(shape.length, 1);
  if (scales.length > 0 && !(quantizedDimension >= 0 && quantizedDimension < axes)) {
    throw refused(
      user,
      stored,
      `its quantized_dimension ${quantizedDimension} is outside of its shape [${shape}], 0..${axes - 1}`,
    );
  }
  return { scales, zeroPoints };
}

function symmetricQuantizationOf(stored: StoredTensor, user: User): Quantization {
  const quantization = quantizationOf(stored, user);
  const wrong = quantization.zeroPoints.find((zeroPoint) => zeroPoint !== 0);
  if (wrong !== undefined) {
    throw refused(user, stored, `its zero point ${wrong} is not 0; weights and biases must be symmetric`);
  }
  return quantization;
}
