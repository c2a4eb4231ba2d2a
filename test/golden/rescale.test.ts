import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkRescaleParameters,
  multiplierFormat,
  offsetAndClamp,
  type RescaleParameters,
  requantize,
  rescale,
} from '../../golden/index.ts';
import { INT32_MAX, INT32_MIN, int8, int32 } from './exact.ts';

/** Algorithm 1 word for word, unbounded integers, then the 32-bit value. */
function algorithm1(a: number, m: number, s: number): number {
  const rounding = s === 0 ? 0n : 1n << BigInt(s - 1);
  return Number(BigInt.asIntN(32, (BigInt(a) * BigInt(m) + rounding) >> BigInt(s)));
}

describe('rescale', () => {
  const multiplier = fc.oneof(
    fc.maxSafeNat().map((n) => n % 2 ** 33),
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom(2 ** 33 - 1, 2 ** 32, 2 ** 32 - 1, 2 ** 31, 2 ** 31 - 1),
  );
  const shift = fc.integer({ min: 0, max: 63 });

  it('is Algorithm 1 for any accumulator, multiplier and shift', () => {
    fc.assert(
      fc.property(int32, multiplier, shift, (a, m, s) => {
        expect(rescale(a, { multiplier: m, shift: s })).toBe(algorithm1(a, m, s));
      }),
      { numRuns: 20_000 },
    );
  });

  it('is Algorithm 1 at all powers of two and their neighbours, for every shift', () => {
    const around = (limit: number) =>
      Array.from({ length: limit }, (_, i) => 2 ** i).flatMap((p) => [p - 1, p, p + 1]);
    const accumulators = around(31).flatMap((a) => [a | 0, -a]);
    const multipliers = around(34).filter((m) => m < 2 ** 33);
    const wrong = [];
    for (const a of accumulators) {
      for (const m of multipliers) {
        for (let s = 0; s < 64; s++) {
          if (rescale(a, { multiplier: m, shift: s }) !== algorithm1(a, m, s)) wrong.push({ a, m, s });
        }
      }
    }
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  it('rounds every tie up, whatever its sign and shift', () => {
    fc.assert(
      // (2j+1) * 2^(s-1) / 2^s = j + 1/2
      fc.property(
        fc.integer({ min: -(2 ** 30), max: 2 ** 30 - 1 }),
        fc.integer({ min: 1, max: 33 }),
        (j, s) => {
          expect(rescale(2 * j + 1, { multiplier: 2 ** (s - 1), shift: s })).toBe(j + 1);
        },
      ),
    );
    expect([-5, -3, -1, 1, 3, 5].map((a) => rescale(a, { multiplier: 1, shift: 1 }))).toEqual([
      -2, -1, 0, 1, 2, 3,
    ]);
  });

  it('is the identity for m = 1, s = 0', () => {
    for (const a of [INT32_MIN, -1, 0, 1, INT32_MAX]) expect(rescale(a, { multiplier: 1, shift: 0 })).toBe(a);
  });

  it('wraps a quotient beyond 32 bits, which only M > 1 can produce', () => {
    expect(rescale(2 ** 30, { multiplier: 2, shift: 0 })).toBe(INT32_MIN);
    expect(rescale(INT32_MIN, { multiplier: 3, shift: 1 })).toBe(2 ** 30);
  });
});

describe('offsetAndClamp', () => {
  it('adds the zero point without wrapping at both ends of int32', () => {
    const range = { activationMin: -128, activationMax: 127 };
    expect(offsetAndClamp(INT32_MAX, { ...range, outputZeroPoint: 127 })).toBe(127);
    expect(offsetAndClamp(INT32_MIN, { ...range, outputZeroPoint: -128 })).toBe(-128);
  });

  it('limits Zy + quotient to any range, also one without 0 or the zero point', () => {
    const nearby = fc.oneof(fc.integer({ min: -300, max: 300 }), int32);
    fc.assert(
      fc.property(nearby, int8, int8, int8, (quotient, outputZeroPoint, one, other) => {
        const [activationMin, activationMax] = one < other ? [one, other] : [other, one];
        const y = offsetAndClamp(quotient, { outputZeroPoint, activationMin, activationMax });
        const sum = outputZeroPoint + quotient;
        if (sum < activationMin) expect(y).toBe(activationMin);
        else if (sum > activationMax) expect(y).toBe(activationMax);
        else expect(y).toBe(sum);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('requantize', () => {
  it('rescales, then offsets, then clamps', () => {
    const relu: RescaleParameters = {
      multiplier: 11,
      shift: 6,
      outputZeroPoint: -20,
      activationMin: -20,
      activationMax: 90,
    };
    // 11/64 = 0.171875
    expect([-1000, -3, 3, 100, 1000].map((a) => requantize(a, relu))).toEqual([-20, -20, -19, -3, 90]);
  });
});

describe('checkRescaleParameters', () => {
  const explicit = multiplierFormat(4);
  const hidden = multiplierFormat(4, { leadingOne: 'hidden' });
  const legal: RescaleParameters = {
    multiplier: 9,
    shift: 12,
    outputZeroPoint: 0,
    activationMin: -128,
    activationMax: 127,
  };

  it.each([
    [explicit, { multiplier: 0 }],
    [explicit, { multiplier: 15 }],
    [explicit, { shift: 0 }],
    [explicit, { shift: 28 }],
    [hidden, { multiplier: 16 }],
    [hidden, { multiplier: 31, shift: 29 }],
    [explicit, { outputZeroPoint: -128 }],
    [explicit, { outputZeroPoint: 127 }],
    [explicit, { activationMin: 127 }],
    [explicit, { activationMax: -128 }],
  ])('accepts the limits: %o %o', (format, change) => {
    const multiplier = format === hidden ? 16 : 9;
    expect(() => checkRescaleParameters({ ...legal, multiplier, ...change }, format)).not.toThrow();
  });

  it.each([
    [explicit, { multiplier: -1 }, 'multiplier = -1 is outside 0..15'],
    [explicit, { multiplier: 16 }, 'multiplier = 16 is outside 0..15'],
    [explicit, { multiplier: 1.5 }, 'multiplier = 1.5 is not an integer'],
    [hidden, { multiplier: 15 }, 'multiplier = 15 is outside 16..31'],
    [hidden, { multiplier: 32 }, 'multiplier = 32 is outside 16..31'],
    [explicit, { shift: -1 }, 'shift = -1 is outside 0..28'],
    [explicit, { shift: 29 }, 'shift = 29 is outside 0..28'],
    [hidden, { multiplier: 16, shift: 30 }, 'shift = 30 is outside 0..29'],
    [explicit, { outputZeroPoint: -129 }, 'outputZeroPoint = -129 is outside -128..127'],
    [explicit, { outputZeroPoint: 128 }, 'outputZeroPoint = 128 is outside -128..127'],
    [explicit, { activationMin: -129 }, 'activationMin = -129 is outside -128..127'],
    [explicit, { activationMax: 128 }, 'activationMax = 128 is outside -128..127'],
    [explicit, { activationMin: 6, activationMax: 5 }, 'activationMin = 6 is outside -128..5'],
  ])('refuses %o %o', (format, change, message) => {
    expect(() => checkRescaleParameters({ ...legal, ...change }, format)).toThrow(
      new RegExp(`^${message}; `),
    );
    expect(() => checkRescaleParameters({ ...legal, ...change }, format)).toThrow(RangeError);
  });
});
