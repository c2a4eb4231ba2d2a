/** Rows as numbers by name of the port: what people and JSON get to see of them. */
import type { Bench, Element } from './bench.ts';
import type { Port, RowLayout } from './simulators/index.ts';
import { readBits, readSigned } from './words.ts';

/** `x` where a bit is unknown. */
export type Value = number | 'x';

/** One value a port, or one for each of its elements. */
export type RowValues = Readonly<Record<string, Value | readonly Value[]>>;

/** How a port is to be read: its elements, or itself as one. */
export function elementOf({ elements }: Bench, { name, width, signed }: Port): Element {
  return elements[name] ?? { width, signed };
}

/** @param unknown rows of bits that are X, where the simulator has them */
export function rowValues(
  bench: Bench,
  layout: RowLayout,
  rows: Uint32Array,
  row: number,
  unknown?: Uint32Array,
): RowValues {
  return Object.fromEntries(
    layout.fields.map(({ port, offset }) => {
      const { width, signed } = elementOf(bench, port);
      const start = (row * layout.words + offset) * 32;
      const values = Array.from({ length: port.width / width }, (_, i): Value => {
        const position = start + i * width;
        if (unknown && readBits(unknown, position, width) !== 0) return 'x';
        return (signed ? readSigned : readBits)(rows, position, width);
      });
      return [port.name, port.name in bench.elements ? values : (values[0] ?? 'x')];
    }),
  );
}

/** `in_valid=1 x=[-3 0*6 5]`: equal neighbours are counted where that is shorter. */
export function describeValues(values: RowValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? describeElements(value) : value}`)
    .join(' ');
}

function describeElements(values: readonly Value[]): string {
  const runs: { readonly value: Value; count: number }[] = [];
  for (const value of values) {
    const last = runs.at(-1);
    if (last?.value === value) last.count += 1;
    else runs.push({ value, count: 1 });
  }
  const texts = runs.map(({ value, count }) =>
    count < 3 ? Array.from({ length: count }, () => value).join(' ') : `${value}*${count}`,
  );
  return `[${texts.join(' ')}]`;
}

/** The ports that are not zero. */
export function nonzero(values: RowValues): RowValues {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => [value].flat().some((one) => one !== 0)),
  );
}
