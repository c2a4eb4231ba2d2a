/**
 * What a report says about results before it says it in tables and plots: which points there are, what each
 * is compared with, and which are worth building.
 */
import { ARCHITECTURES, LEADING_ONES } from '../../hdl-gen/blocks/parameters.ts';
import type { AsicMetrics, Ice40Metrics, Provenance, SweepPoint, SweepReport, Target } from '../result.ts';

/** A point that was computed, with what was measured. */
export interface Measured<Metrics> extends SweepPoint {
  readonly metrics: Metrics;
  readonly provenance: Provenance;
}

export type AsicRow = Measured<AsicMetrics>;
export type Ice40Row = Measured<Ice40Metrics>;

/** All points of one library or one FPGA, the smaller units first and the wider multipliers first. */
export interface Group<Row> {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** Figures of the paper (section III-D, Fig. 4): 16 nm, k from 32 to 4, in one architecture. */
export const PAPER = {
  areaChange: new Map([
    [4, -0.585],
    [8, -0.475],
    [16, -0.348],
  ]),
  pathChange: 'nearly -50',
  adpGainAt8: 'over 2',
  adpGainAt4: 'over 4',
} as const;

export function asicGroups({ results }: SweepReport): readonly Group<AsicRow>[] {
  return groups(
    results.flatMap((result) =>
      result.status === 'done' && 'areaUm2' in result.metrics ? [{ ...result, metrics: result.metrics }] : [],
    ),
  );
}

export function ice40Groups({ results }: SweepReport): readonly Group<Ice40Row>[] {
  return groups(
    results.flatMap((result) =>
      result.status === 'done' && 'logicCells' in result.metrics
        ? [{ ...result, metrics: result.metrics }]
        : [],
    ),
  );
}

export interface Failure {
  readonly point: SweepPoint;
  readonly reason: string;
}

export function failures({ results }: SweepReport): readonly Failure[] {
  return results
    .flatMap((result) => (result.status === 'failed' ? [{ point: result, reason: result.reason }] : []))
    .sort((a, b) => comparePoints(a.point, b.point));
}

/** Area-delay product in um2 ns: less is better. */
export function areaDelay({ areaUm2, criticalPathPs }: AsicMetrics): number {
  return (areaUm2 * criticalPathPs) / 1000;
}

/** The same for an FPGA, in logic cells times ns. */
export function cellsDelay({ logicCells, fmaxMhzMedian }: Ice40Metrics): number {
  return (logicCells * 1000) / fmaxMhzMedian;
}

/**
 * The unit that a row is compared with: plain, of the given width, and in all else like the row. Absent when
 * the sweep did not compute it.
 */
export function plainOf<Row extends SweepPoint>(rows: readonly Row[], row: Row, k: number): Row | undefined {
  return find(rows, { ...row, arch: 'plain', k });
}

/** The row of that configuration. */
export function find<Row extends SweepPoint>(
  rows: readonly Row[],
  wanted: Omit<SweepPoint, 'target'>,
): Row | undefined {
  return rows.find(
    ({ macs, k, arch, pipeline, leadingOne }) =>
      macs === wanted.macs &&
      k === wanted.k &&
      arch === wanted.arch &&
      pipeline === wanted.pipeline &&
      leadingOne === wanted.leadingOne,
  );
}

/** value / reference - 1 */
export function change(value: number, reference: number | undefined): number | undefined {
  return reference === undefined ? undefined : value / reference - 1;
}

/** reference / value: how many times better, where less is better */
export function gain(value: number, reference: number | undefined): number | undefined {
  return reference === undefined ? undefined : reference / value;
}

/** The points that no other point beats in one of the two and equals or beats in the other, by rising x. */
export function paretoFront<T>(
  points: readonly T[],
  x: (point: T) => number,
  y: (point: T) => number,
): readonly T[] {
  const sorted = [...points].sort((a, b) => x(a) - x(b) || y(a) - y(b));
  const front: T[] = [];
  for (const point of sorted) {
    const last = front.at(-1);
    const equal = last !== undefined && x(last) === x(point) && y(last) === y(point);
    if (last === undefined || y(point) < y(last) || equal) front.push(point);
  }
  return front;
}

/** The rows that compute the same function with as many MACs: what a choice of circuit is made among. */
export function alternatives(rows: readonly AsicRow[], { macs, k, leadingOne }: SweepPoint) {
  return rows.filter((row) => row.macs === macs && row.k === k && row.leadingOne === leadingOne);
}

export function isOnFront(rows: readonly AsicRow[], row: AsicRow): boolean {
  const front = paretoFront(
    alternatives(rows, row),
    ({ metrics }) => metrics.criticalPathPs,
    ({ metrics }) => metrics.areaUm2,
  );
  return front.includes(row);
}

/** Those with the fewest pipeline stages and, where there is a choice, the explicit leading one. */
export function simplest<Row extends SweepPoint>(rows: readonly Row[]): readonly Row[] {
  const pipeline = Math.min(...rows.map((row) => row.pipeline));
  const unpipelined = rows.filter((row) => row.pipeline === pipeline);
  const leadingOne = LEADING_ONES.find((one) => unpipelined.some((row) => row.leadingOne === one));
  return unpipelined.filter((row) => row.leadingOne === leadingOne);
}

/** The different values of a property, in the order of their first rows. */
export function valuesOf<Row, Value>(rows: readonly Row[], value: (row: Row) => Value): readonly Value[] {
  return [...new Set(rows.map(value))];
}

export function targetName(target: Target): string {
  if (target.kind === 'asic') return target.library;
  return `ice40 ${target.device}${target.dsp ? ' with DSPs' : ''}`;
}

function groups<Row extends SweepPoint>(rows: readonly Row[]): readonly Group<Row>[] {
  const names = valuesOf(rows, ({ target }) => targetName(target)).toSorted(compareText);
  return names.map((name) => ({
    name,
    rows: rows.filter(({ target }) => targetName(target) === name).toSorted(comparePoints),
  }));
}

function comparePoints(a: SweepPoint, b: SweepPoint): number {
  return (
    compareText(targetName(a.target), targetName(b.target)) ||
    a.macs - b.macs ||
    b.k - a.k ||
    ARCHITECTURES.indexOf(a.arch) - ARCHITECTURES.indexOf(b.arch) ||
    a.pipeline - b.pipeline ||
    LEADING_ONES.indexOf(a.leadingOne) - LEADING_ONES.indexOf(b.leadingOne)
  );
}

/** By code unit, so that the order does not depend on the machine's language. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
