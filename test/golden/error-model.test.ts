import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  errorModel,
  multiplierTermBound,
  quantizeMultiplier,
  Rational,
  realMultiplier,
  rescale,
} from '../../golden/index.ts';
import { int32 } from './exact.ts';

const R = Rational.fromNumber;
const zero = R(0);

const scale = fc.double({ min: 2 ** -10, max: 2 ** -4, noNaN: true });
const scales = fc.record({
  inputScale: scale,
  weightScale: scale,
  outputScale: fc.double({ min: 2 ** -8, max: 2 ** 4, noNaN: true }),
});
const format = fc.record({
  k: fc.integer({ min: 1, max: 32 }),
  rounding: fc.constantFrom('truncate' as const, 'nearest' as const),
  leadingOne: fc.constantFrom('explicit' as const, 'hidden' as const),
});
const real = fc.double({ min: -1e6, max: 1e6, noNaN: true });

describe('errorModel', () => {
  it('satisfies Eq. (3)-(5) exactly', () => {
    fc.assert(
      fc.property(real, int32, scales, format, (real, a, scales, format) => {
        const { inputScale, weightScale, outputScale } = scales;
        const M = realMultiplier(scales);
        // Mq <= 1, so that no quotient can wrap
        fc.pre(M.compare(R(0.99)) < 0);
        const quantized = quantizeMultiplier(M.toNumber(), format);
        const error = errorModel(real, a, scales, quantized);
        const y = R(rescale(a, quantized));

        expect(error.accumulatorError).toEqual(R(real).sub(R(inputScale).mul(R(weightScale)).mul(R(a))));
        expect(error.outputError).toEqual(R(real).sub(R(outputScale).mul(y)));
        expect(error.rescaleError).toEqual(error.accumulatorError.sub(error.outputError));
        expect(error.rescaleError).toEqual(error.multiplierTerm.add(error.roundingTerm));

        const half = R(outputScale).div(R(2));
        expect(error.roundingTerm.compare(half)).toBeLessThanOrEqual(0);
        expect(error.roundingTerm.add(half).compare(zero)).toBeGreaterThan(0);
        // at the largest accumulator the bound is met, not just kept
        expect(multiplierTermBound(Math.abs(a), scales, quantized)).toEqual(error.multiplierTerm.abs());
      }),
      { numRuns: 1000 },
    );
  });

  it('matches a calculation by hand', () => {
    // M = 1/2 * 1/4 / (3/8) = 1/3, Mq = 5/16; 100 * 5/16 = 31.25, y = 31
    const scales = { inputScale: 0.5, weightScale: 0.25, outputScale: 0.375 };
    const error = errorModel(12.75, 100, scales, { multiplier: 5, shift: 4 });
    expect(realMultiplier(scales)).toEqual(new Rational(1n, 3n));
    expect(error).toEqual({
      accumulatorError: R(0.25), // 12.75 - 12.5
      outputError: R(1.125), // 12.75 - 11.625
      rescaleError: R(-0.875),
      multiplierTerm: R(-0.78125), // 37.5 * (5/16 - 1/3)
      roundingTerm: R(-0.09375), // 0.375 * (31 - 31.25)
    });
  });

  it('attributes a tie to rounding, upwards', () => {
    const scales = { inputScale: 0.5, weightScale: 0.25, outputScale: 0.25 };
    for (const a of [-3, -1, 1, 3]) {
      const { multiplierTerm, roundingTerm } = errorModel(0, a, scales, { multiplier: 1, shift: 1 });
      expect([multiplierTerm, roundingTerm]).toEqual([zero, R(0.125)]);
    }
  });

  it('shows that |Mq - M| * max|y~|, the wording below Eq. (5), is no bound', () => {
    const scales = { inputScale: 0.5, weightScale: 0.25, outputScale: 0.375 };
    const { multiplierTerm } = errorModel(0, 100, scales, { multiplier: 5, shift: 4 });
    const difference = new Rational(1n, 48n);
    expect(multiplierTerm.abs().compare(difference.mul(R(31 * 0.375)))).toBeGreaterThan(0);
    expect(multiplierTermBound(100, scales, { multiplier: 5, shift: 4 })).toEqual(R(0.78125));
  });

  it('refuses a quotient beyond 32 bits, and takes the largest within', () => {
    const scales = { inputScale: 1, weightScale: 1, outputScale: 0.5 };
    const two = { multiplier: 2, shift: 0 };
    expect(() => errorModel(0, 2 ** 30, scales, two)).toThrow('a*Mq = 2147483648 does not fit into 32 bits');
    expect(errorModel(0, -(2 ** 30), scales, two).rescaleError).toEqual(zero);
  });

  it.each([0, -1, NaN, Infinity])('refuses a scale of %d', (bad) => {
    const good = { inputScale: 1, weightScale: 1, outputScale: 1 };
    for (const name of ['inputScale', 'weightScale', 'outputScale'] as const) {
      expect(() => realMultiplier({ ...good, [name]: bad })).toThrow(
        `${name} = ${bad} is not a positive finite`,
      );
    }
  });
});

describe('Rational', () => {
  it('keeps lowest terms and a positive denominator', () => {
    expect(new Rational(6n, -4n)).toMatchObject({ numerator: -3n, denominator: 2n });
    expect(new Rational(0n, -4n)).toMatchObject({ numerator: 0n, denominator: 1n });
  });

  it('calculates', () => {
    const [a, b] = [new Rational(1n, 6n), new Rational(-3n, 4n)];
    expect([a.add(b), a.sub(b), a.mul(b), a.div(b), b.abs(), a.abs()]).toEqual([
      new Rational(-7n, 12n),
      new Rational(11n, 12n),
      new Rational(-1n, 8n),
      new Rational(-2n, 9n),
      new Rational(3n, 4n),
      a,
    ]);
    expect([a.compare(b), b.compare(a), a.compare(a)].map(Math.sign)).toEqual([1, -1, 0]);
  });

  it('takes every double exactly', () => {
    expect(R(-0.1)).toEqual(new Rational(-3602879701896397n, 1n << 55n));
    expect(R(Number.MIN_VALUE)).toEqual(new Rational(1n, 1n << 1074n));
    expect(R(2 ** 60)).toEqual(new Rational(1n << 60n));
    for (const value of [NaN, Infinity]) expect(() => R(value)).toThrow('is not a rational number');
    expect(() => R(1).div(zero)).toThrow(RangeError);
  });

  it('prints as the double that it came from', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 2 ** -900, max: 2 ** 900, noNaN: true }),
        fc.boolean(),
        (value, negative) => {
          const signed = negative ? -value : value;
          expect(R(signed).toNumber()).toBe(signed);
        },
      ),
    );
    expect(new Rational(1n, 3n).toNumber()).toBe(1 / 3);
    expect(zero.toNumber()).toBe(0);
  });
});
