/** The specification in doubles beside the obvious way to write it, with bigint. */
import {
  maxShift,
  multiplierFormat,
  multiplierWidth,
  type RescaleParameters,
  requantize,
} from '../golden/index.ts';
import { Random } from '../sim/random.ts';
import { alternate } from './measure.ts';
import { millions, ratio, type Section } from './report.ts';

const REPEATS = 15;
const CALLS = 1_000_000;
const SEED = 1;

type Call = readonly [accumulator: number, parameters: RescaleParameters];

export async function golden(): Promise<Section> {
  const calls = randomCalls();
  const sumOf = (implementation: (...call: Call) => number) =>
    calls.reduce((sum, call) => sum + implementation(...call), 0);
  if (sumOf(requantize) !== sumOf(requantizeBigInt)) throw new Error('the two do not agree');
  const times = await alternate(REPEATS, {
    golden: () => sumOf(requantize),
    bigint: () => sumOf(requantizeBigInt),
  });
  return {
    title: `Golden: requantize, k 4 to 32, ${CALLS} calls, seed ${SEED}`,
    lines: [
      millions('golden', CALLS, 'calls', times.golden),
      millions('bigint', CALLS, 'calls', times.bigint),
      ratio('golden / bigint', times.golden, times.bigint),
    ],
    notes: [],
  };
}

function requantizeBigInt(accumulator: number, parameters: RescaleParameters): number {
  const { multiplier, shift, outputZeroPoint, activationMin, activationMax } = parameters;
  const half = (1n << BigInt(shift)) >> 1n;
  const quotient = (BigInt(accumulator) * BigInt(multiplier) + half) >> BigInt(shift);
  const y = BigInt.asIntN(32, quotient) + BigInt(outputZeroPoint);
  const clamped = y < activationMin ? activationMin : y > activationMax ? activationMax : y;
  return Number(clamped);
}

function randomCalls(): readonly Call[] {
  const random = new Random(SEED);
  const formats = [4, 8, 16, 32].map((k) => multiplierFormat(k));
  return Array.from({ length: CALLS }, (_, i): Call => {
    const format = formats[i % formats.length] ?? multiplierFormat(32);
    const end = 2 ** multiplierWidth(format);
    const parameters = {
      multiplier: end / 2 + random.below(end / 2),
      shift: random.below(maxShift(format) + 1),
      outputZeroPoint: random.between(-128, 127),
      activationMin: -128,
      activationMax: 127,
    };
    return [random.int32(), parameters];
  });
}
