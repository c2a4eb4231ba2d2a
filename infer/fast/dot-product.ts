/** What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED share: the parameters of their channels, eight to a block. */
import { effectiveBias, type OutputRange } from '../../golden/index.ts';
import type { DotProduct } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { channelRescalers } from '../operators/dot-product.ts';
import { planRescaling, type RescalePlan } from './rescale-plan.ts';

/** Channels that a kernel works on at a time. */
export const BLOCK_CHANNELS = 8;

/** The weights of one output channel, in the order of their taps. */
export type FilterOf = (channel: number) => Int8Array;

export interface Channels {
  /** Effective bias and rescaling of every channel, as kernels/rescale.ts has blocks. */
  readonly blocks: Int32Array;
  /** [blocks][pairs][8][2]: neighbours in the filter side by side, 0 where there is none. */
  readonly weights: Int16Array;
}

/** @param pairs of weights in a filter, with what the kernel wants added */
export function prepareChannels(
  operator: DotProduct,
  filterOf: FilterOf,
  pairs: number,
  arithmetic: Arithmetic,
): Channels {
  const { input, weights } = operator;
  const filters = Array.from({ length: weights.channels }, (_, channel) => filterOf(channel));
  const biases = filters.map((_, channel) => operator.bias?.data[channel] ?? 0);
  const bounds = filters.map((filter, channel) =>
    accumulatorBound(filter, biases[channel] ?? 0, input.zeroPoint),
  );
  const rescalers = channelRescalers(operator, arithmetic);
  const plans = Array.from({ length: Math.ceil(filters.length / BLOCK_CHANNELS) }, (_, block) => {
    const range = [block * BLOCK_CHANNELS, (block + 1) * BLOCK_CHANNELS] as const;
    return planRescaling(rescalers.slice(...range), bounds.slice(...range));
  });
  const effectiveBiases = filters.map((filter, channel) =>
    effectiveBias(biases[channel] ?? 0, input.zeroPoint, filter),
  );
  return { blocks: packBlocks(plans, effectiveBiases), weights: packWeights(filters, pairs) };
}

function packWeights(filters: readonly Int8Array[], pairs: number): Int16Array {
  const blockSize = pairs * BLOCK_CHANNELS * 2;
  const packed = new Int16Array(Math.ceil(filters.length / BLOCK_CHANNELS) * blockSize);
  for (const [channel, filter] of filters.entries()) {
    const start = Math.floor(channel / BLOCK_CHANNELS) * blockSize + (channel % BLOCK_CHANNELS) * 2;
    for (let i = 0; i < filter.length; i++) {
      packed[start + (i >> 1) * BLOCK_CHANNELS * 2 + (i & 1)] = filter[i] ?? 0;
    }
  }
  return packed;
}

/** Words of a block: seven rows, the way, and room up to a multiple of 16 bytes. */
const BLOCK_WORDS = 7 * BLOCK_CHANNELS + 4;

/** The layout is that of kernels/rescale.ts. @param biases of the channels; 0 where there is none */
export function packBlocks(plans: readonly RescalePlan[], biases: readonly number[]): Int32Array {
  const packed = new Int32Array(plans.length * BLOCK_WORDS);
  const floats = new Float32Array(packed.buffer);
  plans.forEach(({ way, channels }, block) => {
    const start = block * BLOCK_WORDS;
    channels.forEach(({ multiplier, left, right, factor, nudge, trust }, lane) => {
      const bias = biases[block * BLOCK_CHANNELS + lane] ?? 0;
      [bias, multiplier, left, right].forEach((value, row) => {
        packed[start + row * BLOCK_CHANNELS + lane] = value;
      });
      [factor, nudge, trust].forEach((value, row) => {
        floats[start + (4 + row) * BLOCK_CHANNELS + lane] = value;
      });
    });
    packed[start + 7 * BLOCK_CHANNELS] = way;
  });
  return packed;
}

/** The layout is that of kernels/rescale.ts. */
export function packRange({ outputZeroPoint, activationMin, activationMax }: OutputRange): Uint8Array {
  const packed = new Uint8Array(48);
  new Int16Array(packed.buffer, 0, 8).fill(outputZeroPoint);
  packed.fill(activationMin, 16, 32).fill(activationMax, 32, 48);
  return packed;
}

/** Every input is a possible one, so each weight meets whichever end of the int8 range is worse. */
function accumulatorBound(filter: Int8Array, bias: number, zeroPoint: number): number {
  let [positive, negative] = [0, 0];
  for (let i = 0; i < filter.length; i++) {
    const w = filter[i] ?? 0;
    if (w > 0) positive += w;
    else negative += w;
  }
  const [lowest, highest] = [-128 - zeroPoint, 127 - zeroPoint]; // of opposite signs, or 0
  const least = bias + positive * lowest + negative * highest;
  const greatest = bias + positive * highest + negative * lowest;
  return Math.max(-least, greatest);
}
