/** A model trained for one width of the multiplier, and judged after every epoch. */
import { type AccuracyRow, type Answers, compare, evaluate, type Samples } from '../../accuracy/index.ts';
import { type Arithmetic, describeArithmetic } from '../../infer/index.ts';
import { readModel } from '../../litert/index.ts';
import { type Changes, changesBetween } from './changes.ts';
import { type TunedEpoch, type TuningOptions, type TuningRun, tune } from './tune.ts';

export interface Judged {
  /** Of the original model under stock arithmetic, on the samples to test with. */
  readonly stock: AccuracyRow;
  /** Of the original model with the narrow multiplier: what training has to make good. */
  readonly untrained: AccuracyRow;
}

export interface JudgedEpoch extends Pick<TunedEpoch, 'epoch' | 'loss' | 'file'> {
  /** Of the samples that were learned from, as they were seen. */
  readonly trainingAccuracy: number;
  /** With the narrow multiplier; undefined where there is nothing to test with. */
  readonly row: AccuracyRow | undefined;
  readonly changes: Changes;
}

export interface CampaignResult {
  readonly arithmetic: Arithmetic;
  readonly judged: Judged | undefined;
  readonly epochs: readonly JudgedEpoch[];
  readonly diverged: string | undefined;
}

export interface CampaignObserver extends Pick<TuningRun, 'onStart' | 'onStep'> {
  readonly onJudged?: (judged: Judged) => void;
  readonly onEpoch?: (epoch: JudgedEpoch) => void;
}

/**
 * @param test with classes; undefined: nothing is judged
 *
 * Throws as `tune` and `evaluate` do.
 */
export async function tuneAndJudge(
  file: Uint8Array,
  training: Samples,
  test: Samples | undefined,
  options: TuningOptions,
  { threads, cacheDirectory }: Pick<TuningRun, 'threads' | 'cacheDirectory'>,
  observer: CampaignObserver,
): Promise<CampaignResult> {
  const { arithmetic } = options;
  const judge = test && (await judgeWith(test, file, { threads, cacheDirectory }));
  const judged = judge && { stock: await judge(file, 'stock'), untrained: await judge(file, arithmetic) };
  if (judged !== undefined) observer.onJudged?.(judged);
  const original = readModel(file);
  const epochs: JudgedEpoch[] = [];
  const { diverged } = await tune(file, training, options, {
    ...{ threads, cacheDirectory },
    ...observer,
    async onEpoch({ accuracy, ...epoch }) {
      const done = {
        ...epoch,
        trainingAccuracy: accuracy,
        row: await judge?.(epoch.file, arithmetic),
        changes: changesBetween(original, readModel(epoch.file)),
      };
      epochs.push(done);
      observer.onEpoch?.(done);
    },
  });
  return { arithmetic, judged, epochs, diverged };
}

/** Compares with the original model under stock arithmetic. */
async function judgeWith(
  samples: Samples,
  original: Uint8Array,
  options: Pick<TuningRun, 'threads' | 'cacheDirectory'>,
): Promise<(file: Uint8Array, arithmetic: Arithmetic) => Promise<AccuracyRow>> {
  const answersOf = async (file: Uint8Array, arithmetic: Arithmetic): Promise<Answers> => {
    const [answers] = await evaluate(file, samples, [arithmetic], options);
    if (answers === undefined) throw new Error(`no answers under ${describeArithmetic(arithmetic)}`);
    return answers;
  };
  const stock = await answersOf(original, 'stock');
  return async (file, arithmetic) => compare(stock, await answersOf(file, arithmetic), samples.classes ?? []);
}
