/** What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED share: the parameters of their channels, eight to a block. */
import { effectiveBias, type OutputRange } from '../../golden/index.ts';
import type { DotProduct } from '../../litert/index.ts';
import type { Arithmetic } from '../arithmetic.ts';
import { channelRescalers } from '../operators/dot-product.ts';
import type { MemoryBuilder } from './memory-builder.ts';
import { type OperandFormat, WORD_BYTES } from './operand-format.ts';
import { ESTIMATE_EXCESS, planRescaling, type RescalePlan } from './rescale-plan.ts';

/** Channels that a kernel works on at a time. */
export const BLOCK_CHANNELS = 8;

/** The weights of one output channel, in the order of their taps. */
export type FilterOf = (channel: number) => Int8Array;

interface Channels {
  /** Effective bias and rescaling of every channel, as kernels/rescale.ts has blocks. */
  readonly blocks: Int32Array;
  /** [blocks][words][8][elements of a word]: neighbours in the filter side by side, 0 where there is none. */
  readonly weights: Int8Array | Int16Array;
}

/**
 * Places them. @param words of 32 bits in a filter, with what the kernel wants added
 *
 * @returns addresses
 */
export function placeChannels(
  operator: DotProduct,
  filterOf: FilterOf,
  words: number,
  format: OperandFormat,
  arithmetic: Arithmetic,
  memory: MemoryBuilder,
): { readonly weights: number; readonly blocks: number } {
  const [weights = 0, blocks = 0] = memory.derive(() => {
    const channels = prepareChannels(operator, filterOf, words, format, arithmetic);
    return [channels.weights, channels.blocks];
  });
  return { weights, blocks };
}

function prepareChannels(
  operator: DotProduct,
  filterOf: FilterOf,
  words: number,
  format: OperandFormat,
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
    return planRescaling(rescalers.slice(...range), bounds.slice(...range), operator.outputRange);
  });
  const effectiveBiases = filters.map((filter, channel) =>
    // To the kernel, all of the input is larger by the offset, and so is its zero.
    effectiveBias(biases[channel] ?? 0, input.zeroPoint + format.offset, filter),
  );
  return { blocks: packBlocks(plans, effectiveBiases), weights: packWeights(filters, words, format) };
}

function packWeights(
  filters: readonly Int8Array[],
  words: number,
  { bytes }: OperandFormat,
): Int8Array | Int16Array {
  const perWord = WORD_BYTES / bytes;
  const rowSize = BLOCK_CHANNELS * perWord;
  const Packed = bytes === 1 ? Int8Array : Int16Array;
  const packed = new Packed(Math.ceil(filters.length / BLOCK_CHANNELS) * words * rowSize);
  for (const [channel, filter] of filters.entries()) {
    const block = Math.floor(channel / BLOCK_CHANNELS);
    const start = block * words * rowSize + (channel % BLOCK_CHANNELS) * perWord;
    for (let i = 0; i < filter.length; i++) {
      packed[start + Math.floor(i / perWord) * rowSize + (i % perWord)] = filter[i] ?? 0;
    }
  }
  return packed;
}

/** Words of a block: seven rows, the way, whether it is nudged, and room up to a multiple of 16 bytes. */
const ROWS = 7;
const BLOCK_WORDS = ROWS * BLOCK_CHANNELS + 4;

/** The layout is that of kernels/rescale.ts. @param biases of the channels; 0 where there is none */
export function packBlocks(plans: readonly RescalePlan[], biases: readonly number[]): Int32Array {
  const packed = new Int32Array(plans.length * BLOCK_WORDS);
  const floats = new Float32Array(packed.buffer);
  plans.forEach(({ way, channels }, block) => {
    const start = block * BLOCK_WORDS;
    channels.forEach(({ multiplier, left, right, factor, nudge, term }, lane) => {
      const bias = biases[block * BLOCK_CHANNELS + lane] ?? 0;
      [bias, multiplier, left, right].forEach((value, row) => {
        packed[start + row * BLOCK_CHANNELS + lane] = value;
      });
      [factor, nudge, term].forEach((value, row) => {
        floats[start + (4 + row) * BLOCK_CHANNELS + lane] = value;
      });
    });
    packed[start + ROWS * BLOCK_CHANNELS] = way;
    packed[start + ROWS * BLOCK_CHANNELS + 1] = channels.some(({ nudge }) => nudge !== 0) ? 1 : 0;
  });
  return packed;
}

/** The layout is that of kernels/rescale.ts. */
export function packRange({ outputZeroPoint, activationMin, activationMax }: OutputRange): Uint8Array {
  const packed = new Uint8Array(64);
  new Int16Array(packed.buffer, 0, 8).fill(outputZeroPoint);
  packed.fill(activationMin, 16, 32).fill(activationMax, 32, 48);
  new Int32Array(packed.buffer, 48, 4).fill(outputZeroPoint - ESTIMATE_EXCESS);
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
