/**
 * How a block of channels is rescaled in SIMD lanes of 32 bits, and why that is exact.
 *
 * Where products of accumulator and multiplier fit 32 bits, as with few bits they do, that is all there is to it.
 *
 * Elsewhere there is an *estimate* first: t = a * M in float32. Every rounding that is done here is to the nearest
 * integer of some x between t + least and t + greatest. So if both have the same integer next to them, that is the
 * quotient. If not, which happens to one accumulator in four thousand, the kernel calculates again, in 64 bits or in
 * double, exactly as golden does.
 *
 * Rounding twice is to the nearest, too, only that the middle has moved: with h = round(a * m / 2^31), half up, the
 * quotient is h / 2^e, half away from zero. For e > 0 it is n + 1 or more where h >= (n + 1/2) * 2^e, h being an
 * integer where a * M >= n + 1/2 - 2^-(e+1), and likewise below zero. So the magnitude is nudged by 2^-(e+1). If the
 * clamp makes one of all quotients up to 0, as after RELU, the nudge may have any sign there: it becomes part of
 * least and greatest.
 *
 * The output is int8, so estimates need to be right only up to 256: whatever the zero point, the clamp makes one of
 * all that is beyond.
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
  /** M in float32. */
  readonly factor: number;
  /** Added to the magnitude of an estimate. */
  readonly nudge: number;
  /** Added to an estimate, for the ends of the interval in which the quotient is before it is rounded. */
  readonly least: number;
  readonly greatest: number;
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

/**
 * Five roundings to float32 (a, M, their product, nudge, least or greatest), 2^-24 each, of a value up to 256: in all
 * less than 2^-13.6. One and a half times that is taken.
 */
const FLOAT_ERROR = 2 ** -13;

/** Beyond, an integer does not fit the low bits of a float32, and before 2^31 quotients wrap. */
const LARGEST_ESTIMATE = 2 ** 22;

type Estimate = Pick<ChannelPlan, 'factor' | 'nudge' | 'least' | 'greatest'>;

const NO_ESTIMATE: Estimate = { factor: 0, nudge: 0, least: -1, greatest: 1 };

function estimate({ rescaler, bound }: Channel, clampsNegatives: boolean): Estimate {
  const factor = Math.fround(factorOf(rescaler));
  if (bound * factor >= LARGEST_ESTIMATE - 2) return NO_ESTIMATE;
  const roundsAgain = rescaler.rounding === 'twice' && rescaler.exponent < 0;
  const nudge = roundsAgain ? 2 ** (rescaler.exponent - 1) : 0;
  return clampsNegatives
    ? { factor, nudge: 0, least: nudge - FLOAT_ERROR, greatest: nudge + FLOAT_ERROR }
    : { factor, nudge, least: -FLOAT_ERROR, greatest: FLOAT_ERROR };
}
