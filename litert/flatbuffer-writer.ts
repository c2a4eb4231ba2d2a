/** Writing of a flatbuffer from a tree of values. */

import { Builder } from 'flatbuffers';

/** A table: the fields that are stored. Those that are left out have the default of the schema. */
export type Fields = readonly Field[];

/** A field: its slot, its position in the schema, and a value that its name gives the type of. */
export type Field = { readonly slot: number } & (
  | { readonly int8: number }
  | { readonly int32: number }
  | { readonly float32: number }
  | { readonly string: string }
  /** Begin at a multiple of 16 bytes, as kernels may load them. */
  | { readonly bytes: Uint8Array }
  | { readonly int32s: readonly number[] }
  | { readonly float32s: readonly number[] }
  | { readonly int64s: readonly number[] }
  | { readonly table: Fields }
  | { readonly tables: readonly Fields[] }
);

/**
 * What is listed first is written first, and lies furthest behind in the file. A table that occurs several times
 * in the tree, as the same object, is stored once.
 *
 * @param identifier four characters
 */
export function encodeFlatbuffer(identifier: string, root: Fields): Uint8Array {
  const builder = new Builder(1024);
  builder.finish(new TreeWriter(builder).table(root), identifier);
  return builder.asUint8Array().slice();
}

class TreeWriter {
  readonly #builder: Builder;
  readonly #written = new Map<Fields, number>();

  constructor(builder: Builder) {
    this.#builder = builder;
  }

  /** @returns where it is, as the builder counts */
  table(fields: Fields): number {
    const known = this.#written.get(fields);
    if (known !== undefined) return known;
    // A table cannot be begun within another one: first what it points to.
    const targets = fields.map((field) => this.#target(field));
    this.#builder.startObject(Math.max(0, ...fields.map(({ slot }) => slot + 1)));
    fields.forEach((field, i) => {
      if ('int8' in field) this.#builder.addInt8(field.int8);
      else if ('int32' in field) this.#builder.addInt32(field.int32);
      else if ('float32' in field) this.#builder.addFloat32(field.float32);
      else this.#builder.addOffset(targets[i] ?? 0);
      this.#builder.slot(field.slot);
    });
    const place = this.#builder.endObject();
    this.#written.set(fields, place);
    return place;
  }

  /** Where the value of a field is that the table only points to. */
  #target(field: Field): number | undefined {
    const builder = this.#builder;
    if ('string' in field) return builder.createString(field.string);
    if ('bytes' in field) return this.#bytes(field.bytes);
    if ('int32s' in field) return this.#vector(4, field.int32s, (value) => builder.addInt32(value));
    if ('float32s' in field) return this.#vector(4, field.float32s, (value) => builder.addFloat32(value));
    if ('int64s' in field) return this.#vector(8, field.int64s, (value) => builder.addInt64(BigInt(value)));
    if ('table' in field) return this.table(field.table);
    if ('tables' in field) {
      const tables = field.tables.map((fields) => this.table(fields));
      return this.#vector(4, tables, (place) => builder.addOffset(place));
    }
    return undefined;
  }

  #bytes(bytes: Uint8Array): number {
    this.#builder.prep(16, bytes.length);
    return this.#builder.createByteVector(bytes);
  }

  #vector(elementBytes: number, values: readonly number[], add: (value: number) => void): number {
    this.#builder.startVector(elementBytes, values.length, elementBytes);
    for (const value of values.toReversed()) add(value);
    return this.#builder.endVector();
  }
}
