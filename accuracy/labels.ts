/** Label files: the class of each sample. */
import { readFile } from 'node:fs/promises';
import { DataError } from './data-error.ts';

/** A class for each sample in their order, or for each named file. */
export type Labels =
  | { readonly kind: 'ordered'; readonly classes: readonly number[] }
  | { readonly kind: 'named'; readonly files: readonly LabelledFile[] };

export interface LabelledFile {
  /** Relative to the folder of the data. */
  readonly name: string;
  readonly label: number;
}

/**
 * One sample a line: `7`, or `daisy/1.jpg 7`, separated by blanks, tabs or a comma. Classes count from 0, as the
 * outputs of the model do. Empty lines are skipped.
 *
 * @throws DataError
 */
export async function readLabels(path: string): Promise<Labels> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new DataError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseLabels(text, path);
}

/** @param path for messages */
export function parseLabels(text: string, path: string): Labels {
  const rows = text
    .split(/\r?\n/)
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== '')
    .map(({ line, number }) => parseLine(line, `${path}:${number}`));
  if (rows.length === 0) throw new DataError(`${path}: has no labels`);
  const files = rows.filter((row): row is LabelledFile => row.name !== undefined);
  if (files.length === rows.length) return { kind: 'named', files };
  if (files.length > 0) throw new DataError(`${path}: some lines name a file and some do not`);
  return { kind: 'ordered', classes: rows.map(({ label }) => label) };
}

function parseLine(line: string, place: string): { readonly name?: string; readonly label: number } {
  // A name may have blanks, the label is the last word.
  const match = /^(?:(.*\S)(?:\s*,\s*|\s+))?(\d+)$/.exec(line);
  if (match === null) {
    throw new DataError(`${place}: '${line}' is not a class number, or a file name and a class number`);
  }
  const [, name, label] = match;
  return name === undefined ? { label: Number(label) } : { name, label: Number(label) };
}
