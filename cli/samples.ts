/** Samples and labels named on the command line, for the commands that take them. */
import { type Command, Option } from 'commander';
import {
  DataError,
  type Fit,
  type Normalization,
  openSamples,
  readLabels,
  type Samples,
  samplesOf,
  select,
} from '../accuracy/index.ts';
import { DATASET_NAMES, DatasetError, type Halves, inTurn, loadDataset } from '../datasets/index.ts';
import type { Model } from '../litert/index.ts';
import { MissingPackageError } from '../tools/optional-package.ts';
import { UsageError } from './failure.ts';
import { integer, oneOf, single } from './options.ts';

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

/**
 * Of a data set that --data names, the classes come in turn.
 *
 * @param half of such a data set
 * @throws UsageError
 */
export function samplesFor(model: Model, flags: SampleFlags, half: keyof Halves = 'test'): Promise<Samples> {
  return orDataError(async () => {
    const { data, labels, skip, count } = flags;
    const known = labels === undefined ? undefined : await readLabels(labels);
    const options = { fit: fitOf(flags), ...normalizationOf(flags) };
    const name = DATASET_NAMES.find((one) => one === data);
    if (name === undefined) return select(await openSamples(model, data, known, options), { skip, count });
    if (known !== undefined) throw new UsageError(`${data} has labels of its own; leave --labels out`);
    const { shape, [half]: images } = await loadDataset(name);
    const description = `${images.count} ${half} images of ${name}`;
    return select(samplesOf(model, { ...inTurn(images), shape, description }, options), { skip, count });
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
    text.split(',').map((item) => {
      const value = Number(item);
      if (item.trim() === '' || !Number.isFinite(value)) {
        throw new UsageError(`${flag} = ${item} is not a number (--${flag})`);
      }
      return value;
    }),
  );
}
