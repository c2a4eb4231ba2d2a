import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Rational } from '../../golden/index.ts';
import { applyRescaler, dotRescalerOf, exponentOf, rescalerOf } from '../../infer/arithmetic.ts';
import type { OperatorName } from '../../litert/index.ts';

const accumulators = fc.oneof(fc.integer({ min: -300, max: 300 }), fc.integer());
const factors = fc.double({ min: 2 ** -40, max: 2 ** 10, noNaN: true, minExcluded: true });

test('which operators are narrow', () => {
  const narrow = { k: 4, rounding: 'nearest', scope: 'dot' } as const;
  const once = { rounding: 'once', multiplier: 10, shift: 5 };
  const twice = { rounding: 'twice', multiplier: 0x50000000, exponent: -1 };
  expect(dotRescalerOf(narrow, 'CONV_2D', 0.3125)).toEqual(once);
  expect(rescalerOf(narrow, 0.3125)).toEqual(twice);
  expect(rescalerOf({ ...narrow, scope: 'all' }, 0.3125)).toEqual(once);
  const fullyConnected: OperatorName = 'FULLY_CONNECTED';
  expect(dotRescalerOf('stock', fullyConnected, 0.3125)).toEqual({ rounding: 'double', factor: 0.3125 });
  expect(dotRescalerOf('stock-fc-int', fullyConnected, 0.3125)).toEqual(twice);
  expect(dotRescalerOf('stock', 'CONV_2D', 0.3125)).toEqual(twice);
  expect(dotRescalerOf('single', fullyConnected, 0.3125)).toEqual({
    ...{ rounding: 'once', multiplier: 0x50000000, shift: 32 },
  });
});

test('stock FULLY_CONNECTED: the double product, a half away from zero', () => {
  fc.assert(
    fc.property(accumulators, factors, (a, factor) => {
      const exact = Rational.fromNumber(Math.abs(a * factor));
      const floor = exact.numerator / exact.denominator;
      const rest = exact.sub(new Rational(floor));
      const magnitude = Number(floor) + (rest.compare(new Rational(1n, 2n)) >= 0 ? 1 : 0);
      const sum = applyRescaler(a, { rounding: 'double', factor }) + 0; // -0 is 0
      expect(sum).toBe((a < 0 ? -magnitude : magnitude) + 0);
    }),
  );
  expect(applyRescaler(1, { rounding: 'double', factor: 0.49999999999999994 })).toBe(0);
});

test('a multiplier that is too small is 0, a large one in few bits keeps its value', () => {
  const narrow = { k: 4, rounding: 'truncate', scope: 'all' } as const;
  expect(rescalerOf(narrow, 2 ** -33)).toEqual({ rounding: 'once', multiplier: 0, shift: 31 });
  expect(rescalerOf(narrow, 2 ** -32)).toEqual({ rounding: 'once', multiplier: 8, shift: 35 });
  expect(rescalerOf(narrow, 1000)).toEqual({ rounding: 'once', multiplier: 960, shift: 0 });
  expect(() => rescalerOf(narrow, 2 ** 31)).toThrow('M = 2147483648 needs exponent = 32');
  expect(() => rescalerOf('stock', 0 / 0)).toThrow('M = NaN');
});

test('exponentOf is the power of two above the factor', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 2 ** -31, max: 2 ** 30, noNaN: true }),
      fc.integer({ min: 1, max: 32 }),
      (M, k) => {
        const rescaler = rescalerOf({ k, rounding: 'truncate', scope: 'all' }, M);
        const exponent = exponentOf(rescaler);
        expect(M).toBeGreaterThanOrEqual(2 ** (exponent - 1));
        expect(M).toBeLessThan(2 ** exponent);
      },
    ),
  );
});
