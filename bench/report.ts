/** What a benchmark found, and how it is printed. */
import { type Statistics, statistics, type Times } from './measure.ts';

export interface Line extends Statistics {
  readonly name: string;
  readonly unit: string;
}

export interface Section {
  readonly title: string;
  readonly lines: readonly Line[];
  /** What a reader must know to read the figures, or why some are missing. */
  readonly notes: readonly string[];
}

/** A duration in milliseconds. */
export function milliseconds(name: string, times: Times): Line {
  return { name, unit: 'ms', ...statistics(times.map((seconds) => seconds * 1000)) };
}

/** Millions of things a second. */
export function millions(name: string, things: number, what: string, times: Times): Line {
  return { name, unit: `M ${what}/s`, ...statistics(times.map((seconds) => things / seconds / 1e6)) };
}

/** How many times as fast the first is as the second; repeat by repeat, so that noise cancels. */
export function ratio(name: string, times: Times, peer: Times): Line {
  return { name, unit: 'x', ...statistics(times.map((seconds, i) => (peer[i] ?? Number.NaN) / seconds)) };
}

/** What part of the second the first is; repeat by repeat. */
export function percentage(name: string, part: Times, whole: Times): Line {
  return {
    name,
    unit: '%',
    ...statistics(part.map((seconds, i) => (100 * seconds) / (whole[i] ?? Number.NaN))),
  };
}

export function format({ title, lines, notes }: Section): string {
  const longest = Math.max(...lines.map(({ name }) => name.length));
  const rows = lines.map(({ name, unit, median, minimum, maximum }) => {
    const range = minimum === maximum ? '' : `${significant(minimum)} .. ${significant(maximum)}`;
    const figure = `${significant(median).padStart(7)} ${unit.padEnd(10)}`;
    return `  ${name.padEnd(longest)}  ${figure}  ${range}`.trimEnd();
  });
  return [title, ...rows, ...notes.map((note) => `  (${note})`)].join('\n');
}

/** Three digits that mean something. */
function significant(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
