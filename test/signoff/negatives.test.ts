/** The quick part of `npm run signoff:negatives`: every bug can be planted, and structure finds its share. */
import { describe, expect, test } from 'vitest';
import { CHECKS, NEGATIVES, planted } from '../support/negatives.ts';

test('every line that a bug needs is there', () => {
  for (const negative of Object.values(NEGATIVES)) expect(() => planted(negative)).not.toThrow();
  expect(Object.keys(NEGATIVES).length).toBeGreaterThanOrEqual(10);
});

test('a line that is gone is an error, not a bug that nobody plants', () => {
  expect(() => planted({ module: 'rescaler', line: /assign out = nothing;/, becomes: '' })).toThrow(
    '0 times',
  );
});

describe('structure finds', () => {
  test.each([
    ['a latch', 'latch, loop, drivers'],
    ['a second driver', 'latch, loop, drivers'],
    ['a port that is not connected', 'connections'],
    ['dropped reset of a valid bit', 'control registers'],
  ] as const)('%s', async (name, check) => {
    const negative = NEGATIVES[name];
    expect(negative && (await CHECKS[check]({ blocks: planted(negative) }))).toBe('found');
  });
});
