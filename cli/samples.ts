/** Samples and labels named on the command line, for the commands that take them. */
import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import {
  DataError,
  type Fit,
  type Normalization,
  openSamples,
  readLabels,
  type SampleOptions,
  type Samples,
  samplesOf,
  select,
} from '../accuracy/index.ts';
import { DATASET_NAMES, DatasetError, type Halves, inTurn, loadDataset } from '../datasets/index.ts';
import type { Model } from '../litert/index.ts';
import { MissingPackageError } from '../tools/optional-package.ts';
import { UsageError } from './failure.ts';
import { integer, itemsOf, oneOf, single } from './options.ts';

export interface SampleFlags {
  readonly data: string;
  readonly labels?: string;
  readonly skip: number;
  readonly count?: number;
  readonly fit: Fit['kind'];
  readonly shortSide?: number;
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
}

const LIMIT = { minimum: 0, maximum: 1e9 };
const SKIP = integer('skip', LIMIT);
const COUNT = integer('count', { ...LIMIT, minimum: 1 });
const FIT = oneOf('fit', ['stretch', 'crop']);
const SHORT_SIDE = integer('short-side', { minimum: 1, maximum: 16_384 });

/** Adds the options that `SampleFlags` are made from, all but --data. */
export function withSampleOptions(command: Command): Command {
  return command
    .addOption(single(SKIP, 'samples to leave out at the beginning').default(0))
    .addOption(single(COUNT, 'samples to take (default: all)'))
    .addOption(single(FIT, 'images: resize the whole, or crop the centre').default('stretch'))
    .addOption(single(SHORT_SIDE, 'images, --fit crop: resize the shorter side to N pixels first'))
    .addOption(numbers('mean', 'images: pixel value 0..255 that becomes 0, one or one a channel'))
    .addOption(numbers('std', 'images: pixel values that become 1, one or one a channel'));
}

export interface Opened {
  readonly samples: Samples;
  /** The other half, where --data is a data set that is published in two. */
  readonly other: Samples | undefined;
}

/**
 * --data is a path, or the name of a data set where nothing has that path; of such, the classes come in turn.
 *
 * @param half of a data set
 * @throws UsageError
 */
export function samplesFor(model: Model, flags: SampleFlags, half: keyof Halves): Promise<Opened> {
  return orDataError(async () => {
    const { data, labels, skip, count } = flags;
    const options: SampleOptions = { fit: fitOf(flags), ...normalizationOf(flags) };
    const name = DATASET_NAMES.find((known) => known === data && !existsSync(data));
    if (name !== undefined) {
      if (labels !== undefined) throw new UsageError(`${name} has labels of its own; leave --labels out`);
      const { train, test, shape } = await loadDataset(name);
      const training = { ...inTurn(train), shape, description: `${train.count} training images of ${name}` };
      const testing = { ...inTurn(test), shape, description: `${test.count} test images of ${name}` };
      const [own, other] = half === 'train' ? [training, testing] : [testing, training];
      return {
        samples: select(samplesOf(model, own, options), { skip, count }),
        other: samplesOf(model, other, options),
      };
    }
    const known = labels === undefined ? undefined : await readLabels(labels);
    const samples = await openSamples(model, data, known, options);
    return { samples: select(samples, { skip, count }), other: undefined };
  });
}

/** What is wrong with samples is the user's to mend, as is a package that is missing. */
export async function orDataError<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof DataError || error instanceof DatasetError || error instanceof MissingPackageError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

function fitOf({ fit, shortSide }: SampleFlags): Fit {
  if (fit === 'crop') return { kind: fit, shortSide };
  if (shortSide !== undefined) throw new UsageError('--short-side needs --fit crop');
  return { kind: fit };
}

function normalizationOf({ mean, std }: SampleFlags): { readonly normalization?: Normalization } {
  if (mean === undefined && std === undefined) return {};
  if (mean === undefined || std === undefined) throw new UsageError('--mean and --std need each other');
  return { normalization: { mean, std } };
}

function numbers(flag: string, description: string): Option {
  return new Option(`--${flag} <x,...>`, description).argParser((text: string): readonly number[] =>
    itemsOf(flag, text).map((item) => {
      const value = Number(item);
      if (!Number.isFinite(value)) {
        throw new UsageError(`${flag} = ${item} is not a number (--${flag})`);
      }
      return value;
    }),
  );
}
