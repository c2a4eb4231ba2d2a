/**
 * What the blocks should put out, worked out per dot product in bigints, on purpose with nothing of golden/
 * and without stepping through cycles as the benches do.
 */
import { countRows, type Design, fieldOf, getField, inputLayout } from '../../sim/simulators/index.ts';

/** Outputs of one row, by port; the elements of flattened ports side by side. */
export type Outputs = Readonly<Record<string, bigint>>;

export interface Shape {
  readonly macs: number;
  readonly k: number;
  readonly leadingOne: 'explicit' | 'hidden';
  /** 0 for the rescaler by itself. */
  readonly units: number;
  readonly latencyCycles: number;
}

interface Parameters {
  readonly multiplier: bigint;
  readonly shift: bigint;
  readonly zeroPoint: bigint;
  readonly actMin: bigint;
  readonly actMax: bigint;
}

/** Algorithm 1 and the clamp of Eq. (1). */
export function rescaled(accumulator: bigint, parameters: Parameters): bigint {
  const { multiplier, shift, zeroPoint, actMin, actMax } = parameters;
  const half = shift === 0n ? 0n : 1n << (shift - 1n);
  const y = zeroPoint + BigInt.asIntN(32, (accumulator * multiplier + half) >> shift);
  if (y < actMin) return actMin;
  return y > actMax ? actMax : y;
}

/** Element `index` of a port whose elements have `width` bits. */
function reader(design: Design, stimulus: Uint32Array) {
  const layout = inputLayout(design);
  return (row: number, port: string, width: number, index: number): bigint => {
    const bits = BigInt.asUintN(2048 * 32, getField(layout, stimulus, row, fieldOf(layout, port)));
    return BigInt.asUintN(width, bits >> BigInt(width * index));
  };
}

/** Undefined where a row is not defined by the contract, before the first reset. */
export function expectedOutputs(
  design: Design,
  shape: Shape,
  stimulus: Uint32Array,
): readonly (Outputs | undefined)[] {
  const { macs, k, leadingOne, units, latencyCycles } = shape;
  const read = reader(design, stimulus);
  const int8 = (row: number, port: string, index: number) => BigInt.asIntN(8, read(row, port, 8, index));
  const shiftBits = fieldOf(inputLayout(design), 'shift').port.width / Math.max(1, units);
  const parameters = (row: number, unit: number): Parameters => ({
    multiplier: read(row, 'multiplier', k, unit) + (leadingOne === 'hidden' ? 1n << BigInt(k) : 0n),
    shift: read(row, 'shift', shiftBits, unit),
    zeroPoint: int8(row, 'zero_point', unit),
    actMin: int8(row, 'act_min', unit),
    actMax: int8(row, 'act_max', unit),
  });
  const rows = Array.from({ length: countRows(inputLayout(design), stimulus) }, (_, row) => row);
  if (units === 0) {
    return rows.map((row) => {
      const y = rescaled(BigInt.asIntN(32, read(row, 'acc', 32, 0)), parameters(row, 0));
      return { out: BigInt.asUintN(8, y) };
    });
  }

  const isSet = (row: number, port: string) => read(row, port, 1, 0) === 1n;
  const resets = rows.filter((row) => isSet(row, 'rst'));
  const resetWithin = (first: number, last: number) => resets.some((row) => row >= first && row <= last);
  const entered = rows.filter((row) => isSet(row, 'in_valid'));
  const lasts = new Set(rows.filter((row) => isSet(row, 'in_last')));

  /** Results of a unit in the order of their rows. */
  const resultsOf = (unit: number): readonly { row: number; y: bigint }[] => {
    const beats = entered.filter((row) => !resetWithin(row, row + unit) && row + unit < rows.length);
    // A dot product ends with a last beat, or without a result where a reset comes in between.
    const dotProducts: number[][] = [];
    let open: number[] | undefined;
    for (const beat of beats) {
      const previous = open?.at(-1);
      if (!open || previous === undefined || resetWithin(previous + unit + 1, beat + unit)) {
        open = [];
        dotProducts.push(open);
      }
      open.push(beat);
      if (lasts.has(beat)) open = undefined;
    }
    return dotProducts.flatMap((dotProduct) => {
      const [first = 0] = dotProduct;
      const last = dotProduct.at(-1) ?? first;
      const shown = last + unit + latencyCycles;
      if (!lasts.has(last) || resetWithin(last + unit, shown - 1)) return [];
      let sum = BigInt.asIntN(32, read(first + unit, 'bias', 32, unit));
      for (const beat of dotProduct) {
        for (let i = 0; i < macs; i += 1) {
          sum += int8(beat, 'x', i) * int8(beat + unit, 'w', unit * macs + i);
        }
      }
      return [{ row: shown, y: rescaled(BigInt.asIntN(32, sum), parameters(last + unit, unit)) }];
    });
  };
  const results = Array.from({ length: units }, (_, unit) => resultsOf(unit));

  return rows.map((row) => {
    const lastReset = resets.findLast((reset) => reset < row);
    if (lastReset === undefined) return undefined;
    let valid = 0n;
    let out = 0n;
    for (const [unit, ofUnit] of results.entries()) {
      const latest = ofUnit.findLast((result) => result.row <= row && result.row > lastReset);
      if (latest?.row === row) valid |= 1n << BigInt(unit);
      out |= BigInt.asUintN(8, latest?.y ?? 0n) << BigInt(8 * unit);
    }
    return { out_valid: valid, out };
  });
}
