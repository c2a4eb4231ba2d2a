/**
 * A fast addition: Kogge and Stone's parallel prefix, log2(width) levels, for the few sums that are on the
 * critical path. Elsewhere `+` is left to the synthesis tool.
 */
import { clog2, type Dimension, pow2, repeat, type Scope, type Signal, unsigned } from '../dsl/index.ts';

type Row = Signal<'unsigned'>;

/**
 * a + b, and the carry where there is one, modulo 2^width. The carry may arrive late: it passes one gate and one
 * exclusive or.
 *
 * @param name begins the names of what is made
 * @param width of a and b, at least 2
 */
export function prefixSum(
  scope: Scope,
  name: string,
  { a, b, carryIn }: { readonly a: Row; readonly b: Row; readonly carryIn?: Row },
  width: Dimension,
): Row {
  const bits = scope.wire(`${name}_bits`, a.xor(b));
  scope.comment(
    `Level l of ${name}: what the 2^l bits up to a bit do together: generate a carry, or let one from below through. Below the lowest bit nothing is generated and all let through.`,
  );
  const last = clog2(width).minus(1);
  const level = scope.family(
    `${name}_level`,
    { genvar: 'l', first: 0, last },
    () => ({ carry: unsigned(width), through: unsigned(width) }),
    (block, l, family) => ({
      carry: block.choose(
        'carry',
        unsigned(width),
        l.lessThan(1),
        { label: 'generated', describe: () => a.and(b) },
        { label: 'joined', describe: () => joined(family.at(l.minus(1)), pow2(l.minus(1))) },
      ),
      through: block.choose(
        'through',
        unsigned(width),
        l.lessThan(1),
        { label: 'passed', describe: () => bits },
        { label: 'chained', describe: () => chained(family.at(l.minus(1)), pow2(l.minus(1))) },
      ),
    }),
  );
  const top = {
    carry: scope.wire(`${name}_carry`, level.at(last).carry),
    through: scope.wire(`${name}_through`, level.at(last).through),
  };
  const carry = joined(top, pow2(last));
  if (carryIn === undefined) {
    scope.comment('The level above it is what leaves each bit: a carry out of it and all bits below.');
    const leaving = scope.wire(`${name}_leaving`, carry);
    return scope.wire(name, bits.xor(leaving.placeWrap(1)));
  }
  scope.comment(
    'The level above it, and with it what leaves each bit: a carry out of it and all bits below, or the one from outside if they all let it through.',
  );
  const through = chained(top, pow2(last));
  const leaving = scope.wire(`${name}_leaving`, carry.or(through.and(repeat(carryIn, width))));
  return scope.wire(name, bits.xor(leaving.placeWrap(1).or(carryIn.extend(width))));
}

interface Level {
  readonly carry: Row;
  readonly through: Row;
}

/** Carries of twice as many bits. */
function joined({ carry, through }: Level, distance: Dimension): Row {
  return carry.or(through.and(carry.placeWrap(distance)));
}

/** Whether twice as many bits let a carry through. */
function chained({ through }: Level, distance: Dimension): Row {
  return through.and(through.not().placeWrap(distance).not());
}
