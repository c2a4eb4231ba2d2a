/**
 * What to try on a rescaler: its edges, and random parameters that reach the places where it can be wrong.
 */
import {
  type MultiplierFormat,
  maxShift,
  multiplierWidth,
  type RescaleParameters,
  rescale,
} from '../golden/index.ts';
import { Coverage } from './coverage.ts';
import type { Random } from './random.ts';

/** An accumulator with what to do to it. */
export interface RescaleCase {
  readonly accumulator: number;
  readonly parameters: RescaleParameters;
}

export const INT32_MIN = -(2 ** 31);
export const INT32_MAX = 2 ** 31 - 1;

type OutputRange = Pick<RescaleParameters, 'outputZeroPoint' | 'activationMin' | 'activationMax'>;

const range = (outputZeroPoint: number, activationMin: number, activationMax: number): OutputRange => ({
  outputZeroPoint,
  activationMin,
  activationMax,
});

const FULL_RANGE = range(0, -128, 127);

/** Clamps that models use (none, ReLU, ReLU6) and those that nobody would, with extreme zero points. */
const RANGES: readonly [OutputRange, ...OutputRange[]] = [
  FULL_RANGE,
  range(-128, -128, 127),
  range(127, -128, 127),
  range(-5, -5, 127),
  range(-128, -128, -70),
  range(3, 20, 100),
  range(-3, -100, -20),
  range(10, 42, 42),
  range(127, 127, 127),
  range(-128, -128, -128),
];

const ACCUMULATORS = [
  INT32_MIN,
  INT32_MIN + 1,
  -(2 ** 30),
  -256,
  -2,
  -1,
  0,
  1,
  2,
  255,
  2 ** 30,
  INT32_MAX - 1,
  INT32_MAX,
];

/** Quotients where int8, with any zero point, and the nine bits that decide it begin and end. */
const QUOTIENTS = [-258, -257, -256, -255, -129, -128, -127, -1, 0, 1, 126, 127, 128, 254, 255, 256, 257];

/** Quotients where the 32-bit value wraps, and those that differ from there in one of the bits that are output. */
const WRAPPING_QUOTIENTS = [
  -(2 ** 31) - 1,
  -(2 ** 31),
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((bit) => 2 ** 31 - 2 ** bit),
  2 ** 31,
];

/** Rounding up makes of 2^31 - 1/2 one that wraps, but of these none: one or two of the bits that are output are 0. */
const ROUNDED_QUOTIENTS = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((bit) =>
  [1, 3].map((zeros) => 2 ** 31 - 1 - zeros * 2 ** bit),
);

/** Every shift with the extreme multipliers, at the extreme accumulators and around the edges of the output. */
export function directedCases(format: MultiplierFormat): readonly RescaleCase[] {
  return [...casesAround(QUOTIENTS, ACCUMULATORS, format), ...wrappingCases(format)];
}

/** Those of them whose quotient is where the 32-bit value wraps. They are few, and easily left out of a sample. */
export function wrappingCases(format: MultiplierFormat): readonly RescaleCase[] {
  const odd = edgeMultipliers(format).filter((multiplier) => multiplier % 2 === 1);
  return [
    ...casesAround(WRAPPING_QUOTIENTS, [], format),
    ...odd.flatMap((multiplier) => [
      ...QUOTIENTS.flatMap((quotient) => caseWithProduct(quotient, multiplier, 0)),
      ...ROUNDED_QUOTIENTS.flatMap((quotient) => caseWithProduct(2 * quotient + 1, multiplier, 1)),
    ]),
  ];
}

/**
 * The accumulator that makes this product, modulo 2^(32 + shift): all that the quotient has of it. An odd multiplier
 * has an inverse, and so one for every product, but that it may need more than 32 bits. Most of these products are
 * far beyond: of that nothing may show.
 */
function caseWithProduct(product: number, multiplier: number, shift: 0 | 1): readonly RescaleCase[] {
  const accumulator = Number(BigInt.asIntN(32 + shift, BigInt(product) * inverse(BigInt(multiplier))));
  return isInt32(accumulator) ? [{ accumulator, parameters: { multiplier, shift, ...FULL_RANGE } }] : [];
}

/** Of an odd number modulo 2^48. Every step doubles the bits that are right; of any odd number's own three are. */
function inverse(odd: bigint): bigint {
  let found = odd;
  for (let bits = 3; bits < 48; bits *= 2) found = BigInt.asUintN(48, found * (2n - odd * found));
  return found;
}

/** A few of the directed ones, among which is each kind that is among them all: what a small sample must have. */
export function coveringCases(format: MultiplierFormat): readonly RescaleCase[] {
  const coverage = new Coverage(rescaleBins(format));
  let empty = coverage.bins;
  return directedCases(format).filter((one) => {
    coverRescale(coverage, format, one, rescale(one.accumulator, one.parameters));
    const before = empty;
    empty = coverage.empty().length;
    return empty < before;
  });
}

/** @param always accumulators that come with every shift and multiplier */
function casesAround(
  quotients: readonly number[],
  always: readonly number[],
  format: MultiplierFormat,
): readonly RescaleCase[] {
  const cases: RescaleCase[] = [];
  for (const multiplier of edgeMultipliers(format)) {
    for (let shift = 0; shift <= maxShift(format); shift += 1) {
      const around = quotients.flatMap((quotient) => {
        const exact = (quotient * 2 ** shift) / multiplier;
        const half = 2 ** shift / multiplier / 2;
        return [exact - half, exact].flatMap((value) => [Math.floor(value), Math.ceil(value)]);
      });
      for (const accumulator of new Set([...always, ...around.filter(isInt32)])) {
        const output = RANGES[cases.length % RANGES.length] ?? FULL_RANGE;
        cases.push({ accumulator, parameters: { multiplier, shift, ...output } });
      }
    }
  }
  return cases;
}

/** Multipliers at the ends of their range; 0 and denormalized ones are legal where the leading one is explicit. */
function edgeMultipliers(format: MultiplierFormat): readonly number[] {
  const end = 2 ** multiplierWidth(format);
  const normalized = [end / 2, Math.min(end / 2 + 1, end - 1), end - 1];
  return [...new Set(format.leadingOne === 'hidden' ? normalized : [0, 1, ...normalized])];
}

export function randomCase(random: Random, format: MultiplierFormat): RescaleCase {
  const multiplier = randomMultiplier(random, format);
  const shift = random.below(maxShift(format) + 1);
  return {
    accumulator: randomAccumulator(random, multiplier, shift),
    parameters: { multiplier, shift, ...randomRange(random) },
  };
}

function randomMultiplier(random: Random, format: MultiplierFormat): number {
  const end = 2 ** multiplierWidth(format);
  const [first = end - 1, ...rest] = edgeMultipliers(format);
  if (random.chance(1 / 8)) return random.pick([first, ...rest]);
  if (format.leadingOne === 'explicit' && random.chance(1 / 16)) return random.below(end);
  return end / 2 + random.below(end / 2);
}

function randomRange(random: Random): OutputRange {
  if (random.chance(1 / 4)) return random.pick(RANGES);
  const outputZeroPoint = random.between(-128, 127);
  if (random.chance(1 / 3)) return range(outputZeroPoint, -128, 127);
  const [a, b] = [random.between(-128, 127), random.between(-128, 127)];
  return range(outputZeroPoint, Math.min(a, b), Math.max(a, b));
}

/**
 * Most uniform accumulators only saturate: half of these land near the output range, some on exact ties. Of
 * those near it some are off by a little, for rounding, and some by any power of two up to a step of the
 * output, a few of them around a power of two: for carries of every length in the product.
 */
function randomAccumulator(random: Random, multiplier: number, shift: number): number {
  const anyMagnitude = random.int32() >> random.below(32);
  const kind = random.below(8);
  if (kind < 4 && multiplier > 0) {
    const power = random.pick([-1, 1]) * 2 ** random.below(9);
    const quotient = kind === 3 ? power : random.between(-300, 300);
    const step = Math.max(0, Math.min(31, Math.floor(Math.log2(2 ** shift / multiplier))));
    const off = kind < 2 ? random.between(-2, 2) : random.int32() >> (31 - random.below(step + 1));
    const near = Math.round((quotient * 2 ** shift) / multiplier) + off;
    return isInt32(near) ? near : anyMagnitude;
  }
  if (kind === 4 && multiplier > 0) {
    const zeros = shift - 1 - trailingZeros(multiplier);
    const odd = 2 * random.between(-300, 299) + 1;
    const tie = odd * 2 ** zeros;
    return Number.isInteger(tie) && isInt32(tie) ? tie : anyMagnitude;
  }
  return anyMagnitude;
}

/** The bins of a rescaler: what {@link coverRescale} can count in this format. */
export function rescaleBins(format: MultiplierFormat): readonly string[] {
  return [
    'shift 0',
    'shift 1',
    'greatest shift',
    ...(format.leadingOne === 'explicit' ? ['multiplier 0'] : []),
    'least normalized multiplier',
    'greatest multiplier',
    'accumulator -2^31',
    'accumulator 2^31-1',
    'tie above zero',
    'tie below zero',
    'saturates at 127',
    'saturates at -128',
    'clamped to act_max',
    'clamped to act_min',
    'not clamped',
    'quotient 128..255',
    'quotient -256..-129',
    'quotient just above nine bits',
    'quotient just below nine bits',
    // M > 1 is needed, which one bit cannot say.
    ...(multiplierWidth(format) > 1
      ? ['quotient wraps', 'quotient wraps into the output', 'rounding makes the quotient wrap']
      : []),
    'clamp range above zero',
    'clamp range below zero',
    'clamp range of one value',
    'zero point -128',
    'zero point 127',
  ];
}

/** Counts the cases that a rescale is. @param quotient before zero point and clamp, as golden computes it */
export function coverRescale(
  coverage: Coverage,
  format: MultiplierFormat,
  { accumulator, parameters }: RescaleCase,
  quotient: number,
): void {
  const { multiplier, shift, outputZeroPoint, activationMin, activationMax } = parameters;
  const end = 2 ** multiplierWidth(format);
  if (shift === 0) coverage.hit('shift 0');
  if (shift === 1) coverage.hit('shift 1');
  if (shift === maxShift(format)) coverage.hit('greatest shift');
  if (multiplier === 0) coverage.hit('multiplier 0');
  if (multiplier === end / 2) coverage.hit('least normalized multiplier');
  if (multiplier === end - 1) coverage.hit('greatest multiplier');
  if (accumulator === INT32_MIN) coverage.hit('accumulator -2^31');
  if (accumulator === INT32_MAX) coverage.hit('accumulator 2^31-1');
  const sum = outputZeroPoint + quotient;
  if (sum > activationMax) coverage.hit(activationMax === 127 ? 'saturates at 127' : 'clamped to act_max');
  else if (sum < activationMin) {
    coverage.hit(activationMin === -128 ? 'saturates at -128' : 'clamped to act_min');
  } else {
    coverage.hit('not clamped');
    // Which way a tie goes only shows in an output that is not clamped.
    const isTie =
      multiplier > 0 &&
      accumulator !== 0 &&
      trailingZeros(accumulator) + trailingZeros(multiplier) === shift - 1;
    if (isTie) coverage.hit(accumulator > 0 ? 'tie above zero' : 'tie below zero');
  }
  if (quotient > 127 && quotient < 256) coverage.hit('quotient 128..255');
  if (quotient < -128 && quotient >= -256) coverage.hit('quotient -256..-129');
  if (quotient > 255 && quotient < 260) coverage.hit('quotient just above nine bits');
  if (quotient < -256 && quotient > -261) coverage.hit('quotient just below nine bits');
  if (Math.abs(accumulator * multiplier * 2 ** -shift - quotient) > 1) {
    coverage.hit('quotient wraps');
    if (sum >= activationMin && sum <= activationMax) coverage.hit('quotient wraps into the output');
  }
  if (
    quotient === INT32_MIN &&
    BigInt.asIntN(32, floorOf(accumulator, multiplier, shift)) === 2n ** 31n - 1n
  ) {
    coverage.hit('rounding makes the quotient wrap');
  }
  if (activationMin > 0) coverage.hit('clamp range above zero');
  if (activationMax < 0) coverage.hit('clamp range below zero');
  if (activationMin === activationMax) coverage.hit('clamp range of one value');
  if (outputZeroPoint === -128) coverage.hit('zero point -128');
  if (outputZeroPoint === 127) coverage.hit('zero point 127');
}

/** Not rounded. */
function floorOf(accumulator: number, multiplier: number, shift: number): bigint {
  return (BigInt(accumulator) * BigInt(multiplier)) >> BigInt(shift);
}

function isInt32(value: number): boolean {
  return value >= INT32_MIN && value <= INT32_MAX;
}

/** Of a whole number that is not 0, below 2^53 in magnitude. */
function trailingZeros(value: number): number {
  const low = (value % 2 ** 32) | 0;
  return low === 0 ? 32 + trailingZeros(value / 2 ** 32) : 31 - Math.clz32(low & -low);
}
