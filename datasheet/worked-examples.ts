/** The rules of rounding and saturation, each with a case that golden has computed. */
import {
  checkRescaleParameters,
  type MultiplierFormat,
  multiplierWidth,
  offsetAndClamp,
  Rational,
  type RescaleParameters,
  rescale,
} from '../golden/index.ts';

export interface WorkedExample {
  readonly shows: string;
  readonly accumulator: number;
  readonly parameters: RescaleParameters;
  /** accumulator * multiplier / 2^shift. */
  readonly exact: Rational;
  /** Rounded, as a 32-bit value. */
  readonly quotient: number;
  readonly output: number;
}

const INT8 = { outputZeroPoint: 0, activationMin: -128, activationMax: 127 } as const;
const INT32_MAX = 2 ** 31 - 1;

/** With the multiplier 2^(width-1), which every format has: its factor is a power of two. */
export function workedExamples(format: MultiplierFormat): readonly WorkedExample[] {
  const width = multiplierWidth(format);
  const multiplier = 2 ** (width - 1);
  const one = { ...INT8, multiplier, shift: width - 1 };
  const half = { ...one, shift: width };
  const quarter = { ...one, shift: width + 1 };
  const example = (shows: string, accumulator: number, parameters: RescaleParameters): WorkedExample => {
    checkRescaleParameters(parameters, format);
    const quotient = rescale(accumulator, parameters);
    return {
      shows,
      accumulator,
      parameters,
      exact: new Rational(
        BigInt(accumulator) * BigInt(parameters.multiplier),
        2n ** BigInt(parameters.shift),
      ),
      quotient,
      output: offsetAndClamp(quotient, parameters),
    };
  };
  return [
    example('to the nearest', 7, quarter),
    example('to the nearest, below zero', -7, quarter),
    example('a tie rounds up', 5, half),
    example('a tie below zero rounds up, too: towards zero', -5, half),
    example('the zero point is added after rounding', -5, { ...half, outputZeroPoint: 10 }),
    example('saturates at act_max', 1000, half),
    example('saturates at act_min', -1000, half),
    example('the greatest sum saturates, it does not wrap', INT32_MAX, { ...one, outputZeroPoint: 127 }),
    example('the least sum saturates, it does not wrap', -(2 ** 31), { ...one, outputZeroPoint: -128 }),
    example('ReLU: act_min is the zero point', -40, { ...half, outputZeroPoint: -10, activationMin: -10 }),
    example('a clamp without 0', 0, { ...one, activationMin: 10, activationMax: 20 }),
    example('s = 0: nothing is rounded', 3, { ...one, shift: 0 }),
    // A multiplier of one bit is 1 at most, and no factor above 1.
    ...(width === 1
      ? []
      : [
          example('M > 1: the quotient wraps in 32 bits before it is clamped', 2 ** 30, {
            ...one,
            shift: Math.max(0, width - 3),
          }),
        ]),
  ];
}
