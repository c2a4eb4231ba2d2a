/** `npu-rescaler accuracy`: what every k costs in accuracy, for a model and labelled inputs. */
import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import { Command } from 'commander';
import { requirePlotting } from '../accuracy/chart.ts';
import {
  type AccuracyRow,
  type Answers,
  accuracyCsv,
  compare,
  curvesOf,
  evaluate,
  requireClasses,
  type Samples,
} from '../accuracy/index.ts';
import { accuracySvg } from '../accuracy/plot.ts';
import { type Arithmetic, describeArithmetic } from '../infer/index.ts';
import { defaultCacheDirectory } from '../tools/cache.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { canKeep, requireWritable, writeFiles } from './files.ts';
import { showLayers } from './layer-errors.ts';
import { modelOption, readModelFile } from './model-file.ts';
import { integer, K, oneOf, place, several, single } from './options.ts';
import { duration, Progress } from './progress.ts';
import { orDataError, type SampleFlags, samplesFor, withSampleOptions } from './samples.ts';
import { alignedLines } from './table.ts';

interface AccuracyFlags extends SampleFlags {
  readonly model: string;
  readonly reference?: string;
  readonly k: readonly number[];
  readonly multiplier: readonly ('truncate' | 'nearest')[];
  readonly scope: readonly ('all' | 'dot')[];
  readonly threads: number;
  readonly out?: string;
  readonly cache: boolean;
  readonly layers?: number;
  readonly json?: true;
}

const MULTIPLIER = oneOf('multiplier', ['truncate', 'nearest']);
const SCOPE = oneOf('scope', ['all', 'dot']);
const LAYERS = integer('layers', { minimum: 1, maximum: 10_000 });
const THREADS = integer('threads', { minimum: 1, maximum: 256 });

export const accuracy = withSampleOptions(
  new Command('accuracy')
    .summary('measure the top-1 accuracy of a .tflite model at each k')
    .description(
      'Runs an int8 LiteRT model on labelled inputs, bit for bit as LiteRT computes it and with multipliers of k bits, and shows what each k costs. --data is a folder of JPEG and PNG images, a file of input tensors one after another, the test_batch.bin of CIFAR-10, or the name of a data set that `npu-rescaler data` has fetched, whose test images are taken. --labels has a line for each sample: the class, counted from 0 as the outputs are; for images the file name before it. Every k is compared with stock on the same samples: the 95 % interval of the change is Tango’s for paired samples, p is from McNemar’s exact test. Answers are kept; an interrupted run goes on where it stopped.',
    )
    .addOption(modelOption())
    .addOption(
      single(place('reference', 'file'), 'compare with stock on this model, as with the one that was folded'),
    )
    .addOption(single(place('data', 'path'), 'the inputs').makeOptionMandatory())
    .addOption(single(place('labels', 'file'), 'their classes (test_batch.bin and data sets have their own)'))
    .addOption(several(K, 'widths of the multiplier').default([8, 6, 5, 4, 3, 2, 1]))
    .addOption(several(MULTIPLIER, 'how M becomes m').default(['truncate', 'nearest']))
    .addOption(
      several(SCOPE, 'operators that have k bits: all, or only those with weights').default(['all', 'dot']),
    ),
)
  .addOption(single(THREADS, 'worker threads').default(availableParallelism()))
  .addOption(
    single(place('out', 'dir'), 'write accuracy.csv, accuracy.json and accuracy.svg into this folder'),
  )
  .addOption(
    single(LAYERS, 'instead of the accuracy, show the error of each layer, over the first N samples'),
  )
  .option('--no-cache', 'neither use nor keep answers of earlier runs')
  .option('--json', 'print the results as JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  npu-rescaler accuracy --data fashion-mnist\n  npu-rescaler accuracy --model mobilenet.tflite --data images --labels labels.txt --fit crop --short-side 256',
  )
  .action(run);

async function run(flags: AccuracyFlags): Promise<void> {
  const { out, json } = flags;
  const started = performance.now();
  const { bytes, model } = readModelFile(flags.model);
  const original = flags.reference === undefined ? bytes : readModelFile(flags.reference).bytes;
  const { samples } = await samplesFor(model, flags, 'test');
  if (flags.layers !== undefined) {
    await showLayers(model, samples, { ...flags, count: flags.layers });
    return;
  }
  const { classes } = samples;
  if (classes === undefined)
    throw new UsageError(`${flags.data} has no labels of its own; name them with --labels`);
  await orDataError(async () => {
    requireClasses(model, classes);
    if (out !== undefined) requirePlotting();
  });
  if (out !== undefined) requireWritable(out);
  const cacheDirectory = flags.cache && `${defaultCacheDirectory()}/accuracy`;
  if (cacheDirectory) await canKeep(cacheDirectory);

  const title = `${basename(flags.model)}, ${samples.description}`;
  if (!json) console.log([title, '', HEADER].join('\n'));
  const { reference, rows } = await orDataError(() =>
    measure(bytes, original, samples, classes, cacheDirectory, flags),
  );
  const curves = curvesOf(rows);
  const degradation = curves.map(({ rounding, scope, degradationK }) => ({ rounding, scope, degradationK }));
  const report = {
    model: flags.model,
    data: flags.data,
    samples: samples.count,
    reference,
    degradation,
    rows,
  };
  const written =
    out === undefined
      ? []
      : writeFiles(out, [
          { name: 'accuracy.csv', text: accuracyCsv([reference, ...rows]) },
          { name: 'accuracy.json', text: `${JSON.stringify(report, undefined, 2)}\n` },
          { name: 'accuracy.svg', text: await accuracySvg({ title, reference, curves }) },
        ]);
  if (json) {
    console.log(JSON.stringify({ ...report, written }, undefined, 2));
    return;
  }
  const seconds = (performance.now() - started) / 1000;
  console.log(
    [
      '',
      'degradation point, the widest k that is more than 0.5 points below stock:',
      ...alignedLines(
        degradation.map(({ rounding, scope, degradationK }) => [
          `  ${rounding} ${scope}`,
          degradationK === undefined ? 'none' : `k = ${degradationK}`,
        ]),
        [],
      ),
      ...written.map((path) => `wrote ${path}`),
      `${counted(samples.count, 'sample')}, ${rows.length + 1} arithmetics, ${duration(seconds)}`,
    ].join('\n'),
  );
}

interface Measured {
  /** Stock. */
  readonly reference: AccuracyRow;
  readonly rows: readonly AccuracyRow[];
}

/**
 * Prints each row as it comes.
 *
 * @param original the model whose stock answers the others are compared with, mostly the same one
 */
async function measure(
  bytes: Uint8Array,
  original: Uint8Array,
  samples: Samples,
  classes: readonly number[],
  cacheDirectory: string | false,
  { k, multiplier, scope, threads, json }: AccuracyFlags,
): Promise<Measured> {
  const narrow = scope.flatMap((one) =>
    multiplier.flatMap((rounding) => k.map((width) => ({ k: width, rounding, scope: one }))),
  );
  const arithmetics: readonly Arithmetic[] = bytes === original ? narrow : ['stock', ...narrow];
  const progress = new Progress(1 + arithmetics.length, samples.count * (1 + arithmetics.length));
  const options = {
    threads,
    cacheDirectory,
    onProgress: (done: number) => progress.advance(done),
  };
  const show = (line: string) => {
    if (!json) progress.line(line);
    progress.step(0);
  };
  try {
    const [stock] = await evaluate(original, samples, ['stock'], options);
    if (stock === undefined) throw new Error('no answers');
    const reference = compare(stock, stock, classes);
    show(columns(accuracyCells(bytes === original ? 'stock' : 'reference', reference)));
    const rows: AccuracyRow[] = [];
    const onAnswers = (answers: Answers) => {
      const row = compare(stock, answers, classes);
      rows.push(row);
      show(rowText(row));
    };
    await evaluate(bytes, samples, arithmetics, { ...options, onAnswers });
    return { reference, rows };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  } finally {
    progress.end();
  }
}

const WIDTHS = [-16, 8, 8, 8, 18, 9, 7, 7, 10] as const;
const HEADER = columns(['arithmetic', 'right', 'top-1', 'change', '95 %', 'changed', 'lost', 'won', 'p']);

/** Rows come one by one, so that their widths are fixed. */
function columns(cells: readonly string[]): string {
  return cells
    .map((cell, i) => {
      const width = WIDTHS[i] ?? 0;
      return width < 0 ? cell.padEnd(-width) : cell.padStart(width);
    })
    .join('')
    .trimEnd();
}

function accuracyCells(name: string, { right, accuracy: fraction }: AccuracyRow): readonly string[] {
  return [name, `${right}`, (100 * fraction).toFixed(2)];
}

function rowText(row: AccuracyRow): string {
  const { change } = row;
  const { low, high } = change.interval;
  return columns([
    ...accuracyCells(describeArithmetic(row.arithmetic), row),
    points(change.accuracy),
    `${points(low)} .. ${points(high)}`,
    `${change.predictions}`,
    `${change.rightToWrong}`,
    `${change.wrongToRight}`,
    probability(change.probability),
  ]);
}

function probability(p: number): string {
  if (p < 1e-99) return '< 1e-99';
  return p < 0.001 ? p.toExponential(1) : p.toPrecision(2);
}

function points(fraction: number): string {
  const text = (100 * fraction).toFixed(2);
  return fraction > 0 ? `+${text}` : text;
}
