/** How right an arithmetic is, and what changes against stock LiteRT on the same samples. */
import type { Arithmetic, NarrowArithmetic } from '../infer/index.ts';
import type { Answers } from './evaluate.ts';
import {
  type Interval,
  mcnemarProbability,
  type PairedCounts,
  pairedChangeInterval,
  wilsonInterval,
} from './statistics.ts';

export interface AccuracyRow {
  readonly arithmetic: Arithmetic;
  readonly samples: number;
  readonly right: number;
  /** right / samples, 0..1. */
  readonly accuracy: number;
  /** Wilson's, 95 %. */
  readonly accuracyInterval: Interval;
  readonly change: Change;
}

/** Against the reference. */
export interface Change extends PairedCounts {
  /** Of the accuracy, -1..1: below 0 is a loss. */
  readonly accuracy: number;
  /** Tango's, 95 %. */
  readonly interval: Interval;
  /** Samples whose class changed, right or wrong. */
  readonly predictions: number;
  /** McNemar's exact test. */
  readonly probability: number;
}

/** @param classes of the same samples, at least one */
export function compare(reference: Answers, answers: Answers, classes: readonly number[]): AccuracyRow {
  const counts = { bothRight: 0, rightToWrong: 0, wrongToRight: 0, bothWrong: 0 };
  let predictions = 0;
  classes.forEach((label, i) => {
    const before = reference.predictions[i];
    const after = answers.predictions[i];
    if (before !== after) predictions += 1;
    if (before === label) counts[after === label ? 'bothRight' : 'rightToWrong'] += 1;
    else counts[after === label ? 'wrongToRight' : 'bothWrong'] += 1;
  });
  const samples = classes.length;
  const right = counts.bothRight + counts.wrongToRight;
  return {
    arithmetic: answers.arithmetic,
    samples,
    right,
    accuracy: right / samples,
    accuracyInterval: wilsonInterval(right, samples),
    change: {
      ...counts,
      accuracy: (counts.wrongToRight - counts.rightToWrong) / samples,
      interval: pairedChangeInterval(counts),
      predictions,
      probability: mcnemarProbability(counts),
    },
  };
}

/** Rows that differ in k only. */
export interface Curve {
  readonly rounding: NarrowArithmetic['rounding'];
  readonly scope: NarrowArithmetic['scope'];
  /** Falling k. */
  readonly rows: readonly AccuracyRow[];
  /** The largest k at which the accuracy has fallen by more than the limit; undefined where it never does. */
  readonly degradationK: number | undefined;
}

/** The paper's limit, section III-A: 0.5 points. */
export const DEGRADATION_LIMIT = 0.005;

export function curvesOf(rows: readonly AccuracyRow[]): readonly Curve[] {
  const groups = new Map<string, { readonly row: AccuracyRow; readonly narrow: NarrowArithmetic }[]>();
  for (const row of rows) {
    const { arithmetic: narrow } = row;
    if (typeof narrow === 'string') continue;
    const name = `${narrow.rounding} ${narrow.scope}`;
    groups.set(name, [...(groups.get(name) ?? []), { row, narrow }]);
  }
  return [...groups.values()].map((group) => {
    const falling = group.toSorted((a, b) => b.narrow.k - a.narrow.k);
    const fallen = falling.find(({ row }) => -row.change.accuracy > DEGRADATION_LIMIT);
    const { rounding = 'nearest', scope = 'all' } = falling[0]?.narrow ?? {};
    return { rounding, scope, rows: falling.map(({ row }) => row), degradationK: fallen?.narrow.k };
  });
}
