/**
 * Architecture `fast`: only what survives the saturation is computed, and nothing waits that need not.
 *
 * - The product is one carry-save sum of half as many rows as m has bits (Booth), and one fast addition.
 * - A clamped output depends on nine bits of the quotient and on whether it is within them: the shifter is
 *   ten bits wide at its end, one of them for rounding.
 * - The rounding bit enters at the weight of one, as the carry of the last additions, not before the shift.
 * - Whether the quotient is out of range is found beside the shift, from masks that depend on the shift only.
 * - Both comparisons of the clamp run beside the addition of the zero point.
 */
import {
  type Bit,
  concat,
  Dimension,
  half,
  larger,
  pow2,
  repeat,
  type Scope,
  signedLiteral,
  unsigned,
  unsignedLiteral,
} from '../dsl/index.ts';
import { timesDigit } from './booth.ts';
import { carrySave } from './carry-save.ts';
import type { PipelineDepth } from './parameters.ts';
import { prefixSum } from './prefix-sum.ts';
import type { RescalePath, Signed, Unsigned } from './rescale-path.ts';

type Step = 'rows' | 'product' | 'quotient';

/** Where each number of pipeline stages cuts. */
export const FAST_CUTS: Readonly<Record<PipelineDepth, readonly Step[]>> = {
  0: [],
  1: ['product'],
  2: ['product', 'quotient'],
  3: ['rows', 'product', 'quotient'],
};

export const fastPath: RescalePath<Step> = (scope, { acc, m, ...rest }, width, cut) => {
  const productWidth = width.plus(32);

  scope.comment(
    'Algorithm 1, line 3: acc * m as two rows, then as one number. Digit j of m is -2, -1, 0, 1 or 2; its row is acc times it, inverted where it is negative. The 1 that completes the negation stands in the next row. What stands above the rows instead of copies of their signs adds up to 4^ROWS * 2^32, which is beyond the product.',
  );
  const multiplied = cut('rows', { ...rest, ...multiply(scope, acc, m, width) });
  const { sums, carries, ...parameters } = multiplied;
  const { product, shift, ...output } = cut('product', {
    ...parameters,
    product: prefixSum(scope, 'product', { a: sums, b: carries }, productWidth),
  });

  scope.comment(
    'Algorithm 1, line 4: nine bits of product / 2^shift, and below them the bit that rounds (0 at shift 0). Stage i shifts by 2^i and keeps the bits that later stages can still reach.',
  );
  const stages = scope.localParameter('STAGES', shift.width);
  const doubled = scope.wire('doubled', concat(product, unsignedLiteral(0, 1)).asSigned());
  const source = scope.wire('source', doubled, pow2(stages).plus(9));
  const stage = scope.family(
    'stage',
    { genvar: 'i', first: stages, last: 0 },
    (i) => ({ kept: unsigned(pow2(i).plus(9)) }),
    (block, i, family) => {
      const kept = pow2(i).plus(9);
      const entry = { label: 'entry', describe: () => source.asUnsigned() };
      const move = {
        label: 'move',
        describe: (move: Scope) => {
          const longer = move.wire('longer', family.at(i.plus(1)).kept);
          return shift.bit(i).select(longer.slice(pow2(i), kept), longer.slice(0, kept));
        },
      };
      return { kept: block.choose('kept', unsigned(kept), i.atLeast(stages), entry, move) };
    },
  );
  const window = scope.wire('window', stage.at(0).kept);
  const range = quotientRange(scope, product, shift, window, width);
  const {
    window: quotient,
    outside,
    negative,
    zero_point,
    act_min,
    act_max,
  } = cut('quotient', { ...output, window, ...range });

  scope.comment(
    'Eq. (1): zero point and rounding bit in one addition. Beside it, the same sum against both bounds: its sign says which side it is on. Beyond nine bits the sign of the quotient decides.',
  );
  const round = scope.wire('round', quotient.bit(0));
  const whole = scope.wire('whole', quotient.slice(1, 9).asSigned());
  const low = scope.wire('low', quotient.slice(1, 8).asSigned());
  const sum = scope.wire('sum', zero_point.addWrap(low).addWrap(round.toSigned()));
  const versus = (name: string, offset: Signed): Bit => {
    const operands = {
      a: whole.extend(10).asUnsigned(),
      b: offset.extend(10).asUnsigned(),
      carryIn: round,
    };
    const difference = prefixSum(scope, name, operands, Dimension.constant(10)).asSigned();
    return difference.lessThan(signedLiteral(0));
  };
  // sum - act_max - 1 is negative up to the upper bound, sum - act_min below the lower one.
  const atMost = versus('upper', scope.wire('upper_offset', zero_point.add(act_max.not())));
  const lessThan = versus('lower', scope.wire('lower_offset', zero_point.sub(act_min)));
  const tooHigh = scope.wire('too_high', outside.select(negative.not(), atMost.not()));
  const tooLow = scope.wire('too_low', outside.select(negative, lessThan));
  return scope.wire('clamped', tooLow.select(act_min, tooHigh.select(act_max, sum)));
};

/**
 * acc * m as two rows: the product is their sum modulo 2^(32 + width).
 *
 * Digit j of m is -2, -1, 0, 1 or 2; its row is acc times it, at weight 4^j. Where it is negative, the 1 that
 * completes the negation stands in row j + 1; the top digit never is. Signs are not extended: the bits from 32
 * up of row 0 are sign, sign, not sign, which adds 2^34; those of row j are not sign, 1, which adds
 * 3 * 2^(32 + 2j). Together that is 2^(32 + 2 * rows), beyond the product, so nothing need be taken back.
 */
function multiply(scope: Scope, acc: Signed, m: Unsigned, width: Dimension) {
  const size = width.plus(32);
  // A single row would be no sum: for one bit of m there is a row that is 0.
  const rows = scope.localParameter('ROWS', larger(half(width).plus(1), Dimension.constant(2)));
  const padded = scope.wire('padded', concat(m.extend(rows.times(2)), unsignedLiteral(0, 1)));
  return carrySave(scope, { rows, width: size }, (block, j) => {
    const low = j.times(2);
    const bits = { high: padded.bit(low.plus(2)), middle: padded.bit(low.plus(1)), below: padded.bit(low) };
    const digit = timesDigit(block, '', acc, bits);
    const [sign, rest] = [digit.top(), digit.slice(0, 32)];
    const term = (place: Scope, value: Unsigned): Unsigned => place.wire('all', value).wrap(size);
    return block.choose(
      'term',
      unsigned(size),
      j.lessThan(1),
      {
        label: 'lowest',
        describe: (place) => term(place, concat(sign.not(), sign, digit).extend(size.plus(3))),
      },
      {
        label: 'higher',
        describe: (place) => {
          const completes = padded.bit(low);
          const value = concat(unsignedLiteral(1, 1), sign.not(), rest, unsignedLiteral(0, 1), completes);
          return term(place, value.extend(size.plus(4)).placeWrap(low.minus(2)));
        },
      },
    );
  });
}

/** Whether floor(product / 2^shift), as a 32-bit value and rounded, is beyond nine bits, and on which side. */
function quotientRange(
  scope: Scope,
  product: Unsigned,
  shift: Unsigned,
  window: Unsigned,
  width: Dimension,
): { readonly outside: Bit; readonly negative: Bit } {
  scope.comment(
    'The quotient is product[shift+31:shift]. It is beyond nine bits when two neighbours differ from bit shift+8 up. The masks depend on the shift only.',
  );
  const inner = width.plus(23);
  const differs = scope.wire('differs', product.slice(8, inner).xor(product.slice(9, inner)));
  const reached = scope.wire('reached', repeat(unsignedLiteral(1, 1), inner).shiftLeftWrap(shift));
  const beyond = scope.wire('beyond', concat(reached.slice(0, width.plus(1)), unsignedLiteral(0, 22)));
  const wide = scope.wire('wide', differs.and(reached).and(beyond.not()).any());

  scope.comment(
    'Up to shift = width of m the product has bits above the quotient: then bit shift+31 is its sign (the 32-bit value wraps), else the top bit.',
  );
  const at = scope.wire('at', unsignedLiteral(1, width.plus(1)).shiftLeftWrap(shift));
  const topDiffers = scope.wire('top_differs', differs.slice(22, width.plus(1)).and(at).any());
  const wrapped = scope.wire('wrapped', product.slice(31, width.plus(1)).and(at).any());
  const sign = scope.wire('sign', wrapped.or(product.top().and(at.any().not())));
  // 2^31 - 1 rounded up wraps to the other side.
  const overflows = scope.wire('overflows', wide.not().and(window.slice(0, 9).all()));
  return {
    outside: scope.wire('outside', wide.or(topDiffers)),
    negative: scope.wire('negative', sign.or(overflows)),
  };
}
