import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accumulate, type DotProductParameters, dotProduct, effectiveBias } from '../../golden/index.ts';
import { INT32_MAX, INT32_MIN, int8, int32 } from './exact.ts';

const parameters: DotProductParameters = {
  effectiveBias: 1000,
  multiplier: 13,
  shift: 10,
  outputZeroPoint: -5,
  activationMin: -128,
  activationMax: 127,
};

describe('accumulate', () => {
  it('with the effective bias is bias + sum((x - Zx)*w) modulo 2^32', () => {
    const pairs = fc.array(fc.tuple(int8, int8), { maxLength: 100 });
    fc.assert(
      fc.property(pairs, int32, int8, (pairs, bias, Zx) => {
        const x = Int8Array.from(pairs, ([xi]) => xi);
        const w = Int8Array.from(pairs, ([, wi]) => wi);
        const bEff = effectiveBias(bias, Zx, w);
        expect(bEff).toBe(bEff | 0);
        const sum = pairs.reduce((sum, [xi, wi]) => sum + BigInt((xi - Zx) * wi), BigInt(bias));
        expect(accumulate(x, w, bEff)).toBe(Number(BigInt.asIntN(32, sum)));
      }),
      { numRuns: 1000 },
    );
  });

  it('wraps at both ends', () => {
    const one = Int8Array.of(1);
    expect(accumulate(one, one, INT32_MAX)).toBe(INT32_MIN);
    expect(accumulate(one, Int8Array.of(-1), INT32_MIN)).toBe(INT32_MAX);
  });

  it('of several passes is the accumulator of one', () => {
    const x = Int8Array.from({ length: 64 }, (_, i) => 7 * i - 128);
    const w = Int8Array.from({ length: 64 }, (_, i) => 91 - 5 * i);
    const firstHalf = accumulate(x.subarray(0, 32), w.subarray(0, 32), 77);
    expect(accumulate(x.subarray(32), w.subarray(32), firstHalf)).toBe(accumulate(x, w, 77));
  });

  it('refuses different lengths, either way round', () => {
    const [three, four] = [new Int8Array(3), new Int8Array(4)];
    expect(() => accumulate(three, four, 0)).toThrow('x has 3 elements but w has 4');
    expect(() => dotProduct(four, three, parameters)).toThrow(RangeError);
  });
});

describe('dotProduct', () => {
  it.each([
    // a = 1000 + 100*100 - 3*20 = 10940; 10940*13/1024 = 138.88; less 5
    [[100, -3], [100, 20], {}, 127],
    [[100, -3], [100, 20], { outputZeroPoint: -20 }, 119],
    // a = 1000 - 16384 = -15384; -195.3
    [[-128], [127], {}, -128],
    // a = 1000 - 2000 = -1000; -12.7
    [[-100], [20], {}, -18],
    [[-100], [20], { activationMin: -5 }, -5],
    [[], [], {}, 8], // 1000*13/1024 = 12.7
  ])('of %o and %o with %o', (x, w, change, y) => {
    expect(dotProduct(Int8Array.from(x), Int8Array.from(w), { ...parameters, ...change })).toBe(y);
  });
});
