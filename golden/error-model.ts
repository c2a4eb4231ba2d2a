/**
 * The rescale error model, Eq. (3)-(5), every term an exact rational number in units of the real value.
 *
 * As in the paper y is taken without its zero point, and nothing saturates: no clamp, no wrap.
 */

import type { QuantizedMultiplier } from './multiplier.ts';
import { Rational } from './rational.ts';
import { rescale } from './rescale.ts';

/** Scales of input, weights (of this output channel) and output: positive finite doubles. */
export interface Scales {
  readonly inputScale: number;
  readonly weightScale: number;
  readonly outputScale: number;
}

export interface RescaleError {
  /** ea = real - Sx*Sw*a, Eq. (3): from the quantization of weights, input and bias. */
  readonly accumulatorError: Rational;
  /** ey = real - Sy*y, Eq. (4). */
  readonly outputError: Rational;
  /** er = ea - ey = multiplierTerm + roundingTerm, Eq. (5): what rescaling adds. */
  readonly rescaleError: Rational;
  /** Sy*a*(Mq - M): from the k-bit multiplier. */
  readonly multiplierTerm: Rational;
  /** Sy*dr, -1/2 < dr <= 1/2 as Algorithm 1 rounds half up. */
  readonly roundingTerm: Rational;
}

/** M = Sx*Sw/Sy without any rounding. Throws RangeError unless the scales are positive and finite. */
export function realMultiplier({ inputScale, weightScale, outputScale }: Scales): Rational {
  return scale('inputScale', inputScale)
    .mul(scale('weightScale', weightScale))
    .div(scale('outputScale', outputScale));
}

/**
 * The terms of Eq. (3)-(5) for one accumulator.
 *
 * @param real the exact result that a and y stand for (a_real = y_real), a finite double
 * @param accumulator a, int32
 * @param quantized within the ranges of `rescale`
 *
 * Throws RangeError where a scale is not positive and finite, or where the quotient does not fit 32 bits.
 */
export function errorModel(
  real: number,
  accumulator: number,
  scales: Scales,
  quantized: QuantizedMultiplier,
): RescaleError {
  const M = realMultiplier(scales);
  const Mq = dyadic(quantized);
  const Sy = Rational.fromNumber(scales.outputScale);
  const a = Rational.fromNumber(accumulator);
  const exact = Rational.fromNumber(real);
  const y = Rational.fromNumber(rescale(accumulator, quantized));

  const dr = y.sub(a.mul(Mq));
  if (dr.abs().compare(new Rational(1n, 2n)) > 0) {
    throw new RangeError(
      `a*Mq = ${a.mul(Mq).toNumber()} does not fit into 32 bits; the error model holds where nothing wraps`,
    );
  }
  const accumulatorError = exact.sub(Sy.mul(M).mul(a)); // Sy*M = Sx*Sw
  const outputError = exact.sub(Sy.mul(y));
  return {
    accumulatorError,
    outputError,
    rescaleError: accumulatorError.sub(outputError),
    multiplierTerm: Sy.mul(a).mul(Mq.sub(M)),
    roundingTerm: Sy.mul(dr),
  };
}

/**
 * The bound of the multiplier term, |Mq - M| * max|Sy*a|. The paper words it |Mq - M| * max|y~| below Eq. (5)
 * and max|Sy*a| in the paragraph after; y~ = Sy*y is smaller by the factor M, and no bound.
 *
 * @param maxAbsAccumulator max|a| over the inputs of interest, an integer
 */
export function multiplierTermBound(
  maxAbsAccumulator: number,
  scales: Scales,
  quantized: QuantizedMultiplier,
): Rational {
  const difference = dyadic(quantized).sub(realMultiplier(scales)).abs();
  return difference.mul(Rational.fromNumber(scales.outputScale)).mul(Rational.fromNumber(maxAbsAccumulator));
}

function dyadic({ multiplier, shift }: QuantizedMultiplier): Rational {
  return new Rational(BigInt(multiplier), 1n << BigInt(shift));
}

function scale(name: string, value: number): Rational {
  if (!(value > 0 && value < Infinity)) {
    throw new RangeError(
      `${name} = ${value} is not a positive finite number; check the quantization parameters`,
    );
  }
  return Rational.fromNumber(value);
}
