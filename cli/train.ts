/** `npu-rescaler train`: a network of our own, from images to a file. */
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname } from 'node:path';
import { Command } from 'commander';
import { compare, evaluate, samplesOf } from '../accuracy/index.ts';
import { DATASET_NAMES, type Dataset, type DatasetName, loadDataset } from '../datasets/index.ts';
import { loadKernels, prepare } from '../infer/index.ts';
import { readModel } from '../litert/index.ts';
import {
  type Checkpoint,
  CheckpointError,
  createRunner,
  DivergenceError,
  decodeCheckpoint,
  type EpochReport,
  encodeCheckpoint,
  MODEL_NAMES,
  type ModelName,
  recipeFor,
  type Settings,
  type StepProgress,
  TrainingError,
  train as trainNetwork,
} from '../train/float/index.ts';
import { loadTrainingKernels } from '../train/kernels.ts';
import { imagesFrom, layerFidelity, quantizedFile } from '../train/quantize/index.ts';
import { UsageError } from './failure.ts';
import { requireWritable, writeFiles } from './files.ts';
import { integer, oneOf, place, single } from './options.ts';
import { duration } from './progress.ts';
import { orDataError } from './samples.ts';
import { alignedLines } from './table.ts';

interface TrainFlags {
  readonly dataset: DatasetName;
  readonly model: ModelName;
  readonly epochs?: number;
  readonly seed: number;
  readonly threads: number;
  readonly out?: string;
  readonly restart?: true;
  readonly json?: true;
}

const EPOCHS = integer('epochs', { minimum: 1, maximum: 10_000 });
const SEED = integer('seed', { minimum: 0, maximum: 2 ** 31 - 1 });
const THREADS = integer('threads', { minimum: 1, maximum: 256 });

/** Test images that float and int8 are compared on, layer by layer. */
const COMPARED_IMAGES = 100;

export const train = new Command('train')
  .summary('train a small network')
  .description(
    'Trains a network in float on a data set that `npu-rescaler data` has fetched, quantizes it to int8 in LiteRT’s scheme and writes it as a .tflite file; its input is the pixel less 128. The same seed gives the same network, whatever the number of threads and on every machine. After each epoch a checkpoint is written beside the result; an interrupted run goes on from there and ends with the same network.',
  )
  .addOption(single(oneOf('dataset', DATASET_NAMES), 'what to train on').makeOptionMandatory())
  .addOption(single(oneOf('model', MODEL_NAMES), 'which network').makeOptionMandatory())
  .addOption(single(EPOCHS, 'times through the training images (default: what the model needs)'))
  .addOption(single(SEED, 'of initial weights, order and variations of the images').default(1))
  .addOption(single(THREADS, 'worker threads').default(availableParallelism()))
  .addOption(single(place('out', 'file'), 'where the network goes (default: <model>-<dataset>.tflite)'))
  .option('--restart', 'begin again where there is a checkpoint of an earlier run')
  .option('--json', 'print the results as JSON')
  .addHelpText('after', '\nExample:\n  npu-rescaler train --dataset fashion-mnist --model small-cnn')
  .action(run);

async function run(flags: TrainFlags): Promise<void> {
  const { model, dataset: name, seed, threads, json } = flags;
  const out = flags.out ?? `${model}-${name}.tflite`;
  const recipe = recipeFor(model, name);
  const settings: Settings = { model, seed, ...recipe, epochs: flags.epochs ?? recipe.epochs };
  const path = `${out}.checkpoint`;
  const from = flags.restart ? undefined : readCheckpoint(path, settings, name);
  requireWritable(dirname(out));
  const dataset = await orDataError(() => loadDataset(name));
  const display = new Display(settings, from?.history ?? [], json === true);
  const { network, checkpoint } = await orUsageError(
    () =>
      trainNetwork(dataset, settings, {
        threads,
        ...(from && { from }),
        onStep: (progress) => display.step(progress),
        onEpoch(report, now) {
          writeFiles(dirname(path), [{ name: basename(path), bytes: encodeCheckpoint(now) }]);
          display.epoch(report);
        },
      }),
    () => (existsSync(path) ? `; the network of the last epoch before that is in ${path}` : ''),
  );
  const runner = createRunner(network, await loadTrainingKernels());
  const file = quantizedFile(network, runner, dataset.train);
  const program = prepare(readModel(file), 'stock', await loadKernels());
  const layers = layerFidelity(network, program, runner, imagesFrom(dataset.test, COMPARED_IMAGES));
  const accuracy = await int8Accuracy(file, dataset, threads);
  const written = writeFiles(dirname(out), [{ name: basename(out), bytes: file }]);
  const { history } = checkpoint;
  if (json)
    console.log(JSON.stringify({ settings, history, int8: { accuracy, layers }, written }, undefined, 2));
  else {
    const float = history.at(-1)?.testAccuracy ?? Number.NaN;
    const rows = layers.map(({ layer, kind, sqnrDb }) => [`${layer}`, kind, sqnrDb.toFixed(1)]);
    const table = alignedLines([['#', 'layer', 'SQNR in dB'], ...rows], ['right', 'left', 'right']);
    console.log(`int8 against float, layer by layer:\n${table.join('\n')}`);
    console.log(
      `test images right: ${percent(float)} in float, ${percent(accuracy)} in int8 with stock arithmetic`,
    );
    for (const one of written) console.log(`wrote ${one}`);
  }
}

/** Of the file as it is written, by the integer inference, on the test images. */
async function int8Accuracy(
  file: Uint8Array,
  { name, shape, test }: Dataset,
  threads: number,
): Promise<number> {
  const pixels = { ...test, shape, description: name };
  const samples = samplesOf(readModel(file), pixels, { fit: { kind: 'stretch' } });
  const [stock] = await evaluate(file, samples, ['stock'], { threads, cacheDirectory: false });
  if (stock === undefined) throw new Error('no answers');
  return compare(stock, stock, [...test.labels]).accuracy;
}

/** @throws UsageError where there is a checkpoint, but not one to go on from */
function readCheckpoint(path: string, settings: Settings, dataset: string): Checkpoint | undefined {
  if (!existsSync(path)) return undefined;
  const remedy = 'begin again with --restart, or name another file with --out';
  const checkpoint = orRemedy(() => decodeCheckpoint(readFileSync(path)), path, remedy);
  const was = JSON.stringify({ dataset: checkpoint.dataset, ...checkpoint.settings });
  const is = JSON.stringify({ dataset, ...settings });
  if (was === is) return checkpoint;
  throw new UsageError(`${path} is from a run with ${was} instead of ${is}; ${remedy}`);
}

function orRemedy<T>(read: () => T, path: string, remedy: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CheckpointError) throw new UsageError(`${path}: ${error.message}; ${remedy}`);
    throw error;
  }
}

async function orUsageError<T>(work: () => Promise<T>, kept: () => string): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DivergenceError) throw new UsageError(`${error.message}${kept()}`);
    if (error instanceof TrainingError) throw new UsageError(error.message);
    throw error;
  }
}

/** A line an epoch, and on a terminal one that is rewritten after each batch. */
class Display {
  readonly #settings: Settings;
  readonly #quiet: boolean;
  readonly #started = performance.now();
  /** Steps that were done before this run. */
  #stepsBefore: number | undefined;
  /** Done in this run. */
  #epochs = 0;

  constructor(settings: Settings, history: readonly EpochReport[], quiet: boolean) {
    this.#settings = settings;
    this.#quiet = quiet;
    const first = history.length + 1;
    if (first > 1 && first <= settings.epochs)
      this.#line(`goes on with epoch ${first} of ${settings.epochs}`);
  }

  step({ step, steps, loss, accuracy }: StepProgress): void {
    this.#stepsBefore ??= step - 1;
    if (!process.stderr.isTTY || this.#quiet) return;
    const done = step - this.#stepsBefore;
    const left = ((performance.now() - this.#started) / 1000 / done) * (steps - step);
    process.stderr.write(
      `\r\x1b[Kbatch ${step} of ${steps}, loss ${loss.toFixed(4)}, ${percent(accuracy)} right, ${duration(left)} left`,
    );
  }

  epoch({ epoch, trainLoss, trainAccuracy, testAccuracy }: EpochReport): void {
    const { epochs } = this.#settings;
    const seconds = (performance.now() - this.#started) / 1000;
    this.#epochs += 1;
    const left = (seconds / this.#epochs) * (epochs - epoch);
    this.#line(
      `epoch ${epoch} of ${epochs}: loss ${trainLoss.toFixed(4)}, ${percent(trainAccuracy)} of training images right, ${percent(testAccuracy)} of test images; ${duration(seconds)}${left > 0 ? `, ${duration(left)} left` : ''}`,
    );
  }

  #line(text: string): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    if (!this.#quiet) console.log(text);
  }
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
