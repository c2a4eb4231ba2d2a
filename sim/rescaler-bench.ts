/** The rescaler: one case a row. */
import {
  type MultiplierFormat,
  maxShift,
  multiplierFromStored,
  offsetAndClamp,
  rescale,
  storedMultiplier,
} from '../golden/index.ts';
import type { Bench, Expectation, Stimulus } from './bench.ts';
import type { Coverage } from './coverage.ts';
import type { Random } from './random.ts';
import { coverRescale, directedCases, type RescaleCase, randomCase, rescaleBins } from './rescale-cases.ts';
import { type Design, fieldOf, inputLayout } from './simulators/index.ts';
import { readBits, readSigned } from './words.ts';

/** The pipelined rescaler: a case a row, each result some rows later. */
export function pipelinedRescalerBench(design: Design, format: MultiplierFormat, stages: number): Bench {
  const bench = rescalerBench(design, format);
  return {
    ...bench,
    expect(stimulus, coverage) {
      const { outputs } = bench.expect(stimulus, coverage);
      const later = new Uint32Array(outputs.length);
      later.set(outputs.subarray(0, Math.max(0, outputs.length - stages)), stages);
      return { outputs: later, firstChecked: stages };
    },
  };
}

export function rescalerBench(design: Design, format: MultiplierFormat): Bench {
  const layout = inputLayout(design);
  const offsetOf = (name: string) => fieldOf(layout, name).offset;
  const acc = offsetOf('acc');
  const multiplier = offsetOf('multiplier');
  const shift = offsetOf('shift');
  const zeroPoint = offsetOf('zero_point');
  const actMin = offsetOf('act_min');
  const actMax = offsetOf('act_max');

  const write = (rows: Stimulus, row: number, { accumulator, parameters }: RescaleCase) => {
    const at = row * layout.words;
    rows[at + acc] = accumulator;
    rows[at + multiplier] = storedMultiplier(parameters, format);
    rows[at + shift] = parameters.shift;
    rows[at + zeroPoint] = parameters.outputZeroPoint & 0xff;
    rows[at + actMin] = parameters.activationMin & 0xff;
    rows[at + actMax] = parameters.activationMax & 0xff;
  };
  const read = (rows: Stimulus, row: number): RescaleCase => {
    const at = row * layout.words;
    const int8 = (offset: number) => readSigned(rows, (at + offset) * 32, 8);
    return {
      accumulator: (rows[at + acc] ?? 0) | 0,
      parameters: {
        multiplier: multiplierFromStored(readBits(rows, (at + multiplier) * 32, format.k), format),
        shift: rows[at + shift] ?? 0,
        outputZeroPoint: int8(zeroPoint),
        activationMin: int8(actMin),
        activationMax: int8(actMax),
      },
    };
  };
  const rowsOf = (count: number, next: (row: number) => RescaleCase | undefined): Stimulus => {
    const rows = new Uint32Array(count * layout.words);
    for (let row = 0; row < count; row += 1) {
      const one = next(row);
      if (one) write(rows, row, one);
    }
    return rows;
  };

  return {
    design,
    elements: {},
    bins: rescaleBins(format),
    directed() {
      const cases = directedCases(format);
      return rowsOf(cases.length, (row) => cases[row]);
    },
    random: (random: Random, rows: number) => rowsOf(rows, () => randomCase(random, format)),
    expect(stimulus: Stimulus, coverage?: Coverage): Expectation {
      const outputs = new Uint32Array(stimulus.length / layout.words);
      for (let row = 0; row < outputs.length; row += 1) {
        const one = read(stimulus, row);
        const quotient = rescale(one.accumulator, one.parameters);
        outputs[row] = offsetAndClamp(quotient, one.parameters) & 0xff;
        if (coverage) coverRescale(coverage, format, one, quotient);
      }
      return { outputs, firstChecked: 0 };
    },
    isLegal(stimulus: Stimulus): boolean {
      for (let row = 0; row < stimulus.length / layout.words; row += 1) {
        const { parameters } = read(stimulus, row);
        if (parameters.shift > maxShift(format)) return false;
        if (parameters.activationMin > parameters.activationMax) return false;
      }
      return true;
    },
  };
}
