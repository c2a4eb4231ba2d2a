/** Waveforms as text in the format of IEEE 1364, value change dump. */
import type { Field, RowLayout } from './rows.ts';

/** A signal of the hierarchy: which bits of which table of rows it shows. */
export interface Signal {
  /** Names of instances and blocks down to the signal, joined by dots. */
  readonly path: string;
  readonly field: Field;
  readonly layout: RowLayout;
  readonly rows: Uint32Array;
}

export interface Waveform {
  readonly top: string;
  /** Paths of the clock: the input, and its namesakes in instances. */
  readonly clocks: readonly string[];
  readonly signals: readonly Signal[];
  readonly rowCount: number;
}

/** Row t lasts from 10 t to 10 t + 10 ns; the clock falls in its middle and rises at its end. */
export function formatVcd({ top, clocks, signals, rowCount }: Waveform): string {
  const clock = identifier(signals.length);
  const declared = [
    ...clocks.map((path) => ({ path, width: 1, code: clock })),
    ...signals.map(({ path, field }, i) => ({ path, width: field.port.width, code: identifier(i) })),
  ];
  const lines = ['$timescale 1 ns $end', ...declareScope(top, declared), '$enddefinitions $end'];
  const setClock = (level: number) => (clocks.length === 0 ? [] : [`${level}${clock}`]);
  for (let row = 0; row < rowCount; row++) {
    lines.push(`#${10 * row}`, ...setClock(row === 0 ? 0 : 1));
    signals.forEach((signal, i) => {
      if (row === 0 || changes(signal, row)) lines.push(formatValue(signal, row, identifier(i)));
    });
    lines.push(`#${10 * row + 5}`, ...setClock(0));
  }
  return `${[...lines, `#${10 * rowCount}`, ...setClock(1)].join('\n')}\n`;
}

interface Declared {
  readonly path: string;
  readonly width: number;
  readonly code: string;
}

/** Declarations of a scope: its own signals, then the scopes in it, each in the order of appearance. */
function declareScope(name: string, members: readonly Declared[]): string[] {
  const own: string[] = [];
  const inner = new Map<string, Declared[]>();
  for (const { path, width, code } of members) {
    const dot = path.indexOf('.');
    if (dot < 0) {
      own.push(`$var wire ${width} ${code} ${path}${width > 1 ? ` [${width - 1}:0]` : ''} $end`);
      continue;
    }
    const scope = path.slice(0, dot);
    const siblings = inner.get(scope) ?? [];
    inner.set(scope, [...siblings, { path: path.slice(dot + 1), width, code }]);
  }
  const scopes = [...inner].flatMap(([scope, signals]) => declareScope(scope, signals));
  return [`$scope module ${name} $end`, ...own, ...scopes, '$upscope $end'];
}

/** Short code of a signal: digits of base 94 in printable characters. */
function identifier(index: number): string {
  const digit = String.fromCharCode(33 + (index % 94));
  return index < 94 ? digit : digit + identifier(Math.floor(index / 94) - 1);
}

function changes({ field, layout, rows }: Signal, row: number): boolean {
  const start = row * layout.words + field.offset;
  for (let i = start; i < start + field.words; i++) {
    if (rows[i] !== rows[i - layout.words]) return true;
  }
  return false;
}

function formatValue({ field, layout, rows }: Signal, row: number, code: string): string {
  const start = row * layout.words + field.offset;
  let bits = '';
  for (const word of rows.subarray(start, start + field.words))
    bits = word.toString(2).padStart(32, '0') + bits;
  const value = bits.slice(-field.port.width);
  return field.port.width === 1 ? value + code : `b${value} ${code}`;
}
