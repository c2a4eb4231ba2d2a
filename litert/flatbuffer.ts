/**
 * Bounds-checked reading of a flatbuffer. The `flatbuffers` runtime decodes numbers but trusts every offset;
 * here each one is checked before it is followed, and an error names the table and the field.
 */

import { ByteBuffer } from 'flatbuffers';
import { ModelError } from './model-error.ts';

/** The fields of a table by name, with their slots: their position in the schema. */
export type Slots = Readonly<Record<string, number>>;

/** Bytes `start` up to but not including `end` of the file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Numbers with the place that they have in the file. */
export interface Vector {
  readonly values: readonly number[];
  readonly range: ByteRange;
}

const BYTES = { int8: 1, uint8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, float32: 4, int64: 8 } as const;
type Scalar = keyof typeof BYTES;

/**
 * A valid file has each part once, a damaged or malicious one may point at the same megabyte a million times.
 * What is read may be this many times as large as the file.
 */
const READ_LIMIT = { factor: 8, constant: 65_536, table: 32 } as const;

/**
 * The root table.
 *
 * @param identifier the four characters behind the root offset
 * @throws ModelError unless the bytes are a flatbuffer with this identifier
 */
export function rootTable<S extends Slots>(
  bytes: Uint8Array,
  identifier: string,
  slots: S,
  label: string,
): Table<S> {
  const source = new Source(bytes);
  if (bytes.length < 8 || !source.buffer.__has_identifier(identifier)) {
    throw new ModelError(`not a ${label}: bytes 4 to 7 are not '${identifier}'`);
  }
  return new Table(source, source.scalar('uint32', 0, label), slots, label);
}

class Source {
  readonly buffer: ByteBuffer;
  readonly length: number;
  #unread: number;

  constructor(bytes: Uint8Array) {
    this.buffer = new ByteBuffer(bytes);
    this.length = bytes.length;
    this.#unread = READ_LIMIT.factor * bytes.length + READ_LIMIT.constant;
  }

  /** @param what for the message: what lies there */
  requireInside(start: number, size: number, what: string): void {
    if (start < 0 || start + size > this.length) {
      throw new ModelError(
        `${what}: bytes ${start}..${start + size - 1} are outside of the file, which has ${this.length}; it is damaged or cut off`,
      );
    }
  }

  spend(size: number, what: string): void {
    this.#unread -= size;
    if (this.#unread < 0) {
      throw new ModelError(`${what}: the parts of the file overlap so much that it cannot be a real model`);
    }
  }

  scalar(type: Scalar, position: number, what: string): number {
    this.requireInside(position, BYTES[type], what);
    switch (type) {
      case 'int8':
        return this.buffer.readInt8(position);
      case 'uint8':
        return this.buffer.readUint8(position);
      case 'int16':
        return this.buffer.readInt16(position);
      case 'uint16':
        return this.buffer.readUint16(position);
      case 'int32':
        return this.buffer.readInt32(position);
      case 'uint32':
        return this.buffer.readUint32(position);
      case 'float32':
        return this.buffer.readFloat32(position);
      case 'int64':
        return Number(this.buffer.readInt64(position));
    }
  }
}

/** A table whose place and size have been checked. Fields that are absent have the default of the schema. */
export class Table<S extends Slots> {
  readonly label: string;
  readonly #source: Source;
  readonly #slots: S;
  readonly #position: number;
  readonly #size: number;
  readonly #vtable: number;
  readonly #vtableSize: number;

  constructor(source: Source, position: number, slots: S, label: string) {
    this.label = label;
    this.#source = source;
    this.#slots = slots;
    this.#position = position;
    source.spend(READ_LIMIT.table, label);
    this.#vtable = position - source.scalar('int32', position, label);
    this.#vtableSize = source.scalar('uint16', this.#vtable, `${label}: its field table`);
    source.requireInside(this.#vtable, Math.max(this.#vtableSize, 4), `${label}: its field table`);
    this.#size = source.scalar('uint16', this.#vtable + 2, label);
    source.requireInside(position, Math.max(this.#size, 4), label);
  }

  /** Whether the field is stored, be it with the default. */
  has(field: keyof S & string): boolean {
    return this.#place(field, 1) !== undefined;
  }

  number(field: keyof S & string, type: Scalar, absent = 0): number {
    const place = this.#place(field, BYTES[type]);
    return place === undefined ? absent : this.#source.scalar(type, place, this.#named(field));
  }

  /** UTF-8; invalid bytes become U+FFFD. Absent: ''. */
  string(field: keyof S & string): string {
    const { start, end } = this.bytes(field) ?? { start: 0, end: 0 };
    return new TextDecoder().decode(this.#source.buffer.bytes().subarray(start, end));
  }

  /** Where a vector of bytes lies. */
  bytes(field: keyof S & string): ByteRange | undefined {
    return this.#vector(field, 1);
  }

  /** Absent: undefined. */
  vector(field: keyof S & string, type: Scalar): Vector | undefined {
    const range = this.#vector(field, BYTES[type]);
    if (range === undefined) return undefined;
    const values: number[] = [];
    for (let place = range.start; place < range.end; place += BYTES[type]) {
      values.push(this.#source.scalar(type, place, this.#named(field)));
    }
    return { values, range };
  }

  table<T extends Slots>(
    field: keyof S & string,
    slots: T,
    label = this.#named(field),
  ): Table<T> | undefined {
    const place = this.#place(field, 4);
    return place === undefined ? undefined : this.#follow(place, slots, label);
  }

  /** Absent: none. */
  tables<T extends Slots>(
    field: keyof S & string,
    slots: T,
    label: (index: number) => string,
  ): readonly Table<T>[] {
    const range = this.#vector(field, 4);
    if (range === undefined) return [];
    return Array.from({ length: (range.end - range.start) / 4 }, (_, index) =>
      this.#follow(range.start + 4 * index, slots, label(index)),
    );
  }

  #follow<T extends Slots>(place: number, slots: T, label: string): Table<T> {
    return new Table(this.#source, place + this.#source.scalar('uint32', place, label), slots, label);
  }

  #vector(field: keyof S & string, elementBytes: number): ByteRange | undefined {
    const place = this.#place(field, 4);
    if (place === undefined) return undefined;
    const what = this.#named(field);
    const position = place + this.#source.scalar('uint32', place, what);
    const size = this.#source.scalar('uint32', position, what) * elementBytes;
    this.#source.requireInside(position + 4, size, what);
    this.#source.spend(size, what);
    return { start: position + 4, end: position + 4 + size };
  }

  #place(field: keyof S & string, size: number): number | undefined {
    const entry = 4 + 2 * (this.#slots[field] ?? 0);
    if (entry + 2 > this.#vtableSize) return undefined;
    const offset = this.#source.scalar('uint16', this.#vtable + entry, this.#named(field));
    if (offset === 0) return undefined;
    if (offset < 4 || offset + size > this.#size) {
      throw new ModelError(
        `${this.#named(field)}: its offset ${offset} is outside of its table, which has ${this.#size} bytes; the file is damaged`,
      );
    }
    return this.#position + offset;
  }

  #named(field: string): string {
    return `${this.label}: ${field}`;
  }
}
