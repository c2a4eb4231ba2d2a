import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readBits, readSigned, writeBits } from '../../sim/words.ts';

const LENGTH = 6;

/** A table of words, and fields in it: widths 1..32 at any bit. */
const table = fc.uint32Array({ minLength: LENGTH, maxLength: LENGTH });
const field = fc
  .integer({ min: 1, max: 32 })
  .chain((width) =>
    fc.record({ width: fc.constant(width), position: fc.integer({ min: 0, max: LENGTH * 32 - width }) }),
  );

/** The table as one number, the first word the least significant. */
function asNumber(words: Uint32Array): bigint {
  return words.reduceRight((number, word) => (number << 32n) | BigInt(word), 0n);
}

describe('bits in rows of words', () => {
  test('what is written is read back, cut to the width, and nothing beside it changes', () => {
    fc.assert(
      fc.property(table, field, fc.integer(), (words, { position, width }, value) => {
        const before = asNumber(words);
        writeBits(words, position, width, value);
        const mask = (1n << BigInt(width)) - 1n;
        const expected =
          (before & ~(mask << BigInt(position))) | ((BigInt(value) & mask) << BigInt(position));
        expect(asNumber(words)).toBe(expected);
        expect(BigInt(readBits(words, position, width))).toBe(BigInt(value) & mask);
        expect(BigInt(readSigned(words, position, width))).toBe(BigInt.asIntN(width, BigInt(value)));
      }),
      { numRuns: 2000 },
    );
  });

  test('reads what the words hold as one number', () => {
    fc.assert(
      fc.property(table, field, (words, { position, width }) => {
        const expected = BigInt.asUintN(width, asNumber(words) >> BigInt(position));
        expect(BigInt(readBits(words, position, width))).toBe(expected);
        expect(BigInt(readSigned(words, position, width))).toBe(BigInt.asIntN(width, expected));
      }),
      { numRuns: 2000 },
    );
  });

  test('takes unsigned values of 32 bits', () => {
    const words = new Uint32Array(2);
    writeBits(words, 5, 32, 0xffff_fffe);
    expect(readBits(words, 5, 32)).toBe(0xffff_fffe);
    expect(readSigned(words, 5, 32)).toBe(-2);
  });
});
