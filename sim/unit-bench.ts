/**
 * The dot-product unit, and the systolic array as several of them: beats, bubbles, resets.
 *
 * The two have the same ports; unit u of an array sees a beat u cycles later, with its own part of the
 * flattened ports. So one bench serves both, with one unit or more.
 */
import {
  type MultiplierFormat,
  maxShift,
  multiplierFromStored,
  multiplyAccumulate,
  offsetAndClamp,
  rescale,
  storedMultiplier,
} from '../golden/index.ts';
import type { Bench, Expectation, Stimulus } from './bench.ts';
import type { Coverage } from './coverage.ts';
import { Random } from './random.ts';
import {
  coveringCases,
  coverRescale,
  directedCases,
  INT32_MAX,
  INT32_MIN,
  type RescaleCase,
  randomCase,
  rescaleBins,
  wrappingCases,
} from './rescale-cases.ts';
import { type Design, fieldOf, inputLayout, outputLayout } from './simulators/index.ts';
import { readBits, readSigned, writeBits } from './words.ts';

export interface UnitShape {
  readonly units: number;
  readonly macs: number;
  readonly latencyCycles: number;
  readonly format: MultiplierFormat;
}

const UNIT_BINS = [
  'accumulator wraps upwards',
  'accumulator wraps downwards',
  'bubble inside a dot product',
  'dot products back to back',
  'dot product of one beat',
  'dot product of 64 beats or more',
  'reset inside a dot product',
  'reset while a result is under way',
  'in_last without in_valid',
  'bias -2^31',
  'bias 2^31-1',
  'every product at its greatest',
];

/** How a dot product arrives. */
interface Arrival {
  readonly beats: number;
  /** Probability of a cycle without a beat before each beat but the first. */
  readonly bubbles: number;
  /** Cycles without a beat after the last. */
  readonly gap: number;
  /** A reset instead of the given beat. */
  readonly resetAt?: number;
  /** A reset that many cycles after the last beat. */
  readonly resetAfter?: number;
  /** Every activation and weight, instead of random ones. */
  readonly everyElement?: number;
  /** The bias, instead of the one with which the accumulator of the case comes out. */
  readonly bias?: number;
}

export function unitBench(design: Design, shape: UnitShape): Bench {
  const { units, macs, latencyCycles, format } = shape;
  const layout = inputLayout(design);
  const outputs = outputLayout(design);
  const offsetOf = (name: string) => fieldOf(layout, name).offset;
  const rst = offsetOf('rst');
  const inValid = offsetOf('in_valid');
  const inLast = offsetOf('in_last');
  const x = offsetOf('x');
  const w = offsetOf('w');
  const bias = offsetOf('bias');
  const multiplier = offsetOf('multiplier');
  const shift = offsetOf('shift');
  const zeroPoint = offsetOf('zero_point');
  const actMin = offsetOf('act_min');
  const actMax = offsetOf('act_max');
  const shiftBits = fieldOf(layout, 'shift').port.width / units;
  const outValid = fieldOf(outputs, 'out_valid').offset;
  const out = fieldOf(outputs, 'out').offset;
  const { words } = layout;

  /** Position of the first bit of a unit's element in a flattened port. */
  const bitOf = (row: number, offset: number, unit: number, width: number) =>
    (row * words + offset) * 32 + unit * width;

  const writeParameters = (rows: Stimulus, row: number, unit: number, one: RescaleCase['parameters']) => {
    writeBits(rows, bitOf(row, multiplier, unit, format.k), format.k, storedMultiplier(one, format));
    writeBits(rows, bitOf(row, shift, unit, shiftBits), shiftBits, one.shift);
    writeBits(rows, bitOf(row, zeroPoint, unit, 8), 8, one.outputZeroPoint);
    writeBits(rows, bitOf(row, actMin, unit, 8), 8, one.activationMin);
    writeBits(rows, bitOf(row, actMax, unit, 8), 8, one.activationMax);
  };
  const readParameters = (rows: Stimulus, row: number, unit: number): RescaleCase['parameters'] => ({
    multiplier: multiplierFromStored(
      readBits(rows, bitOf(row, multiplier, unit, format.k), format.k),
      format,
    ),
    shift: readBits(rows, bitOf(row, shift, unit, shiftBits), shiftBits),
    outputZeroPoint: readSigned(rows, bitOf(row, zeroPoint, unit, 8), 8),
    activationMin: readSigned(rows, bitOf(row, actMin, unit, 8), 8),
    activationMax: readSigned(rows, bitOf(row, actMax, unit, 8), 8),
  });

  /** The sum of unit `unit` after the beat that enters in `row`, with the sum before; `bytes` are all rows. */
  const addBeat = (bytes: Int8Array, row: number, unit: number, before: number): number => {
    const fromX = (row * words + x) * 4;
    const fromW = ((row + unit) * words + w) * 4 + unit * macs;
    let sum = before;
    for (let i = 0; i < macs; i += 1) {
      sum = multiplyAccumulate(sum, bytes[fromX + i] ?? 0, bytes[fromW + i] ?? 0);
    }
    return sum;
  };

  /** Rows of random words in which nothing happens: no reset, no beat, `in_last` as it comes. */
  const idleRows = (random: Random, count: number): Stimulus => {
    const rows = new Uint32Array(count * words);
    random.fill(rows);
    for (let row = 0; row < count; row += 1) {
      rows[row * words + rst] = 0;
      rows[row * words + inValid] = 0;
      rows[row * words + inLast] = (rows[row * words + inLast] ?? 0) & 1;
    }
    return rows;
  };

  /**
   * Writes dot products one after another until they or the rows run out; the first row is a reset, and
   * the last rows are left for results to come out.
   */
  const schedule = (
    random: Random,
    count: number,
    next: () => { readonly arrival: Arrival; readonly draw: () => RescaleCase } | undefined,
  ): Stimulus => {
    const rows = idleRows(random, count);
    const bytes = bytesOf(rows);
    const end = count - units - latencyCycles - 1;
    rows[rst] = 1;
    let row = 1;
    for (let item = next(); item !== undefined; item = next()) {
      const { arrival, draw } = item;
      const beats: number[] = [];
      while (beats.length < arrival.beats) {
        if (beats.length > 0 && random.chance(arrival.bubbles)) row += 1;
        beats.push(row);
        row += 1;
      }
      const first = beats[0] ?? row;
      const last = beats.at(-1) ?? row;
      row += arrival.gap;
      if (row + (arrival.resetAfter ?? 0) >= end) break;
      for (const beat of beats) {
        rows[beat * words + inValid] = 1;
        rows[beat * words + inLast] = beat === last ? 1 : 0;
        if (arrival.everyElement !== undefined) fillBeat(rows, beat, arrival.everyElement);
      }
      for (let unit = 0; unit < units; unit += 1) {
        const one = draw();
        const products = beats.reduce((sum, beat) => addBeat(bytes, beat, unit, sum), 0);
        const start = arrival.bias ?? one.accumulator - products;
        writeBits(rows, bitOf(first + unit, bias, unit, 32), 32, start | 0);
        writeParameters(rows, last + unit, unit, one.parameters);
      }
      const { resetAt, resetAfter } = arrival;
      if (resetAt !== undefined) rows[(beats[resetAt] ?? first) * words + rst] = 1;
      if (resetAfter !== undefined) rows[(last + resetAfter) * words + rst] = 1;
    }
    return rows;
  };

  const fillBeat = (rows: Stimulus, beat: number, element: number) => {
    for (let i = 0; i < macs; i += 1) {
      writeBits(rows, bitOf(beat, x, i, 8), 8, element);
      for (let unit = 0; unit < units; unit += 1) {
        writeBits(rows, bitOf(beat + unit, w, unit * macs + i, 8), 8, element);
      }
    }
  };

  /** The first row from `start` on that resets, or `end`. */
  const nextReset = (rows: Stimulus, start: number, end: number): number => {
    let row = start;
    while (row < end && ((rows[row * words + rst] ?? 0) & 1) === 0) row += 1;
    return row;
  };

  /** Puts the result of a unit on `out`, from row `start` to the row before `end`. */
  const show = (expected: Uint32Array, unit: number, result: number, start: number, end: number) => {
    for (let row = start; row < end; row += 1) {
      writeBits(expected, (row * outputs.words + out) * 32 + unit * 8, 8, result);
    }
  };

  /**
   * What a unit puts out after a reset, from row `start` on. Row `end` is the next reset, which shows what was
   * there before it, or lies behind the last row.
   */
  const expectUnit = (
    stimulus: Stimulus,
    expected: Uint32Array,
    unit: number,
    start: number,
    end: number,
    coverage: Coverage | undefined,
  ) => {
    const bytes = bytesOf(stimulus);
    const count = stimulus.length / words;
    const endsInReset = end < count;
    const shownEnd = endsInReset ? end + 1 : count;
    const cases = coverage && new CasesOfUnit(coverage, format, macs);
    let length = 0;
    let sum = 0;
    let held = 0;
    let heldSince = start;
    // A beat reaches unit u in u cycles; the reset has emptied the registers on its way.
    for (let row = start + unit; row < end; row += 1) {
      const entered = row - unit;
      const isLast = ((stimulus[entered * words + inLast] ?? 0) & 1) === 1;
      if (((stimulus[entered * words + inValid] ?? 0) & 1) === 0) {
        cases?.bubble(length, isLast);
        continue;
      }
      const before = length === 0 ? readSigned(stimulus, bitOf(row, bias, unit, 32), 32) : sum;
      sum = addBeat(bytes, entered, unit, before);
      cases?.beat(length, before, sum);
      length += 1;
      if (!isLast) continue;
      const parameters = readParameters(stimulus, row, unit);
      const quotient = rescale(sum, parameters);
      const shown = row + latencyCycles;
      if (shown < shownEnd) {
        cases?.shown(length, { accumulator: sum, parameters }, quotient);
        show(expected, unit, held, heldSince, shown);
        held = offsetAndClamp(quotient, parameters);
        heldSince = shown;
        writeBits(expected, (shown * outputs.words + outValid) * 32 + unit, 1, 1);
      } else if (endsInReset) {
        coverage?.hit('reset while a result is under way');
      }
      length = 0;
    }
    show(expected, unit, held, heldSince, shownEnd);
    if (endsInReset && length > 0) coverage?.hit('reset inside a dot product');
  };

  return {
    design,
    // The ports of an array are unsigned, with the numbers of every unit in them.
    elements: elementsOf(format, shiftBits, !fieldOf(layout, 'bias').port.signed),
    bins: [...rescaleBins(format), ...UNIT_BINS],

    directed(rescales = DIRECTED_RESCALES): Stimulus {
      const random = new Random(1);
      const cases = directedCases(format);
      const arrivals = [...directedArrivals(latencyCycles, units)];
      const budget = arrivals.reduce((sum, { beats, gap }) => sum + 2 * beats + gap + 8, 0);
      const singles = Math.min(cases.length, rescales, DIRECTED_RESCALES);
      // A stride that is prime to the number of cases meets all shifts and multipliers.
      const stride = Math.max(1, Math.floor(cases.length / singles)) | 1;
      let drawn = 0;
      const draw = (): RescaleCase => {
        drawn += 1;
        const one = cases[(drawn * stride) % cases.length];
        return one ?? randomCase(random, format);
      };
      const needed = [...coveringCases(format), ...wrappingCases(format)].values();
      const drawSingle = (): RescaleCase => needed.next().value ?? draw();
      const plan = [
        ...arrivals.map((arrival) => ({ arrival, draw })),
        ...Array.from({ length: singles }, (_, i) => ({ arrival: single(i), draw: drawSingle })),
      ];
      const count = budget + 2 * singles + 4 * (units + latencyCycles);
      return schedule(random, count, () => plan.shift());
    },

    random(random: Random, count: number): Stimulus {
      const draw = () => randomCase(random, format);
      return schedule(random, count, () => ({ arrival: randomArrival(random, latencyCycles), draw }));
    },

    expect(stimulus: Stimulus, coverage?: Coverage): Expectation {
      const count = stimulus.length / words;
      const expected = new Uint32Array(count * outputs.words);
      let start = nextReset(stimulus, 0, count) + 1;
      const firstChecked = Math.min(start, count);
      // From reset to reset nothing is left of what was before, and units don't depend on each other.
      while (start < count) {
        const end = nextReset(stimulus, start, count);
        for (let unit = 0; unit < units; unit += 1) {
          expectUnit(stimulus, expected, unit, start, end, coverage);
        }
        start = end + 1;
      }
      return { outputs: expected, firstChecked };
    },

    isLegal(stimulus: Stimulus): boolean {
      const count = stimulus.length / words;
      for (let row = 0; row < count; row += 1) {
        const isLast =
          ((stimulus[row * words + inValid] ?? 0) & (stimulus[row * words + inLast] ?? 0) & 1) === 1;
        for (let unit = 0; isLast && unit < units && row + unit < count; unit += 1) {
          const one = readParameters(stimulus, row + unit, unit);
          if (one.shift > maxShift(format) || one.activationMin > one.activationMax) return false;
        }
      }
      return true;
    },
  };
}

/** Activations and weights; in an array also everything that stands in it once a unit. */
function elementsOf({ k }: MultiplierFormat, shiftBits: number, inArray: boolean): Bench['elements'] {
  const int8 = { width: 8, signed: true };
  const always = { x: int8, w: int8 };
  if (!inArray) return always;
  return {
    ...always,
    bias: { width: 32, signed: true },
    multiplier: { width: k, signed: false },
    shift: { width: shiftBits, signed: false },
    zero_point: int8,
    act_min: int8,
    act_max: int8,
    out_valid: { width: 1, signed: false },
    out: int8,
  };
}

/** How many of the directed rescales a unit goes through; the rescaler itself goes through all. */
export const DIRECTED_RESCALES = 3000;

function single(index: number): Arrival {
  return { beats: 1 + (index % 3), bubbles: 0, gap: index % 2 };
}

/** Every way to arrive that has ever broken such a unit. */
function* directedArrivals(latencyCycles: number, units: number): Generator<Arrival> {
  for (const element of [-128, 127, -1, 0, 1]) {
    for (const bias of [INT32_MIN, INT32_MAX, 0]) {
      yield { beats: 1, bubbles: 0, gap: 0, everyElement: element, bias };
      yield { beats: 5, bubbles: 0, gap: 1, everyElement: element, bias };
    }
  }
  yield { beats: 100, bubbles: 0, gap: 0 };
  yield { beats: 70, bubbles: 0.5, gap: 0, everyElement: -128 };
  for (let i = 0; i < 20; i += 1) yield { beats: 1, bubbles: 0, gap: 0 };
  for (let gap = 0; gap <= latencyCycles + 1; gap += 1) yield { beats: 2, bubbles: 0.5, gap };
  for (let resetAt = 0; resetAt < 4; resetAt += 1) yield { beats: 4, bubbles: 0.3, gap: 2, resetAt };
  for (let resetAfter = 1; resetAfter <= latencyCycles + units; resetAfter += 1) {
    yield { beats: 2, bubbles: 0, gap: latencyCycles + units, resetAfter };
  }
}

function randomArrival(random: Random, latencyCycles: number): Arrival {
  const arrival: Arrival = {
    beats: random.chance(1 / 100) ? random.between(64, 200) : random.between(1, 12),
    bubbles: random.pick([0, 0, 0.2, 0.7]),
    gap: random.pick([0, 0, 0, random.below(latencyCycles + 2)]),
  };
  if (random.chance(1 / 50)) return { ...arrival, resetAt: random.below(arrival.beats) };
  if (random.chance(1 / 50)) return { ...arrival, resetAfter: random.between(1, latencyCycles) };
  if (random.chance(1 / 20)) return { ...arrival, bias: random.pick([INT32_MIN, INT32_MAX, random.int32()]) };
  return arrival;
}

/** The bytes of the rows, element i of `x` or `w` being byte i of the port. */
function bytesOf({ buffer, byteOffset, byteLength }: Stimulus): Int8Array {
  return new Int8Array(buffer, byteOffset, byteLength);
}

/**
 * The cases that the dot products of a unit are, between two resets. They count once the result is shown: one
 * that a reset takes away proves nothing.
 */
class CasesOfUnit {
  readonly #coverage: Coverage;
  readonly #format: MultiplierFormat;
  readonly #macs: number;
  /** Of the dot product that is being summed. */
  readonly #summing = new Set<string>();
  /** Whether the latest beat was the last of a dot product, without a bubble since. */
  #justEnded = false;

  constructor(coverage: Coverage, format: MultiplierFormat, macs: number) {
    this.#coverage = coverage;
    this.#format = format;
    this.#macs = macs;
  }

  /** @param length beats of the dot product so far */
  bubble(length: number, isLast: boolean): void {
    if (isLast) this.#coverage.hit('in_last without in_valid');
    if (length > 0) this.#summing.add('bubble inside a dot product');
    this.#justEnded = false;
  }

  /** @param length beats before this one */
  beat(length: number, before: number, after: number): void {
    const cases = this.#summing;
    if (length === 0 && this.#justEnded) cases.add('dot products back to back');
    // A beat moves the sum by less than 2^31: a jump the other way is a wrap.
    if (after - before < -(2 ** 31)) cases.add('accumulator wraps upwards');
    if (after - before > 2 ** 31) cases.add('accumulator wraps downwards');
    if (length === 0 && before === INT32_MIN) cases.add('bias -2^31');
    if (length === 0 && before === INT32_MAX) cases.add('bias 2^31-1');
    if (((after - before) | 0) === 16384 * this.#macs) cases.add('every product at its greatest');
    this.#justEnded = false;
  }

  /** The result of a dot product. @param length all of its beats */
  shown(length: number, one: RescaleCase, quotient: number): void {
    const cases = this.#summing;
    if (length === 1) cases.add('dot product of one beat');
    if (length >= 64) cases.add('dot product of 64 beats or more');
    for (const bin of cases) this.#coverage.hit(bin);
    coverRescale(this.#coverage, this.#format, one, quotient);
    cases.clear();
    this.#justEnded = true;
  }
}
