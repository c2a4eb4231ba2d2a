/**
 * How a block of channels is rescaled in SIMD lanes of 32 bits, and why that is exact.
 *
 * Where products of accumulator and multiplier fit 32 bits, as with few bits they do, that is all there is to it.
 *
 * Elsewhere there is an *estimate* first, in float32: t = a * M * 2^14 + term, where the term rounds t to an integer:
 * 1.5 * 2^23, from which on float32 have no bits behind the point. Then the low bits of t, taken as an integer, are a * M
 * with 14 bits behind the binary point; 1/2 has been added, too, so that the integer below is the quotient, and two
 * units in the last place, because t may be off by almost as many. So where the last bits are above 3, t minus that error
 * has the same integer below, and it is the quotient. If not, which happens to one accumulator in four thousand, the
 * kernel calculates again, in 64 bits or in double, exactly as golden does.
 *
 * Rounding twice is to the nearest, too, only that the middle has moved: with h = round(a * m / 2^31), half up, the
 * quotient is h / 2^e, half away from zero. For e > 0 it is n + 1 or more where h >= (n + 1/2) * 2^e, h being an
 * integer where a * M >= n + 1/2 - 2^-(e+1), and likewise below zero. So the magnitude is nudged by 2^-(e+1). If the
 * clamp makes one of all quotients up to 0, as after RELU, the nudge may have any sign there: it becomes part of
 * the term.
 *
 * The output is int8, so estimates need to be right only up to 256: whatever the zero point, the clamp makes one of
 * all that is beyond. There t leaves the range in which its bits are those of a fixed-point number, but the bits of
 * positive floats are in the order of their values, and negative ones are negative as integers, too: it stays beyond.
 */
import type { OutputRange } from '../../golden/index.ts';
import { factorOf, type Rescaler } from '../arithmetic.ts';

/** Numbered as in kernels/rescale.ts. `narrow` has no estimate, the others say what is done in case of doubt. */
const WAYS = { narrow: 0, once: 1, twice: 2, double: 3 } as const;

export interface RescalePlan {
  readonly way: number;
  readonly channels: readonly ChannelPlan[];
}

/** Rows of a block in kernels/rescale.ts. */
export interface ChannelPlan {
  /** The multiplier, uint32; for `double` the low word of the factor. */
  readonly multiplier: number;
  /** The shift to the left; for `narrow` the rounding term, for `double` the high word of the factor. */
  readonly left: number;
  /** The shift to the right; the same for all channels of `narrow`. */
  readonly right: number;
  /** M * 2^14 in float32. */
  readonly factor: number;
  /** Added to the magnitude of an estimate. */
  readonly nudge: number;
  /** Added to an estimate. */
  readonly term: number;
}

const INT32_MAX = 2 ** 31 - 1;

/**
 * @param bounds one for each rescaler: no accumulator is larger, or smaller than its negative, before it wraps in
 *   32 bits
 */
export function planRescaling(
  rescalers: readonly Rescaler[],
  bounds: readonly number[],
  { outputZeroPoint, activationMin }: OutputRange,
): RescalePlan {
  const channels = rescalers.map((rescaler, i) => ({
    rescaler,
    bound: Math.min(bounds[i] ?? Number.POSITIVE_INFINITY, 2 ** 31),
  }));
  const clampsNegatives = activationMin >= outputZeroPoint;
  return (
    planNarrow(channels) ?? {
      way: WAYS[rescalers[0]?.rounding ?? 'once'],
      channels: channels.map((channel) => ({
        ...exactly(channel.rescaler),
        ...estimate(channel, clampsNegatives),
      })),
    }
  );
}

interface Channel {
  readonly rescaler: Rescaler;
  readonly bound: number;
}

/**
 * WebAssembly has no shift with a count of its own for each lane, so the channels share the largest, S:
 * floor((a*m + 2^(s-1)) / 2^s) is floor((a*f + 2^(S-1)) / 2^S) with f = m * 2^(S-s), as numerator and denominator are
 * multiplied by the same power of two. Undefined unless a*f + 2^(S-1) fits 32 bits.
 */
function planNarrow(channels: readonly Channel[]): RescalePlan | undefined {
  const split = channels.map(({ rescaler, bound }) => {
    if (rescaler.rounding !== 'once') return undefined;
    const { multiplier, shift } = rescaler;
    // Where |a * m * 2^-s| < 1/2 for all a, the result is 0, as it is for m = 0 at any shift.
    if (bound * multiplier < 2 ** (shift - 1)) return { multiplier: 0, shift: 0, bound };
    const zeros = 31 - Math.clz32(multiplier & -multiplier);
    return { multiplier: multiplier / 2 ** zeros, shift: shift - zeros, bound };
  });
  if (!split.every((channel) => channel !== undefined)) return undefined;
  const right = Math.max(1, ...split.map(({ shift }) => shift));
  const left = 2 ** (right - 1);
  const factors = split.map(({ multiplier, shift }) => multiplier * 2 ** (right - shift));
  const fits = split.every(({ bound }, i) => bound * (factors[i] ?? 0) + left <= INT32_MAX);
  if (!fits) return undefined;
  return {
    way: WAYS.narrow,
    channels: factors.map((multiplier) => ({ ...NO_ESTIMATE, multiplier, left, right })),
  };
}

const words = new DataView(new ArrayBuffer(8));

function exactly(rescaler: Rescaler): Pick<ChannelPlan, 'multiplier' | 'left' | 'right'> {
  switch (rescaler.rounding) {
    case 'once':
      return { multiplier: rescaler.multiplier, left: 0, right: rescaler.shift };
    case 'twice': {
      const { multiplier, exponent } = rescaler;
      return { multiplier, left: Math.max(exponent, 0), right: Math.max(-exponent, 0) };
    }
    case 'double':
      words.setFloat64(0, rescaler.factor);
      return { multiplier: words.getInt32(4), left: words.getInt32(0), right: 0 };
  }
}

/** Of an estimate: its unit is 2^-14. With as many bits, 256 is just within the low bits of a float32. */
const ONE = 2 ** 14;

const MAGIC = 1.5 * 2 ** 23;
const MAGIC_BITS = 0x4b400000;

/** The integer part of an estimate of 0. */
export const ESTIMATE_EXCESS = MAGIC_BITS / ONE;

/**
 * No estimate is off by as much, in units: a, M and their product are rounded to float32, by 2^-24 of up to 2^22 each,
 * the product once more when it is nudged, to 1/8; the sum with the term to 1/2, and so is the nudge where it is part
 * of the term. 1.75 in all.
 */
const ERROR = 2;

/** Before 2^31 quotients wrap. */
const LARGEST_ESTIMATE = 2 ** 30;

type Estimate = Pick<ChannelPlan, 'factor' | 'nudge' | 'term'>;

/** In doubt for all accumulators. */
const NO_ESTIMATE: Estimate = { factor: 0, nudge: 0, term: MAGIC };

function estimate({ rescaler, bound }: Channel, clampsNegatives: boolean): Estimate {
  const M = factorOf(rescaler);
  if (bound * M >= LARGEST_ESTIMATE) return NO_ESTIMATE;
  const roundsAgain = rescaler.rounding === 'twice' && rescaler.exponent < 0;
  const nudge = roundsAgain ? ONE * 2 ** (rescaler.exponent - 1) : 0;
  const term = MAGIC + ONE / 2 + ERROR;
  return clampsNegatives
    ? { factor: M * ONE, nudge: 0, term: term + Math.round(nudge) }
    : { factor: M * ONE, nudge, term };
}
