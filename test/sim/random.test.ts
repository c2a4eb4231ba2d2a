import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../sim/random.ts';

const seed = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('random numbers', () => {
  test('are the same again for the same seed, whatever is drawn', () => {
    const draw = (random: Random) => {
      const words = new Uint32Array(5);
      random.fill(words);
      return [random.int32(), random.below(7), random.between(-3, 9), random.chance(0.5), ...words];
    };
    fc.assert(
      fc.property(seed, (value) => {
        expect(draw(new Random(value))).toEqual(draw(new Random(value)));
      }),
    );
  });

  test('differ from seed to seed', () => {
    const firsts = Array.from({ length: 1000 }, (_, value) => {
      const random = new Random(value);
      return `${random.int32()} ${random.int32()}`;
    });
    expect(new Set(firsts).size).toBe(1000);
  });

  test('keep to their limits and reach them', () => {
    const random = new Random(1);
    const drawn = Array.from({ length: 1000 }, () => random.between(-2, 2));
    expect(new Set(drawn)).toEqual(new Set([-2, -1, 0, 1, 2]));
    const wide = Array.from({ length: 1000 }, () => random.below(2 ** 32));
    expect(wide.every((value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32)).toBe(true);
    expect(wide.some((value) => value >= 2 ** 31)).toBe(true);
    expect(Array.from({ length: 100 }, () => random.chance(0)).some(Boolean)).toBe(false);
    expect(Array.from({ length: 100 }, () => random.chance(1)).every(Boolean)).toBe(true);
  });

  test('every choice comes up about as often as the others', () => {
    const random = new Random(7);
    const counts = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 30_000; i += 1) counts[random.pick<keyof typeof counts>(['a', 'b', 'c'])] += 1;
    // 10,000 each with a standard deviation of 82.
    for (const count of Object.values(counts)) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});
