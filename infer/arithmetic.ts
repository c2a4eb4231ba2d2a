/**
 * Which arithmetic an interpreter follows, and the rescaler that each operator gets under it.
 *
 * Rounding and saturation are golden's; here is only which of its functions LiteRT calls where (SPEC section 2).
 */

import {
  decomposeMultiplier,
  quantizeMultiplierLiteRt,
  rescale,
  rescaleDoubleRounding,
} from '../golden/index.ts';
import type { DotProduct } from '../litert/index.ts';

/**
 * - `stock`: LiteRT as it is. 31-bit multipliers, rounding twice; FULLY_CONNECTED in double.
 * - `stock-fc-int`: the same, with FULLY_CONNECTED's integer multiplier (LiteRT before 2025-04).
 * - `single`: 31-bit multipliers, rounding once (TFLITE_SINGLE_ROUNDING).
 * - an object: multipliers of k bits, rounding once.
 */
export type Arithmetic = 'stock' | 'stock-fc-int' | 'single' | NarrowArithmetic;

export interface NarrowArithmetic {
  /** Width of the multiplier, 1..32, its leading one included; k bits behind a hidden one are k + 1 here. */
  readonly k: number;
  readonly rounding: 'truncate' | 'nearest';
  /**
   * `all`: every operator that rescales has k bits, as when LiteRT is recompiled.
   * `dot`: only CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED, which is what a rescaler inside a dot-product
   * unit does; the others are stock.
   */
  readonly scope: 'all' | 'dot';
}

/** From int32 accumulator to int32 quotient, without zero point and clamp. */
export type Rescaler = IntegerRescaler | RealRescaler;

export type IntegerRescaler =
  /** Algorithm 1, golden's `rescale`. */
  | { readonly rounding: 'once'; readonly multiplier: number; readonly shift: number }
  /** golden's `rescaleDoubleRounding`. */
  | { readonly rounding: 'twice'; readonly multiplier: number; readonly exponent: number };

/** round(a * factor) in double, half away from zero: stock FULLY_CONNECTED. */
export interface RealRescaler {
  readonly rounding: 'double';
  readonly factor: number;
}

/** `stock`, `k4 nearest dot`: for titles and messages. */
export function describeArithmetic(arithmetic: Arithmetic): string {
  if (typeof arithmetic === 'string') return arithmetic;
  return `k${arithmetic.k} ${arithmetic.rounding} ${arithmetic.scope}`;
}

/** The rescaler for the real factor M of an operator with weights. Otherwise as `rescalerOf`. */
export function dotRescalerOf(arithmetic: Arithmetic, operator: DotProduct['op'], M: number): Rescaler {
  if (arithmetic === 'stock' && operator === 'FULLY_CONNECTED') return { rounding: 'double', factor: M };
  return typeof arithmetic === 'object' ? narrow(M, arithmetic) : wide(M, arithmetic);
}

/**
 * The rescaler for the real factor M of an operator without weights. A multiplier that is too small for LiteRT's exponent is 0,
 * as it is there.
 *
 * Throws RangeError where M is not positive and finite, or is 2^31 or more, and where k is outside 1..32.
 */
export function rescalerOf(arithmetic: Arithmetic, M: number): IntegerRescaler {
  if (typeof arithmetic !== 'object') return wide(M, arithmetic);
  return arithmetic.scope === 'all' ? narrow(M, arithmetic) : wide(M, 'stock');
}

/** int32 accumulator to int32 quotient. */
export function applyRescaler(accumulator: number, rescaler: Rescaler): number {
  switch (rescaler.rounding) {
    case 'once':
      return rescale(accumulator, rescaler);
    case 'twice':
      return rescaleDoubleRounding(accumulator, rescaler);
    case 'double': {
      const product = Math.abs(accumulator * rescaler.factor);
      // A half away from zero. Adding 0.5 would be wrong just below it, where the sum is rounded up.
      const magnitude = Math.floor(product) + (product - Math.floor(product) >= 0.5 ? 1 : 0);
      return accumulator < 0 ? -magnitude : magnitude;
    }
  }
}

/** The real number that the integers of a rescaler stand for. */
export function factorOf(rescaler: Rescaler): number {
  switch (rescaler.rounding) {
    case 'once':
      return rescaler.multiplier * 2 ** -rescaler.shift;
    case 'twice':
      return rescaler.multiplier * 2 ** (rescaler.exponent - 31);
    case 'double':
      return rescaler.factor;
  }
}

/** e where the factor is in [2^(e-1), 2^e), as rounded; LiteRT's shift. */
export function exponentOf(rescaler: IntegerRescaler): number {
  return rescaler.rounding === 'twice'
    ? rescaler.exponent
    : 32 - Math.clz32(rescaler.multiplier) - rescaler.shift;
}

function wide(M: number, arithmetic: 'stock' | 'stock-fc-int' | 'single'): IntegerRescaler {
  const { multiplier, exponent } = quantizeMultiplierLiteRt(M);
  return arithmetic === 'single'
    ? { rounding: 'once', multiplier, shift: 31 - exponent }
    : { rounding: 'twice', multiplier, exponent };
}

function narrow(M: number, { k, rounding }: NarrowArithmetic): IntegerRescaler {
  const { multiplier, shift } = decomposeMultiplier(M, { k, rounding, leadingOne: 'explicit' });
  const exponent = k - shift;
  if (exponent < -31) return { rounding: 'once', multiplier: 0, shift: 31 };
  if (exponent > 31) {
    throw new RangeError(
      `M = ${M} needs exponent = ${exponent}, which is above 31; M must stay below 2^31: check the scales`,
    );
  }
  // A large M in few bits: the same value with zeros behind it.
  return shift < 0
    ? { rounding: 'once', multiplier: multiplier * 2 ** -shift, shift: 0 }
    : { rounding: 'once', multiplier, shift };
}
