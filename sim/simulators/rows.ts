/**
 * The layout of stimuli and responses: tables of 32-bit words, one row for each clock cycle.
 *
 * Ports follow each other in port order without the clock, each in ceil(width / 32) words, least significant
 * word first. A port starts at a word of its own; bits above its width are zero, also where it is signed.
 */
import { type Design, type Port, SimulatorError } from './simulator.ts';

export interface Field {
  readonly port: Port;
  /** Offset from the start of the row, in words. */
  readonly offset: number;
  /** Length in words. */
  readonly words: number;
}

export interface RowLayout {
  readonly fields: readonly Field[];
  /** Length of a row in words, at least 1: a design whose only input is the clock has one unused word. */
  readonly words: number;
}

export function inputLayout(design: Design): RowLayout {
  return layOut(design.ports.filter(({ direction, name }) => direction === 'input' && name !== design.clock));
}

export function outputLayout(design: Design): RowLayout {
  return layOut(design.ports.filter(({ direction }) => direction === 'output'));
}

function layOut(ports: readonly Port[]): RowLayout {
  const fields: Field[] = [];
  let offset = 0;
  for (const port of ports) {
    const words = Math.ceil(port.width / 32);
    fields.push({ port, offset, words });
    offset += words;
  }
  return { fields, words: Math.max(1, offset) };
}

/** @throws SimulatorError if the layout has no such port. */
export function fieldOf(layout: RowLayout, name: string): Field {
  const field = layout.fields.find(({ port }) => port.name === name);
  if (field !== undefined) return field;
  const known = layout.fields.map(({ port }) => port.name).join(', ');
  throw new SimulatorError(`no port '${name}' in a row of: ${known}`);
}

export function createRows(layout: RowLayout, count: number): Uint32Array {
  return new Uint32Array(count * layout.words);
}

/** @throws SimulatorError if the words are not a whole number of rows. */
export function countRows(layout: RowLayout, rows: Uint32Array): number {
  const count = rows.length / layout.words;
  if (Number.isInteger(count)) return count;
  throw new SimulatorError(`${rows.length} words are not a whole number of rows of ${layout.words} words`);
}

/** Mask of the bits that a field uses in its word `index`, as an unsigned number. */
export function wordMask({ port }: Field, index: number): number {
  const bits = port.width - 32 * index;
  return bits >= 32 ? 0xffff_ffff : 2 ** bits - 1;
}

/** @throws RangeError if the value does not fit into the port. */
export function setField(
  layout: RowLayout,
  rows: Uint32Array,
  row: number,
  field: Field,
  value: number | bigint,
): void {
  const { port, offset, words } = field;
  let rest = BigInt(value);
  if ((port.signed ? BigInt.asIntN : BigInt.asUintN)(port.width, rest) !== rest) {
    throw new RangeError(`${value} does not fit into ${port.name}, ${describeType(port)}`);
  }
  rest = BigInt.asUintN(port.width, rest);
  for (let word = 0; word < words; word++, rest >>= 32n) {
    rows[row * layout.words + offset + word] = Number(rest & 0xffff_ffffn);
  }
}

function describeType({ signed, width }: Port): string {
  return `${width} ${signed ? 'signed' : 'unsigned'} bit${width === 1 ? '' : 's'}`;
}

/** The value of a field, negative where the port is signed and its top bit is set. */
export function getField(layout: RowLayout, rows: Uint32Array, row: number, field: Field): bigint {
  const { port, offset, words } = field;
  let value = 0n;
  for (let word = words - 1; word >= 0; word--) {
    value = (value << 32n) | BigInt(rows[row * layout.words + offset + word] ?? 0);
  }
  return (port.signed ? BigInt.asIntN : BigInt.asUintN)(port.width, value);
}

/**
 * `getField` for ports of up to 32 bits, without the cost of a bigint.
 * @throws RangeError for wider ports.
 */
export function getNumber(layout: RowLayout, rows: Uint32Array, row: number, field: Field): number {
  const { port, offset } = field;
  if (port.width > 32) throw new RangeError(`${port.name} has ${port.width} bits: read it with getField`);
  const word = rows[row * layout.words + offset] ?? 0;
  const unused = 32 - port.width;
  return port.signed ? (word << unused) >> unused : word;
}
