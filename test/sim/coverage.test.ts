import { describe, expect, test } from 'vitest';
import {
  type MultiplierFormat,
  multiplierFormat,
  type RescaleParameters,
  rescale,
} from '../../golden/index.ts';
import { DEFAULT_OPTIONS } from '../../hdl-gen/generate.ts';
import { Coverage } from '../../sim/coverage.ts';
import { benchesOf } from '../../sim/regression.ts';
import { coverRescale, rescaleBins } from '../../sim/rescale-cases.ts';
import { createRows, fieldOf, inputLayout, setField } from '../../sim/simulators/index.ts';

function hits(bins: readonly string[], run: (coverage: Coverage) => void): ReadonlySet<string> {
  const coverage = new Coverage(bins);
  run(coverage);
  const empty = coverage.empty();
  return new Set(bins.filter((bin) => !empty.includes(bin)));
}

test('a coverage knows its bins, counts nothing else, and is empty at first', () => {
  const coverage = new Coverage(['a', 'b']);
  expect(coverage.bins).toBe(2);
  expect(coverage.empty()).toEqual(['a', 'b']);
  coverage.hit('b');
  coverage.hit('c');
  expect(coverage.empty()).toEqual(['a']);
  expect(coverage.bins).toBe(2);
});

test('coverages add up', () => {
  const bins = ['a', 'b', 'c'];
  const [total, more] = [new Coverage(bins), new Coverage(bins)];
  total.hit('a');
  more.hit('a');
  more.hit('b');
  total.add(more);
  expect(total.empty()).toEqual(['c']);
  expect(more.empty()).toEqual(['c']);
});

// ---------------------------------------------------------------- rescales

interface Case extends Partial<RescaleParameters> {
  readonly accumulator?: number;
}

/** m = 8 of four bits and s = 3, so that M = 1: nothing at an edge. */
const ORDINARY = {
  accumulator: 5,
  multiplier: 8,
  shift: 3,
  outputZeroPoint: 1,
  activationMin: -100,
  activationMax: 100,
};

const EXPLICIT = multiplierFormat(4);
const HIDDEN = multiplierFormat(3, { leadingOne: 'hidden' });

function rescaleHits(one: Case, format: MultiplierFormat = EXPLICIT): ReadonlySet<string> {
  const { accumulator, ...parameters } = { ...ORDINARY, ...one };
  return hits(rescaleBins(format), (coverage) =>
    coverRescale(coverage, format, { accumulator, parameters }, rescale(accumulator, parameters)),
  );
}

/** By bin: cases that are it, and cases that are not, however close. */
const RESCALES: Readonly<Record<string, readonly [is: readonly Case[], not: readonly Case[]]>> = {
  'shift 0': [[{ shift: 0 }], [{ shift: 1 }]],
  'shift 1': [[{ shift: 1 }], [{ shift: 0 }, { shift: 2 }]],
  'greatest shift': [[{ shift: 28 }], [{ shift: 27 }]],
  'multiplier 0': [[{ multiplier: 0 }], [{ multiplier: 1 }, { accumulator: 0 }]],
  'least normalized multiplier': [[{ multiplier: 8 }], [{ multiplier: 7 }, { multiplier: 9 }]],
  'greatest multiplier': [[{ multiplier: 15 }], [{ multiplier: 14 }]],
  'accumulator -2^31': [[{ accumulator: -(2 ** 31) }], [{ accumulator: 1 - 2 ** 31 }]],
  'accumulator 2^31-1': [[{ accumulator: 2 ** 31 - 1 }], [{ accumulator: 2 ** 31 - 2 }]],
  'tie above zero': [
    // 1 * 8 / 16 is a half; 3 * 12 / 8 is 4.5.
    [
      { accumulator: 1, shift: 4 },
      { accumulator: 3, multiplier: 12 },
      { accumulator: 2 ** 20, multiplier: 8, shift: 24 },
    ],
    [
      { accumulator: 1, shift: 3 },
      { accumulator: 1, shift: 5 },
      { accumulator: 0, shift: 4 },
      { accumulator: -1, shift: 4 },
      { accumulator: 1, multiplier: 0, shift: 4 },
      { accumulator: 1, multiplier: 9, shift: 4 },
      // 100.5 and the zero point are more than 100: either way of rounding is clamped.
      { accumulator: 201, shift: 4 },
      { accumulator: 2 ** 31 - 1, shift: 0 },
    ],
  ],
  'tie below zero': [
    [
      { accumulator: -1, shift: 4 },
      { accumulator: -3, multiplier: 12 },
    ],
    [
      { accumulator: 1, shift: 4 },
      { accumulator: -1, shift: 5 },
      { accumulator: -2, shift: 4 },
      { accumulator: -(2 ** 31), shift: 4 },
    ],
  ],
  'saturates at 127': [
    [{ accumulator: 127, activationMax: 127 }],
    [{ accumulator: 126, activationMax: 127 }, { accumulator: 500 }, { accumulator: 100 }],
  ],
  'saturates at -128': [
    [{ accumulator: -130, activationMin: -128 }],
    [{ accumulator: -129, activationMin: -128 }, { accumulator: -500 }, { accumulator: -102 }],
  ],
  'clamped to act_max': [
    [{ accumulator: 100 }],
    [{ accumulator: 99 }, { accumulator: 127, activationMax: 127 }],
  ],
  'clamped to act_min': [
    [{ accumulator: -102 }],
    [{ accumulator: -101 }, { accumulator: -130, activationMin: -128 }],
  ],
  'not clamped': [
    [{ accumulator: 99 }, { accumulator: -101 }],
    [{ accumulator: 100 }, { accumulator: -102 }],
  ],
  'quotient 128..255': [
    [{ accumulator: 128 }, { accumulator: 255 }],
    [{ accumulator: 127 }, { accumulator: 256 }],
  ],
  'quotient -256..-129': [
    [{ accumulator: -129 }, { accumulator: -256 }],
    [{ accumulator: -128 }, { accumulator: -257 }],
  ],
  'quotient just above nine bits': [[{ accumulator: 256 }], [{ accumulator: 255 }, { accumulator: 260 }]],
  'quotient just below nine bits': [[{ accumulator: -257 }], [{ accumulator: -256 }, { accumulator: -261 }]],
  'quotient wraps': [
    [
      { accumulator: 2 ** 31 - 1, shift: 2 },
      { accumulator: -(2 ** 31), shift: 0 },
    ],
    [
      { accumulator: 2 ** 31 - 1 },
      { accumulator: -(2 ** 31) },
      { accumulator: 2 ** 30 - 1, shift: 2 },
      { accumulator: 1, shift: 4 },
    ],
  ],
  'quotient wraps into the output': [
    // 3 * 0x55555556 is 2^32 + 2.
    [
      { accumulator: 0x55555556, multiplier: 3, shift: 0 },
      { accumulator: -0x55555556, multiplier: 3, shift: 0 },
      { accumulator: 2 ** 30, shift: 0 },
    ],
    [
      { accumulator: 2 ** 28, shift: 0 },
      { accumulator: 0x55555556, multiplier: 3, shift: 0, outputZeroPoint: 99 },
      { accumulator: 0x55555556, multiplier: 3, shift: 0, activationMin: 4 },
      { accumulator: 2, multiplier: 1, shift: 0 },
    ],
  ],
  'rounding makes the quotient wrap': [
    // 2^31 - 1/2, which is 2^31.
    [{ accumulator: 0x11111111, multiplier: 15, shift: 1 }],
    [
      { accumulator: 2 ** 31 - 1 },
      { accumulator: -(2 ** 31) },
      // 2^31 without rounding.
      { accumulator: 2 ** 30, shift: 2 },
    ],
  ],
  'clamp range above zero': [[{ activationMin: 1 }], [{ activationMin: 0 }]],
  'clamp range below zero': [[{ activationMax: -1 }], [{ activationMax: 0 }]],
  'clamp range of one value': [[{ activationMin: 100 }], [{ activationMin: 99 }]],
  'zero point -128': [[{ outputZeroPoint: -128 }], [{ outputZeroPoint: -127 }]],
  'zero point 127': [[{ outputZeroPoint: 127 }], [{ outputZeroPoint: 126 }]],
};

describe('rescale bins', () => {
  test('every one of them is tried below', () => {
    expect(Object.keys(RESCALES).toSorted()).toEqual(rescaleBins(EXPLICIT).toSorted());
  });

  test.each(Object.entries(RESCALES))('%s', (bin, [is, not]) => {
    for (const one of is) expect(rescaleHits(one), JSON.stringify(one)).toContain(bin);
    for (const one of not) expect(rescaleHits(one), JSON.stringify(one)).not.toContain(bin);
  });

  test('the ordinary case is nothing but ordinary', () => {
    expect([...rescaleHits({})]).toEqual(['least normalized multiplier', 'not clamped']);
  });

  test('a hidden leading one has no multiplier 0, and its own greatest shift and multipliers', () => {
    expect(rescaleBins(HIDDEN)).not.toContain('multiplier 0');
    expect(rescaleHits({ multiplier: 8, shift: 28 }, HIDDEN)).toContain('least normalized multiplier');
    expect(rescaleHits({ multiplier: 15, shift: 28 }, HIDDEN)).toContain('greatest multiplier');
    expect(rescaleHits({ multiplier: 15, shift: 28 }, HIDDEN)).toContain('greatest shift');
  });

  test('with one bit, where M is at most 1, no quotient can wrap', () => {
    expect(rescaleBins(multiplierFormat(1)).filter((bin) => bin.includes('wrap'))).toEqual([]);
    expect(rescaleBins(multiplierFormat(1, { leadingOne: 'hidden' }))).toContain('quotient wraps');
  });
});

// ---------------------------------------------------------------- dot products

/** One row of a unit with two MACs: what is not given is zero, and every result is 0. */
type Row = Readonly<Record<string, number>>;

const RESET: Row = { rst: 1 };
const IDLE: Row = {};
const BEAT: Row = { in_valid: 1 };
const LAST: Row = { in_valid: 1, in_last: 1 };
/** Both elements, and their product. */
const LEAST = 0x8080;
const ONE = 0x0101;
const times = (count: number, row: Row): readonly Row[] => Array.from({ length: count }, () => row);
/** Until a result has come out. */
const DRAIN = times(2, IDLE);

/** Stimuli start with a reset and end when all results are out, unless they say otherwise. */
const UNITS: Readonly<
  Record<string, readonly [is: readonly (readonly Row[])[], not: readonly (readonly Row[])[]]>
> = {
  'accumulator wraps upwards': [
    [[RESET, { ...LAST, bias: 2 ** 31 - 1, x: ONE, w: ONE }, ...DRAIN]],
    [
      [RESET, { ...LAST, bias: 2 ** 31 - 3, x: ONE, w: ONE }, ...DRAIN],
      [RESET, { ...LAST, bias: 2 ** 31 - 1, x: ONE, w: 0xffff }, ...DRAIN],
      // A reset takes the result away.
      [RESET, { ...LAST, bias: 2 ** 31 - 1, x: ONE, w: ONE }, RESET, ...DRAIN],
      // Too early to be seen.
      [RESET, { ...LAST, bias: 2 ** 31 - 1, x: ONE, w: ONE }, IDLE],
      // No beat.
      [RESET, { bias: 2 ** 31 - 1, x: ONE, w: ONE }, LAST, ...DRAIN],
    ],
  ],
  'accumulator wraps downwards': [
    [[RESET, { ...LAST, bias: -(2 ** 31), x: ONE, w: 0xffff }, ...DRAIN]],
    [
      [RESET, { ...LAST, bias: 2 - 2 ** 31, x: ONE, w: 0xffff }, ...DRAIN],
      [RESET, { ...LAST, bias: -(2 ** 31), x: ONE, w: ONE }, ...DRAIN],
    ],
  ],
  'bubble inside a dot product': [
    [[RESET, BEAT, IDLE, LAST, ...DRAIN]],
    [
      [RESET, IDLE, BEAT, LAST, IDLE, LAST, ...DRAIN],
      [RESET, BEAT, IDLE, RESET, LAST, ...DRAIN],
    ],
  ],
  'dot products back to back': [
    [
      [RESET, LAST, LAST, ...DRAIN],
      [RESET, BEAT, LAST, BEAT, LAST, ...DRAIN],
    ],
    [
      [RESET, LAST, IDLE, LAST, ...DRAIN],
      [RESET, BEAT, BEAT, LAST, ...DRAIN],
      // The second one is not taken, or comes to nothing.
      [RESET, LAST, { ...LAST, rst: 1 }, ...DRAIN],
      [RESET, LAST, { ...LAST, rst: 1 }, LAST, ...DRAIN],
      [RESET, LAST, BEAT, RESET, ...DRAIN],
    ],
  ],
  'dot product of one beat': [
    [[RESET, LAST, ...DRAIN]],
    [
      [RESET, BEAT, LAST, ...DRAIN],
      [RESET, LAST, RESET, ...DRAIN],
      [LAST, ...DRAIN, RESET],
    ],
  ],
  'dot product of 64 beats or more': [
    [[RESET, ...times(63, BEAT), LAST, ...DRAIN]],
    [
      [RESET, ...times(62, BEAT), LAST, ...DRAIN],
      [RESET, ...times(40, BEAT), RESET, ...times(40, BEAT), LAST, ...DRAIN],
    ],
  ],
  'reset inside a dot product': [
    [[RESET, BEAT, RESET]],
    [
      [RESET, LAST, RESET],
      [RESET, IDLE, RESET],
      [BEAT, RESET],
    ],
  ],
  'reset while a result is under way': [
    [[RESET, LAST, RESET]],
    [
      [RESET, LAST, ...DRAIN, RESET],
      [RESET, BEAT, RESET],
      [LAST, RESET],
    ],
  ],
  'in_last without in_valid': [
    [[RESET, { in_last: 1 }]],
    [
      [RESET, LAST],
      [{ in_last: 1 }, RESET],
      [{ in_last: 1, rst: 1 }, IDLE],
    ],
  ],
  'bias -2^31': [
    [[RESET, { ...BEAT, bias: -(2 ** 31) }, LAST, ...DRAIN]],
    [
      [RESET, BEAT, { ...LAST, bias: -(2 ** 31) }, ...DRAIN],
      [RESET, { bias: -(2 ** 31) }, LAST, ...DRAIN],
    ],
  ],
  'bias 2^31-1': [
    [[RESET, { ...BEAT, bias: 2 ** 31 - 1 }, LAST, ...DRAIN]],
    [[RESET, BEAT, { ...LAST, bias: 2 ** 31 - 1 }, ...DRAIN]],
  ],
  'every product at its greatest': [
    [[RESET, { ...LAST, x: LEAST, w: LEAST }, ...DRAIN]],
    [
      [RESET, { ...LAST, x: LEAST, w: 0x8081 }, ...DRAIN],
      [RESET, { x: LEAST, w: LEAST }, LAST, ...DRAIN],
    ],
  ],
};

test.each([
  [1, 'explicit'],
  [4, 'hidden'],
  [32, 'explicit'],
  [32, 'hidden'],
] as const)('a few directed rescales have what all of them have: k %i, %s', (k, leadingOne) => {
  const [rescaler, unit] = benchesOf({ ...DEFAULT_OPTIONS, macs: 1, k, leadingOne });
  const seen = (bench: typeof unit, rescales?: number) =>
    hits(rescaleBins(multiplierFormat(k, { leadingOne })), (coverage) =>
      bench.expect(bench.directed(rescales), coverage),
    );
  const all = seen(rescaler);
  expect(all.size).toBeGreaterThan(20);
  const few = seen(unit, 150);
  expect([...all].filter((bin) => !few.has(bin))).toEqual([]);
});

describe('dot-product bins', () => {
  const [, unit, array] = benchesOf({ ...DEFAULT_OPTIONS, arch: 'plain', macs: 2, units: 2 });
  const layout = inputLayout(unit.design);

  function unitHits(rows: readonly Row[]): ReadonlySet<string> {
    const stimulus = createRows(layout, rows.length);
    for (const [row, values] of rows.entries()) {
      for (const [name, value] of Object.entries(values)) {
        setField(layout, stimulus, row, fieldOf(layout, name), value);
      }
    }
    return hits(unit.bins, (coverage) => unit.expect(stimulus, coverage));
  }

  test('every one of them is tried below', () => {
    const own = unit.bins.filter((bin) => !rescaleBins(EXPLICIT).includes(bin));
    expect(Object.keys(UNITS).toSorted()).toEqual(own.toSorted());
    expect(array.bins).toEqual(unit.bins);
  });

  test.each(Object.entries(UNITS))('%s', (bin, [is, not]) => {
    for (const rows of is) expect(unitHits(rows), JSON.stringify(rows)).toContain(bin);
    for (const rows of not) expect(unitHits(rows), JSON.stringify(rows)).not.toContain(bin);
  });

  test('a rescale counts when its result is shown', () => {
    const parameters = { zero_point: 127 };
    expect(unitHits([RESET, { ...LAST, ...parameters }, ...DRAIN])).toContain('zero point 127');
    expect(unitHits([RESET, { ...LAST, ...parameters }, IDLE])).not.toContain('zero point 127');
    expect(unitHits([RESET, { ...LAST, ...parameters }, RESET, IDLE])).not.toContain('zero point 127');
    expect(unitHits([RESET, { ...BEAT, ...parameters }, LAST, ...DRAIN])).not.toContain('zero point 127');
  });
});
