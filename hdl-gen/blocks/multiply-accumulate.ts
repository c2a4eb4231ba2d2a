/**
 * From the operands of a beat to the next accumulator (Eq. 1), in two circuits of the same function.
 */
import {
  clog2,
  concat,
  Dimension,
  repeat,
  type Scope,
  type Signal,
  signed,
  unsigned,
  unsignedLiteral,
} from '../dsl/index.ts';
import { timesDigit } from './booth.ts';
import { carrySave } from './carry-save.ts';
import { prefixSum } from './prefix-sum.ts';

/** One beat. */
export interface Beat {
  /** Activations and weights, MACS int8 elements each. */
  readonly x: Signal<'unsigned'>;
  readonly w: Signal<'unsigned'>;
  /** The accumulator so far, or the bias. */
  readonly previous: Signal<'signed'>;
}

/** Width of the sum of MACS products of int8 by int8. */
function sumWidth(MACS: Dimension): Dimension {
  return clog2(MACS).plus(16);
}

/** Plain: sum of x[i] * w[i], every product by itself, in ceil(log2(MACS)) levels of additions. */
export function productTree(scope: Scope, { x, w }: Beat, MACS: Dimension): Signal<'signed'> {
  scope.comment('Eq. (1), the products of a beat in a balanced tree: node i adds nodes 2i and 2i+1.');
  const width = sumWidth(MACS);
  const nodes = scope.family(
    'node',
    { genvar: 'i', first: MACS.times(2).minus(1), last: 1 },
    () => ({ total: signed(width) }),
    (block, i, family) => ({
      total: block.choose(
        'total',
        signed(width),
        i.atLeast(MACS),
        {
          label: 'leaf',
          describe: (leaf) => {
            const element = i.minus(MACS);
            const activation = leaf.wire('activation', x.element(element, 8).asSigned());
            const weight = leaf.wire('weight', w.element(element, 8).asSigned());
            return leaf.wire('product', activation.mul(weight));
          },
        },
        {
          label: 'inner',
          // Every node is wide enough for the sum of all products, so nothing wraps.
          describe: () => family.at(i.times(2)).total.addWrap(family.at(i.times(2).plus(1)).total),
        },
      ),
    }),
  );
  return nodes.at(1).total;
}

/** Radix-4 digits of an int8 weight. */
const DIGITS = [0, 1, 2, 3] as const;

/**
 * What a product is short of because its digits' rows are not sign-extended: each row's sign bit weighs
 * -2^(8+2j) but stands inverted at +2^(8+2j), so 2^8 + 2^10 + 2^12 + 2^14 have been added.
 */
const SIGN_EXCESS = DIGITS.reduce<number>((sum, digit) => sum + 2 ** (8 + 2 * digit), 0);

/**
 * Fast: the next accumulator, all partial products of all MACs and the accumulator in one carry-save sum
 * and one addition.
 *
 * - Weights are recoded to radix 4 (Booth): four rows a product, each -2, -1, 0, 1 or 2 times the activation.
 * - Only the bits that a sum of products can reach are compressed; the accumulator above them takes a
 *   carry of -1, 0 or 1.
 */
export function multiplyAccumulate(
  scope: Scope,
  { x, w, previous }: Beat,
  MACS: Dimension,
): Signal<'signed'> {
  const low = scope.localParameter('LOW', sumWidth(MACS));
  const size = low.plus(2);
  const bit = (value: 0 | 1) => unsignedLiteral(value, 1);

  scope.comment(
    'Eq. (1), the products: digit j of a weight is -2, -1, 0, 1 or 2; its row is the activation times it, inverted where it is negative. The 1 that completes the negation stands in the next row.',
  );
  const lanes = scope.family(
    'lane',
    { genvar: 'i', first: 0, last: MACS.minus(1) },
    () => ({
      row0: unsigned(size),
      row1: unsigned(size),
      row2: unsigned(size),
      row3: unsigned(size),
      row4: unsigned(size),
    }),
    (block, i) => {
      const activation = block.wire('activation', x.element(i, 8));
      const weight = block.wire('weight', w.element(i, 8));
      const digits = DIGITS.map((digit) => {
        const high = weight.bit(2 * digit + 1);
        const middle = weight.bit(2 * digit);
        const below = digit === 0 ? {} : { below: weight.bit(2 * digit - 1) };
        return {
          value: timesDigit(block, `${digit}`, activation, { high, middle, ...below }),
          negative: high,
        };
      });
      const row = (digit: 0 | 1 | 2 | 3 | 4): Signal<'unsigned'> => {
        const here = digits[digit];
        const before = digits[digit - 1];
        const completes = before ? [concat(bit(0), before.negative)] : [];
        const zeros = digit < 2 ? [] : [unsignedLiteral(0, 2 * digit - 2)];
        const value = here ? [here.value.bit(8).not(), here.value.slice(0, 8), ...completes] : completes;
        const [first = bit(0), ...others] = [...value, ...zeros];
        return concat(first, ...others).extend(size);
      };
      return { row0: row(0), row1: row(1), row2: row(2), row3: row(3), row4: row(4) };
    },
  );
  scope.comment(
    'All rows, the low part of the accumulator, and a constant that takes back what the inverted signs add: 2^LOW in excess, so that no row is negative.',
  );
  const constant = scope.constant('CORRECTION', MACS.times(-SIGN_EXCESS), low);
  const terms: readonly ((i: Dimension) => Signal<'unsigned'>)[] = [
    (i) => lanes.at(i).row0,
    (i) => lanes.at(i).row1,
    (i) => lanes.at(i).row2,
    (i) => lanes.at(i).row3,
    (i) => lanes.at(i).row4,
  ];
  const all = MACS.times(terms.length);
  // The first rows of all lanes, then their second rows, ..., the accumulator, the constant.
  const { sums, carries } = carrySave(scope, { rows: all.plus(2), width: size }, (block, i) =>
    block.chooseFirst(
      'term',
      unsigned(size),
      [
        ...terms.map((term, digit) => ({
          condition: i.lessThan(MACS.times(digit + 1)),
          label: `digit${digit}`,
          describe: () => term(i.minus(MACS.times(digit))),
        })),
        {
          condition: i.lessThan(all.plus(1)),
          label: 'accumulator',
          describe: () => previous.slice(0, low).extend(size),
        },
      ],
      { label: 'correction', describe: () => constant.extend(size) },
    ),
  );

  scope.comment(
    'The next accumulator. The two top bits of both rows add up to 0, 1 or 2; less the excess of 1 that is what the upper part takes.',
  );
  const minusOne = scope.wire('minus_one', sums.slice(low, 2).or(carries.slice(low, 2)).any().not());
  const odd = scope.wire('odd', sums.bit(low).xor(carries.bit(low)).not());
  const upper = previous.slice(low, low.times(-1).plus(32));
  const operands = {
    a: concat(upper, sums.slice(0, low)),
    b: concat(repeat(minusOne, low.times(-1).plus(31)), odd, carries.slice(0, low)),
  };
  return prefixSum(scope, 'next', operands, Dimension.constant(32)).asSigned();
}
