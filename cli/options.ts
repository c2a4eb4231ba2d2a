/**
 * Options that several commands share, with one way to say what is wrong with a value.
 */
import { Option } from 'commander';
import {
  ARCHITECTURES,
  type Architecture,
  LEADING_ONES,
  type LeadingOne,
  PARAMETERS,
  PIPELINE_DEPTHS,
  type PipelineDepth,
} from '../hdl-gen/blocks/parameters.ts';
import { UsageError } from './failure.ts';

/** What an option accepts, and how its text becomes a value. */
interface Kind<T> {
  readonly flag: string;
  readonly name: string;
  readonly parse: (text: string) => T;
}

export const MACS = integer('macs', PARAMETERS.MACS);
export const K = integer('k', PARAMETERS.K);
export const UNITS = integer('units', PARAMETERS.UNITS);
export const JOBS = integer('jobs', { minimum: 1, maximum: 256 });
export const ARCH: Kind<Architecture> = oneOf('arch', ARCHITECTURES);
export const LEADING_ONE: Kind<LeadingOne> = oneOf('leading-one', LEADING_ONES);
export const PIPELINE: Kind<PipelineDepth> = {
  flag: 'pipeline',
  name: 'N',
  parse: (text) => {
    const depth = PIPELINE_DEPTHS.find((allowed) => String(allowed) === text);
    if (depth === undefined) throw outside('pipeline', text, choice(PIPELINE_DEPTHS));
    return depth;
  },
};

/** An option that takes one value. */
export function single<T>(kind: Kind<T>, description: string): Option {
  return new Option(`--${kind.flag} <${kind.name}>`, description).argParser((text: string): T => {
    if (text.trim() === '') throw new UsageError(`--${kind.flag} is empty`);
    return kind.parse(text);
  });
}

/** An option that takes one value or several, separated by commas. */
export function several<T>(kind: Kind<T>, description: string): Option {
  return new Option(`--${kind.flag} <${kind.name},...>`, description).argParser(
    (text: string): readonly T[] => [...new Set(itemsOf(kind.flag, text).map(kind.parse))],
  );
}

/** What stands between the commas of an option's value; none of it may be empty. */
export function itemsOf(flag: string, text: string): readonly string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.includes('')) throw new UsageError(`--${flag} has an empty item: '${text}'`);
  return items;
}

/** A file or a folder, as `--out rtl`. */
export function place(flag: string, name: string): Kind<string> {
  return { flag, name, parse: (text) => text };
}

/** A whole number within limits, as `--macs 8`. */
export function integer(
  flag: string,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): Kind<number> {
  return {
    flag,
    name: 'N',
    parse: (text) => {
      const limits = `${minimum}..${maximum}`;
      if (!/^[+-]?\d+$/.test(text)) {
        throw new UsageError(`${flag} = ${text} is not a plain whole number, ${limits} (--${flag})`);
      }
      const value = Number(text);
      if (value < minimum || value > maximum) throw outside(flag, text, limits);
      return value;
    },
  };
}

interface RealLimits {
  /** At least, or more than. */
  readonly from?: number;
  readonly above?: number;
  /** At most, or less than. */
  readonly to?: number;
  readonly below?: number;
}

/** A number within limits, as `--learning-rate 1e-4`. */
export function real(flag: string, { from, above, to, below }: RealLimits): Kind<number> {
  const least = from ?? above ?? Number.NEGATIVE_INFINITY;
  const greatest = to ?? below ?? Number.POSITIVE_INFINITY;
  return {
    flag,
    name: 'X',
    parse: (text) => {
      const value = Number(text);
      const isInside = value >= least && value <= greatest && value !== above && value !== below;
      if (isInside) return value;
      const limits = `${above === undefined ? '[' : '('}${least}, ${greatest}${below === undefined ? ']' : ')'}`;
      if (Number.isNaN(value))
        throw new UsageError(`${flag} = ${text} is not a number, ${limits} (--${flag})`);
      throw outside(flag, text, limits);
    },
  };
}

export function oneOf<T extends string>(flag: string, choices: readonly T[]): Kind<T> {
  return {
    flag,
    name: choices.join('|'),
    parse: (text) => {
      const chosen = choices.find((allowed) => allowed === text);
      if (chosen === undefined) throw outside(flag, text, choice(choices));
      return chosen;
    },
  };
}

function choice(values: readonly (string | number)[]): string {
  return `{${values.join(', ')}}`;
}

function outside(flag: string, text: string, limits: string): UsageError {
  return new UsageError(`${flag} = ${text} is outside ${limits} (--${flag})`);
}
