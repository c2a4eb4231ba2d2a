import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decomposeMultiplier,
  type MultiplierFormat,
  maxShift,
  multiplierFormat,
  multiplierFromStored,
  multiplierWidth,
  quantizeMultiplier,
  rescale,
  storedMultiplier,
} from '../../golden/index.ts';
import { dyadic, fixed, INT32_MAX, INT32_MIN, int32, roundedProduct } from './exact.ts';

const widths = Array.from({ length: 32 }, (_, i) => i + 1);
const formats = widths.flatMap((k) =>
  (['truncate', 'nearest'] as const).flatMap((rounding) =>
    (['explicit', 'hidden'] as const).map((leadingOne) => multiplierFormat(k, { rounding, leadingOne })),
  ),
);
const widthOf = ({ k, leadingOne }: MultiplierFormat) => (leadingOne === 'hidden' ? k + 1 : k);

/** Doubles at, one unit below and one above a tie between two multipliers, scaled by 2^exponent. */
function nearTie(width: number, exponents: { min: number; max: number }) {
  return fc
    .tuple(
      fc.maxSafeNat().map((n) => 2 ** (width - 1) + (n % 2 ** (width - 1))),
      fc.constantFrom(-1, 0, 1),
      fc.integer(exponents),
    )
    .map(([m, nudge, exponent]) => ((m + 0.5) * 2 ** (53 - width) + nudge) * 2 ** (exponent - 52));
}

const anyPositive = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });
const inReach = { min: -40, max: 40 };

describe.each(formats)('k = $k, $rounding, $leadingOne', (format) => {
  const width = widthOf(format);
  const smallest = 2 ** (width - 1);
  const factor = fc.oneof(anyPositive, nearTie(width, inReach), nearTie(width, { min: -1021, max: 1021 }));

  it('decomposes M into the right one of the two multipliers around it', () => {
    fc.assert(
      fc.property(factor, (M) => {
        const { multiplier, shift } = decomposeMultiplier(M, format);
        expect(multiplier).toBeGreaterThanOrEqual(smallest);
        expect(multiplier).toBeLessThan(2 * smallest);

        const exact = fixed(M);
        const Mq = dyadic(multiplier, shift);
        const above = dyadic(multiplier + 1, shift);
        if (format.rounding === 'truncate') {
          expect(Mq <= exact && exact < above).toBe(true);
        } else {
          // no neighbour is closer, and a tie belongs to the upper one
          const below =
            multiplier === smallest ? dyadic(2 * smallest - 1, shift + 1) : dyadic(multiplier - 1, shift);
          expect(exact - below >= Mq - exact && above - exact > exact - Mq).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('gives the hardware the value of the bare split, or an error if there is none', () => {
    fc.assert(
      fc.property(nearTie(width, inReach), fc.nat({ max: 52 }), (tie, bits) => {
        // few significand bits, so that denormalized multipliers are frequent
        const lowestBit = 2 ** (Math.floor(Math.log2(tie)) - bits);
        const M = Math.floor(tie / lowestBit) * lowestBit;
        const limit = 24 + width;
        const bare = decomposeMultiplier(M, format);
        const lost = bare.shift - limit;
        const vanishes = dyadic(bare.multiplier, bare.shift) <= dyadic(1, 32);
        const denormal = BigInt(bare.multiplier) % (1n << BigInt(Math.max(lost, 0))) === 0n;
        const possible =
          bare.shift >= 0 && (lost <= 0 || (format.leadingOne === 'explicit' && (vanishes || denormal)));
        if (!possible) {
          expect(() => quantizeMultiplier(M, format)).toThrow(RangeError);
          return;
        }
        const { multiplier, shift } = quantizeMultiplier(M, format);
        if (lost <= 0) expect({ multiplier, shift }).toEqual(bare);
        else {
          expect(shift).toBe(limit);
          expect(dyadic(multiplier, shift)).toBe(vanishes ? 0n : dyadic(bare.multiplier, bare.shift));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('renormalizes where rounding carries into a new bit', () => {
    const { multiplier, shift } = decomposeMultiplier(1 - 2 ** -53, format);
    if (format.rounding === 'nearest')
      expect({ multiplier, shift }).toEqual({ multiplier: smallest, shift: width - 1 });
    else expect({ multiplier, shift }).toEqual({ multiplier: 2 * smallest - 1, shift: width });
  });

  it('has its smallest and largest M at shifts maxShift and 0', () => {
    expect(multiplierWidth(format)).toBe(width);
    expect(maxShift(format)).toBe(24 + width);
    expect(quantizeMultiplier(2 ** -25, format)).toEqual({ multiplier: smallest, shift: 24 + width });
    expect(quantizeMultiplier(2 ** width - 1, format)).toEqual({ multiplier: 2 * smallest - 1, shift: 0 });
    expect(() => quantizeMultiplier(2 ** width, format)).toThrow(
      `needs shift = -1, which is outside 0..${24 + width}; with k = ${format.k} Mq ends at ${2 ** width - 1}`,
    );
  });

  it('stores k bits per multiplier', () => {
    const stored = [smallest, 2 * smallest - 1].map((multiplier) =>
      storedMultiplier({ multiplier, shift: 0 }, format),
    );
    expect(stored).toEqual(
      format.leadingOne === 'hidden' ? [0, 2 ** format.k - 1] : [2 ** (format.k - 1), 2 ** format.k - 1],
    );
    expect(stored.map((bits) => multiplierFromStored(bits, format))).toEqual([smallest, 2 * smallest - 1]);
  });
});

describe('multipliers too small for the shift', () => {
  const four = multiplierFormat(4);

  it('are denormalized exactly while no set bit is lost', () => {
    expect(quantizeMultiplier(2 ** -26, four)).toEqual({ multiplier: 4, shift: 28 });
    expect(quantizeMultiplier(1.5 * 2 ** -27, four)).toEqual({ multiplier: 3, shift: 28 });
    expect(quantizeMultiplier(2 ** -31, multiplierFormat(7))).toEqual({ multiplier: 1, shift: 31 });
    expect(() => quantizeMultiplier(2 ** -31, multiplierFormat(6))).toThrow(RangeError);
    expect(() => quantizeMultiplier(1.125 * 2 ** -26, four)).toThrow(
      /^M = \S+ needs shift = 29, which is outside 0\.\.28; with k = 4, leading one explicit, .* at least 2\^-25/,
    );
  });

  it('cannot be expressed with a hidden leading one', () => {
    const hidden = multiplierFormat(8, { leadingOne: 'hidden' });
    for (const M of [2 ** -26, 2 ** -32, 2 ** -40, Number.MIN_VALUE]) {
      expect(() => quantizeMultiplier(M, hidden)).toThrow('leading one hidden');
    }
  });

  it('reach 2^-25 by rounding to nearest only', () => {
    const M = 2 ** -25 * (1 - 2 ** -53);
    expect(quantizeMultiplier(M, four)).toEqual({ multiplier: 8, shift: 28 });
    expect(() => quantizeMultiplier(M, multiplierFormat(4, { rounding: 'truncate' }))).toThrow(RangeError);
  });

  it('become 0 up to 2^-32 without changing any result', () => {
    const tiny = fc.oneof(
      fc.double({ min: Number.MIN_VALUE, max: 2 ** -32, noNaN: true }),
      fc.constantFrom(2 ** -32, 2 ** -32 * (1 - 2 ** -53), 2 ** -33, Number.MIN_VALUE),
    );
    const format = fc.constantFrom(...formats.filter(({ leadingOne }) => leadingOne === 'explicit'));
    fc.assert(
      fc.property(tiny, format, int32, (M, format, a) => {
        const quantized = quantizeMultiplier(M, format);
        expect(quantized).toEqual({ multiplier: 0, shift: maxShift(format) });
        for (const acc of [a, INT32_MIN, INT32_MAX]) {
          expect(BigInt(rescale(acc, quantized))).toBe(roundedProduct(acc, fixed(M)));
        }
      }),
      { numRuns: 1000 },
    );
    // and not further: just above the limit the most negative accumulator rounds to -1
    expect(roundedProduct(INT32_MIN, fixed(2 ** -32 * (1 + 2 ** -52)))).toBe(-1n);
  });
});

describe('refused input', () => {
  it.each([NaN, Infinity, -Infinity, 0, -0, -0.5])('M = %d', (M) => {
    const format = multiplierFormat(8);
    expect(() => quantizeMultiplier(M, format)).toThrow(/^M = \S+ is not a positive finite number; /);
    expect(() => decomposeMultiplier(M, format)).toThrow(RangeError);
  });

  it.each([0, 33, 40, -1])('k = %d', (k) => {
    expect(() => multiplierFormat(k)).toThrow(`k = ${k} is outside 1..32`);
    expect(() => decomposeMultiplier(0.5, { k, rounding: 'nearest', leadingOne: 'explicit' })).toThrow(
      RangeError,
    );
  });

  it('k = 4.5', () => {
    expect(() => multiplierFormat(4.5)).toThrow('k = 4.5 is not an integer');
  });
});

it('defaults to nearest with an explicit leading one', () => {
  expect(multiplierFormat(8)).toEqual({ k: 8, rounding: 'nearest', leadingOne: 'explicit' });
});

it('represents M = 1 in one bit without a shift', () => {
  expect(quantizeMultiplier(1, multiplierFormat(1))).toEqual({ multiplier: 1, shift: 0 });
});
