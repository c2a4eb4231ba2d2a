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
    if (depth === undefined) throw outside('pipeline', text, `0..${PIPELINE_DEPTHS.at(-1)}`);
    return depth;
  },
};

/** An option that takes one value. */
export function single<T>(kind: Kind<T>, description: string): Option {
  return new Option(`--${kind.flag} <${kind.name}>`, description).argParser(kind.parse);
}

/** An option that takes one value or several, separated by commas. */
export function several<T>(kind: Kind<T>, description: string): Option {
  return new Option(`--${kind.flag} <${kind.name},...>`, description).argParser(
    (text: string): readonly T[] => [...new Set(text.split(',').map((item) => kind.parse(item.trim())))],
  );
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
      const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
      if (!(value >= minimum && value <= maximum)) throw outside(flag, text, `${minimum}..${maximum}`);
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
      const value = text.trim() === '' ? Number.NaN : Number(text);
      const isInside = value >= least && value <= greatest && value !== above && value !== below;
      if (isInside) return value;
      throw outside(
        flag,
        text,
        `${above === undefined ? '[' : '('}${least}, ${greatest}${below === undefined ? ']' : ')'}`,
      );
    },
  };
}

export function oneOf<T extends string>(flag: string, choices: readonly T[]): Kind<T> {
  return {
    flag,
    name: choices.join('|'),
    parse: (text) => {
      const choice = choices.find((allowed) => allowed === text);
      if (choice === undefined) throw outside(flag, text, `{${choices.join(', ')}}`);
      return choice;
    },
  };
}

function outside(flag: string, text: string, limits: string): UsageError {
  return new UsageError(`${flag} = ${text} is outside ${limits} (--${flag})`);
}
