/** Accuracies for spreadsheets and scripts: one row an arithmetic; fractions, not percent. */
import type { AccuracyRow } from './comparison.ts';

const COLUMNS: Readonly<Record<string, (row: AccuracyRow) => string | number>> = {
  k_bits: ({ arithmetic }) => (typeof arithmetic === 'object' ? arithmetic.k : ''),
  multiplier: ({ arithmetic }) => (typeof arithmetic === 'object' ? arithmetic.rounding : arithmetic),
  scope: ({ arithmetic }) => (typeof arithmetic === 'object' ? arithmetic.scope : ''),
  samples: ({ samples }) => samples,
  right: ({ right }) => right,
  accuracy: ({ accuracy }) => accuracy,
  accuracy_low_95: ({ accuracyInterval }) => accuracyInterval.low,
  accuracy_high_95: ({ accuracyInterval }) => accuracyInterval.high,
  change: ({ change }) => change.accuracy,
  change_low_95: ({ change }) => change.interval.low,
  change_high_95: ({ change }) => change.interval.high,
  changed_predictions: ({ change }) => change.predictions,
  right_to_wrong: ({ change }) => change.rightToWrong,
  wrong_to_right: ({ change }) => change.wrongToRight,
  mcnemar_probability: ({ change }) => change.probability,
};

export function accuracyCsv(rows: readonly AccuracyRow[]): string {
  const lines = rows.map((row) => Object.values(COLUMNS).map((value) => value(row)));
  return [Object.keys(COLUMNS), ...lines].map((line) => `${line.join(',')}\n`).join('');
}
