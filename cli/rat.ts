/** `npu-rescaler rat`: Rescale-Aware Training of a `.tflite` model for multipliers of k bits. */
import { availableParallelism } from 'node:os';
import { basename, dirname, extname } from 'node:path';
import { Command } from 'commander';
import { requirePlotting } from '../accuracy/chart.ts';
import { requireClasses, type Samples, splitEvery } from '../accuracy/index.ts';
import { describeArithmetic } from '../infer/index.ts';
import { type Model, ModelError } from '../litert/index.ts';
import { defaultCacheDirectory } from '../tools/cache.ts';
import {
  type CampaignResult,
  type JudgedEpoch,
  type Loss,
  OPTIMIZERS,
  type OptimizerName,
  type TuningOptions,
  tuneAndJudge,
} from '../train/rat/index.ts';
import { recoverySvg } from '../train/rat/plot.ts';
import { recoveryRows, reportMarkdown } from '../train/rat/report.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { canKeep, type OutputFile, requireWritable, writeFiles } from './files.ts';
import { modelOption, readModelFile } from './model-file.ts';
import { integer, K, oneOf, place, real, several, single } from './options.ts';
import { duration, Progress } from './progress.ts';
import { orDataError, type SampleFlags, samplesFor, withSampleOptions } from './samples.ts';
import { alignedLines } from './table.ts';

interface RatFlags extends SampleFlags {
  readonly model: string;
  readonly k: readonly number[];
  readonly multiplier: 'truncate' | 'nearest';
  readonly scope: 'all' | 'dot';
  readonly test?: string;
  readonly testLabels?: string;
  readonly testEvery?: number;
  readonly loss?: Loss['kind'];
  readonly temperature: number;
  readonly layerWeight: number;
  readonly epochs: number;
  readonly batch: number;
  readonly optimizer: OptimizerName;
  readonly learningRate?: number;
  readonly momentum: number;
  readonly gradientLimit: number;
  readonly start: TuningOptions['start'];
  readonly mirror?: true;
  readonly shift: number;
  readonly seed: number;
  readonly threads: number;
  readonly out: string;
  readonly report?: string;
  readonly cache: boolean;
  readonly json?: true;
}

const MULTIPLIER = oneOf('multiplier', ['truncate', 'nearest']);
const SCOPE = oneOf('scope', ['all', 'dot']);
const LOSS = oneOf('loss', ['labels', 'distillation']);
const START = oneOf('start', ['file', 'compensated']);
const EPOCHS = integer('epochs', { minimum: 1, maximum: 1000 });
const BATCH = integer('batch', { minimum: 1, maximum: 4096 });
const SEED = integer('seed', { minimum: 0, maximum: 2 ** 31 - 1 });
const SHIFT = integer('shift', { minimum: 0, maximum: 64 });
const THREADS = integer('threads', { minimum: 1, maximum: 256 });
const TEST_EVERY = integer('test-every', { minimum: 2, maximum: 1e6 });
const OPTIMIZER = oneOf('optimizer', OPTIMIZERS);
/** What ResNet-8 learns best with. */
const LEARNING_RATES = { sgd: 0.00002, adam: 0.0003 } as const satisfies Record<OptimizerName, number>;
const LEARNING_RATE = real('learning-rate', { above: 0, to: 10 });
const MOMENTUM = real('momentum', { from: 0, below: 1 });
const GRADIENT_LIMIT = real('gradient-limit', { above: 0, to: 1e9 });
const TEMPERATURE = real('temperature', { above: 0, to: 100 });
const LAYER_WEIGHT = real('layer-weight', { from: 0, to: 1e6 });

export const rat = withSampleOptions(
  new Command('rat')
    .summary('fine-tune a .tflite model for multipliers of k bits')
    .description(
      'Rescale-Aware Training: moves the int8 weights and int32 biases of a quantized model so that it is right on hardware with k-bit multipliers, and writes them back into the file; scales and zero points stay. The forward pass is the integer inference, bit for bit, the backward pass is straight-through. --data is what `accuracy` takes, or the name of a data set that `data` has fetched, of which the training half is learned from and the other judged by. Without labels (--loss distillation) the model learns to answer as it does with stock multipliers. An interrupted run goes on where it stopped.',
    )
    .addOption(modelOption())
    .addOption(several(K, 'widths of the multiplier; each is a training of its own').default([4]))
    .addOption(single(MULTIPLIER, 'how M becomes m').default('nearest'))
    .addOption(single(SCOPE, 'operators that have k bits: all, or only those with weights').default('all'))
    .addOption(single(place('data', 'path'), 'what is learned from').makeOptionMandatory())
    .addOption(single(place('labels', 'file'), 'its classes, a line each')),
)
  .addOption(single(place('test', 'path'), 'what is judged by, after each epoch'))
  .addOption(single(place('test-labels', 'file'), 'its classes, a line each'))
  .addOption(
    single(TEST_EVERY, 'instead of --test: every Nth sample is kept apart from the rest, and judged by'),
  )
  .addOption(
    single(
      LOSS,
      'what is learned: the labels, or the answers of the stock model (default: labels, if there are any)',
    ),
  )
  .addOption(single(TEMPERATURE, 'distillation: softens both answers').default(1))
  .addOption(
    single(LAYER_WEIGHT, 'distillation: how much the outputs of all layers count beside the answers').default(
      0,
    ),
  )
  .addOption(
    single(
      START,
      'with the weights of the file, or with each channel’s times M / (m * 2^-s), which changes more weights and is right sooner',
    ).default('compensated'),
  )
  .addOption(single(EPOCHS, 'how often all samples are seen').default(2))
  .addOption(single(BATCH, 'samples between two steps').default(64))
  .addOption(
    single(
      OPTIMIZER,
      'plain descent as in the paper, or Adam with steps in proportion to the weights of a layer',
    ).default('adam'),
  )
  .addOption(
    single(
      LEARNING_RATE,
      `at the beginning; it falls to 0 along half a cosine (default: ${OPTIMIZERS.map((name) => `${LEARNING_RATES[name]} for ${name}`).join(', ')})`,
    ),
  )
  .addOption(single(MOMENTUM, 'of the descent').default(0.9))
  .addOption(single(GRADIENT_LIMIT, 'sgd: norm above which a gradient is shortened').default(5))
  .option('--mirror', 'images: half of them left to right')
  .addOption(single(SHIFT, 'images: move by up to N pixels').default(0))
  .addOption(single(SEED, 'for the order of samples and their variations').default(1))
  .addOption(
    single(THREADS, 'worker threads; the result does not depend on it').default(availableParallelism()),
  )
  .addOption(
    single(
      place('out', 'file'),
      'the trained model; with several k, -k<N> is added to the name of each',
    ).makeOptionMandatory(),
  )
  .addOption(single(place('report', 'dir'), 'write rat.md, rat.json and rat.svg into this folder'))
  .option('--no-cache', 'neither go on with an earlier run nor keep this one')
  .option('--json', 'print the results as JSON')
  .addHelpText(
    'after',
    '\nExample:\n  npu-rescaler rat --model m.tflite --k 4 --multiplier truncate --data cifar10 --mirror --shift 3 --out tuned.tflite',
  )
  .action(run);

async function run(flags: RatFlags): Promise<void> {
  const { k, multiplier, scope, out, report, json } = flags;
  const started = performance.now();
  const { bytes, model } = readModelFile(flags.model);
  const { training, test } = await orDataError(() => openBoth(model, flags));
  const loss = lossOf(flags, training);
  requireWritable(dirname(out));
  if (report !== undefined) {
    await orDataError(async () => requirePlotting());
    requireWritable(report);
  }
  const cacheDirectory = flags.cache && `${defaultCacheDirectory()}/rat`;
  if (cacheDirectory) await canKeep(cacheDirectory);
  if (!json)
    console.log(`learning from ${training.description}${test ? `, judged by ${test.description}` : ''}`);
  const results: CampaignResult[] = [];
  const written: string[] = [];
  for (const width of k) {
    const arithmetic = { k: width, rounding: multiplier, scope };
    const options: TuningOptions = { ...settingsOf(flags), arithmetic, loss };
    const result = await train(bytes, training, test, options, cacheDirectory, flags);
    results.push(result);
    const best = bestOf(result);
    if (best !== undefined) {
      const name = k.length === 1 ? basename(out) : withSuffix(basename(out), `-k${width}`);
      written.push(...writeFiles(dirname(out), [{ name, bytes: best.file }]));
    }
    if (!json) console.log(summaryOf(result));
  }
  if (report !== undefined)
    written.push(...writeFiles(report, await reportFiles(flags, { training, test }, results)));
  if (json) console.log(JSON.stringify({ ...withoutFiles(flags, results), written }, undefined, 2));
  else {
    for (const path of written) console.log(`wrote ${path}`);
    console.log(duration((performance.now() - started) / 1000));
  }
  const failed = results.find(({ diverged }) => diverged !== undefined);
  if (failed !== undefined) {
    const kept = bestOf(failed);
    throw new UsageError(
      `${describeArithmetic(failed.arithmetic)} diverged: ${failed.diverged}; ${
        kept === undefined ? 'no epoch was complete, so nothing was written' : `epoch ${kept.epoch} was kept`
      }; take a lower --learning-rate`,
    );
  }
}

interface Both {
  readonly training: Samples;
  readonly test: Samples | undefined;
}

async function openBoth(model: Model, flags: RatFlags): Promise<Both> {
  const { test, testEvery, testLabels } = flags;
  if (test !== undefined && testEvery !== undefined)
    throw new UsageError('--test and --test-every exclude each other');
  const learned = await samplesFor(model, flags, 'train');
  const both =
    testEvery === undefined
      ? { training: learned.samples, test: learned.other }
      : apart(learned.samples, testEvery);
  const judging =
    test === undefined
      ? both.test
      : (
          await samplesFor(
            model,
            {
              ...withoutLabels(flags),
              skip: 0,
              data: test,
              ...(testLabels === undefined ? {} : { labels: testLabels }),
            },
            'test',
          )
        ).samples;
  for (const samples of [both.training, judging]) {
    if (samples?.classes !== undefined) requireClasses(model, samples.classes);
  }
  if (judging !== undefined && judging.classes === undefined) {
    throw new UsageError(
      `${judging.description} have no classes to be judged by; name them with --${test === undefined ? 'labels' : 'test-labels'}`,
    );
  }
  return { training: both.training, test: judging };
}

function apart(samples: Samples, n: number): Both {
  const { picked, others } = splitEvery(samples, n);
  return { training: others, test: picked };
}

function withoutLabels({ labels: _, count: __, ...flags }: RatFlags): Omit<RatFlags, 'labels' | 'count'> {
  return flags;
}

function lossOf({ loss, temperature, layerWeight }: RatFlags, { classes, description }: Samples): Loss {
  if (loss === 'distillation' || (loss === undefined && classes === undefined))
    return { kind: 'distillation', temperature, layerWeight };
  if (classes === undefined) {
    throw new UsageError(
      `${description} have no classes to learn; name them with --labels, or take --loss distillation`,
    );
  }
  return { kind: 'labels' };
}

function settingsOf(flags: RatFlags): Omit<TuningOptions, 'arithmetic' | 'loss'> {
  const {
    epochs,
    batch,
    optimizer,
    learningRate = LEARNING_RATES[flags.optimizer],
    momentum,
    gradientLimit,
    start,
    mirror = false,
    shift,
    seed,
  } = flags;
  return {
    ...{ epochs, batch, optimizer, learningRate, momentum, gradientLimit, start, seed },
    augmentation: { mirror, shiftPixels: shift },
  };
}

/** Prints each epoch as it comes. */
async function train(
  bytes: Uint8Array,
  training: Samples,
  test: Samples | undefined,
  options: TuningOptions,
  cacheDirectory: string | false,
  { threads, model, json }: RatFlags,
): Promise<CampaignResult> {
  const show = (line: string) => {
    if (json) return;
    if (progress === undefined) console.log(line);
    else progress.line(line);
  };
  let progress: Progress | undefined;
  try {
    return await tuneAndJudge(
      bytes,
      training,
      test,
      options,
      { threads, cacheDirectory },
      {
        onJudged: ({ stock, untrained }) =>
          show(
            `${describeArithmetic(options.arithmetic)}: ${percent(untrained.accuracy)} of ${untrained.samples} right untrained, ${percent(stock.accuracy)} in stock`,
          ),
        onStart: (done, steps) => {
          if (done > 0) show(`going on after ${done} of ${steps} steps`);
          progress = new Progress(steps - done);
        },
        onStep: () => progress?.step(),
        onEpoch: (epoch) => show(epochLine(epoch)),
      },
    );
  } catch (error) {
    if (error instanceof ModelError || error instanceof RangeError)
      throw new UsageError(`${model}: ${error.message}`);
    throw error;
  } finally {
    progress?.end();
  }
}

function epochLine({ epoch, loss, trainingAccuracy, row, changes: { total } }: JudgedEpoch): string {
  const judged = row === undefined ? '' : `, ${row.right} right: ${percent(row.accuracy)}`;
  return `epoch ${epoch}: loss ${loss.toFixed(4)}, ${percent(trainingAccuracy)} of what was learned from${judged}; ${percent(total.changed / total.weights)} of the weights changed`;
}

/** The last epoch; of a run that diverged, the one that was judged best, else the one with the least loss. */
function bestOf({ epochs, diverged }: CampaignResult): JudgedEpoch | undefined {
  if (diverged === undefined) return epochs.at(-1);
  return epochs.toSorted((a, b) => (b.row?.right ?? 0) - (a.row?.right ?? 0) || a.loss - b.loss)[0];
}

function summaryOf(result: CampaignResult): string {
  const rows = recoveryRows(result);
  return [
    '',
    ...alignedLines(rows, ['left', ...rows.map(() => 'right' as const), 'right', 'right']),
    '',
  ].join('\n');
}

async function reportFiles(
  flags: RatFlags,
  { training, test }: Both,
  results: readonly CampaignResult[],
): Promise<readonly OutputFile[]> {
  const title = `${basename(flags.model)}, Rescale-Aware Training`;
  const { epochs, batch, optimizer, learningRate, momentum, start, seed, augmentation } = settingsOf(flags);
  const { mirror, shiftPixels } = augmentation;
  const facts = [
    `Learned from ${training.description}: ${results.length === 0 ? '' : `loss ${lossOf(flags, training).kind}, `}${counted(epochs, 'epoch')} of batches of ${batch}, ${optimizer}, learning rate ${learningRate}, momentum ${momentum}, beginning with the weights ${start === 'file' ? 'of the file' : 'compensated'}, seed ${seed}${mirror ? ', mirrored' : ''}${shiftPixels > 0 ? `, moved by up to ${counted(shiftPixels, 'pixel')}` : ''}.`,
    `Judged by ${test?.description ?? 'nothing'}. One seed: a single run, not a mean.`,
  ];
  return [
    { name: 'rat.md', text: reportMarkdown({ title, facts }, results) },
    { name: 'rat.json', text: `${JSON.stringify(withoutFiles(flags, results), undefined, 2)}\n` },
    ...(test === undefined ? [] : [{ name: 'rat.svg', text: await recoverySvg(title, results) }]),
  ];
}

function withoutFiles({ model, data, test, ...flags }: RatFlags, results: readonly CampaignResult[]) {
  return {
    ...{ model, data, test, settings: settingsOf({ model, data, ...flags }) },
    results: results.map(({ epochs, ...result }) => ({
      ...result,
      epochs: epochs.map(({ file: _, ...epoch }) => epoch),
    })),
  };
}

function withSuffix(name: string, suffix: string): string {
  const extension = extname(name);
  return `${name.slice(0, name.length - extension.length)}${suffix}${extension}`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
