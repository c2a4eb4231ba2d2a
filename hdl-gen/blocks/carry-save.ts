/**
 * Many rows to two with the same sum, without carry propagation.
 *
 * Rows stand in a queue: each full adder takes the three at its head and puts two at its end, its carries
 * and its sum bits. Two fewer adders than rows leave two rows, at a depth near that of a Wallace tree, for
 * any number of rows.
 */
import {
  concat,
  type Dimension,
  half,
  parity,
  type Scope,
  type Signal,
  unsigned,
  unsignedLiteral,
} from '../dsl/index.ts';

type Row = Signal<'unsigned'>;

/**
 * @param shape `rows` at least 2 rows of `width` bits
 * @param row describes row i, 0 <= i < rows
 * @returns two rows whose sum is that of all modulo 2^width
 */
export function carrySave(
  scope: Scope,
  { rows, width }: { readonly rows: Dimension; readonly width: Dimension },
  row: (block: Scope, i: Dimension) => Row,
): { readonly sums: Row; readonly carries: Row } {
  const count = rows.times(3).minus(4);
  const queue = scope.family(
    'row',
    { genvar: 'i', first: 0, last: count.minus(1) },
    () => ({ value: unsigned(width) }),
    (block, i, family) => ({
      value: block.choose(
        'value',
        unsigned(width),
        i.lessThan(rows),
        { label: 'given', describe: (given) => row(given, i) },
        {
          label: 'added',
          describe: (adder) => {
            const first = half(i.minus(rows)).times(3);
            const a = adder.wire('a', family.at(first).value);
            const b = adder.wire('b', family.at(first.plus(1)).value);
            const c = adder.wire('c', family.at(first.plus(2)).value);
            return adder.choose(
              'made',
              unsigned(width),
              parity(i.minus(rows)).lessThan(1),
              {
                label: 'carries',
                describe: (carries) => {
                  const majority = carries.wire('majority', a.and(b).or(c.and(a.xor(b))));
                  // The carry out of the top bit weighs 2^width.
                  return concat(majority.wrap(width.minus(1)), unsignedLiteral(0, 1));
                },
              },
              { label: 'sums', describe: () => a.xor(b).xor(c) },
            );
          },
        },
      ),
    }),
  );
  return {
    carries: scope.wire('last_carries', queue.at(count.minus(2)).value),
    sums: scope.wire('last_sums', queue.at(count.minus(1)).value),
  };
}
