/**
 * A fast addition: Kogge and Stone's parallel prefix, log2(width) levels, for the few sums that are on the
 * critical path. Elsewhere `+` is left to the synthesis tool.
 */
import { clog2, type Dimension, pow2, repeat, type Scope, type Signal, unsigned } from '../dsl/index.ts';

type Row = Signal<'unsigned'>;

/**
 * a + b + carryIn modulo 2^width. The carry may arrive late: it passes one gate and one exclusive or.
 *
 * @param name begins the names of what is made
 * @param width of a and b, at least 2
 */
export function prefixSum(
  scope: Scope,
  name: string,
  { a, b, carryIn }: { readonly a: Row; readonly b: Row; readonly carryIn: Row },
  width: Dimension,
): Row {
  const bits = scope.wire(`${name}_bits`, a.xor(b));
  scope.comment(
    `Level l of ${name}: what the 2^l bits up to a bit do together: generate a carry, or let one from below through. Below the lowest bit nothing is generated and all let through.`,
  );
  const levels = clog2(width);
  const level = scope.family(
    `${name}_level`,
    { genvar: 'l', first: 0, last: levels },
    () => ({ carry: unsigned(width), through: unsigned(width) }),
    (block, l, family) => {
      const distance = pow2(l.minus(1));
      const carry = block.choose(
        'carry',
        unsigned(width),
        l.lessThan(1),
        { label: 'generated', describe: () => a.and(b) },
        {
          label: 'joined',
          describe: () => {
            const below = family.at(l.minus(1));
            return below.carry.or(below.through.and(below.carry.placeWrap(distance)));
          },
        },
      );
      const through = block.choose(
        'through',
        unsigned(width),
        l.lessThan(1),
        { label: 'passed', describe: () => bits },
        {
          label: 'chained',
          describe: () => {
            const { through: below } = family.at(l.minus(1));
            return below.and(below.not().placeWrap(distance).not());
          },
        },
      );
      return { carry, through };
    },
  );
  const { carry, through } = level.at(levels);
  scope.comment(
    'What enters a bit: the carry out of all bits below, or the one from outside if they all let it through.',
  );
  const leaving = scope.wire(`${name}_leaving`, carry.or(through.and(repeat(carryIn, width))));
  return scope.wire(name, bits.xor(leaving.placeWrap(1).or(carryIn.extend(width))));
}
