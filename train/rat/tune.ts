/**
 * Rescale-Aware Training (section II-C of the paper): weights and biases of a quantized model are moved so that it is
 * right with k-bit multipliers. The forward pass is the integer inference itself, so what training sees is what the
 * hardware computes; scales, zero points and multipliers stay as they are.
 */
import { createHash } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import type { Samples } from '../../accuracy/index.ts';
import type { Arithmetic } from '../../infer/arithmetic.ts';
import { loadKernels } from '../../infer/index.ts';
import { readModel } from '../../litert/index.ts';
import { contentKey, keep, lookUp } from '../../tools/cache.ts';
import type { Augmentation } from '../augment.ts';
import { loadTrainingKernels } from '../kernels.ts';
import type { Loss } from '../loss.ts';
import { cosine } from '../schedule.ts';
import { compensated } from './compensate.ts';
import { openExamples } from './examples.ts';
import { logitsOf } from './logits.ts';
import { descend, descendAdaptively, type OptimizerName } from './optimizer.ts';
import { integersOf, parametersOf, parameterUnits, parameterValues } from './parameters.ts';
import { redeploy } from './redeploy.ts';
import { prepareTrainee } from './trainee.ts';
import { startTrainees } from './trainees.ts';

export interface TuningOptions {
  readonly arithmetic: Arithmetic;
  readonly loss: Loss;
  readonly epochs: number;
  /** Examples between two steps. */
  readonly batch: number;
  readonly optimizer: OptimizerName;
  /**
   * Of the real weights, or with Adam of the root mean square of each tensor; at the beginning: it falls to 0 along half
   * a cosine.
   */
  readonly learningRate: number;
  readonly momentum: number;
  /** Longest gradient that is followed, see `OptimizerStep`. */
  readonly gradientLimit: number;
  readonly augmentation: Augmentation;
  /** Where training begins: with the weights of the file, or with those that make up for Mq, see `compensated`. */
  readonly start: 'file' | 'compensated';
  readonly seed: number;
}

export interface TuningRun {
  readonly threads: number;
  /** Where a run is kept so that it can go on; `false`: nowhere. */
  readonly cacheDirectory: string | false;
  /** Before the first step. @param done steps of an earlier run */
  readonly onStart?: (done: number, steps: number) => void;
  /** After each step. @param loss mean of its examples */
  readonly onStep?: (loss: number) => void;
  /** After each epoch, those of an earlier run too. Training waits. */
  readonly onEpoch?: (epoch: TunedEpoch) => Promise<void>;
}

export interface TunedEpoch {
  /** From 1. */
  readonly epoch: number;
  /** Mean over its examples, as they were seen. */
  readonly loss: number;
  /** Examples that were right before the step that they belong to, 0..1. */
  readonly accuracy: number;
  /** A `.tflite` file: the model as it is now. */
  readonly file: Uint8Array;
}

export interface Tuned {
  readonly epochs: readonly TunedEpoch[];
  /** Why training stopped before its end; the epochs before are whole. */
  readonly diverged: string | undefined;
}

/** All that a run is made of between two steps. */
interface State {
  /** One a step. */
  readonly steps: { readonly loss: number; readonly right: number; readonly examples: number }[];
  /** Integers of all parameters after each epoch. */
  readonly epochs: Int32Array[];
  readonly values: Float64Array;
  readonly velocity: Float64Array;
  readonly squares: Float64Array;
}

/** Part of every key; to be changed with anything that changes what is learned. */
const REVISION = 'rat 3';

/** How long a run goes on without being kept. */
const KEEP_MS = 60_000;

/**
 * What cannot be trained is refused before the first step.
 *
 * @param file a `.tflite` file
 * @throws RangeError, naming the operator, where it has no gradient or cannot run under the arithmetic, and where
 *   a sample has a class that the model does not have
 * @throws ModelError where tensors share their bytes, so that one cannot change without the other
 * @throws DataError where a sample cannot be read
 */
export async function tune(
  file: Uint8Array,
  samples: Samples,
  options: TuningOptions,
  run: TuningRun,
): Promise<Tuned> {
  const model = readModel(file);
  const parameters = parametersOf(model);
  const [input] = model.inputs;
  const [kernels, trainingKernels] = await Promise.all([loadKernels(), loadTrainingKernels()]);
  const { arithmetic, loss } = options;
  const trainee = { file, arithmetic, loss, kernels, trainingKernels };
  prepareTrainee(trainee);
  const asFiled = parameterValues(parameters);
  redeploy(file, parameters, integersOf(parameters, asFiled));
  if (input === undefined) throw new RangeError('the model has no input');
  const examples = await openExamples(input, samples, options);
  const key = contentKey([REVISION, sha256(file), examples.hash, JSON.stringify(options)]);
  const state: State = restored(await lookUp(run.cacheDirectory, key)) ?? {
    steps: [],
    epochs: [],
    values: options.start === 'file' ? asFiled : compensated(parameters, asFiled, arithmetic),
    velocity: new Float64Array(parameters.size),
    squares: new Float64Array(parameters.size),
  };
  const total = options.epochs * examples.stepsPerEpoch;
  run.onStart?.(state.steps.length, total);
  const epochs: TunedEpoch[] = [];
  const endEpoch = async (integers: Int32Array) => {
    const first = epochs.length * examples.stepsPerEpoch;
    const seen = state.steps.slice(first, first + examples.stepsPerEpoch);
    const epoch = { ...meanOf(seen), epoch: epochs.length + 1, file: redeploy(file, parameters, integers) };
    epochs.push(epoch);
    await run.onEpoch?.(epoch);
  };
  for (const integers of state.epochs) await endEpoch(integers);
  if (state.steps.length === total) return { epochs, diverged: undefined };

  const units = parameterUnits(parameters);
  const classes = logitsOf(model).tensor.size;
  const trainees = startTrainees(trainee, parameters.size, run.threads);
  let kept = performance.now();
  try {
    while (state.steps.length < total) {
      const done = state.steps.length;
      const batch = await examples.at(done);
      const integers = integersOf(parameters, state.values);
      const { gradient, ...step } = await trainees.learn(integers, batch);
      const rule = { ...options, learningRate: cosine(options.learningRate, done / total) };
      if (options.optimizer === 'sgd') descend(state, gradient, units, rule);
      else descendAdaptively(state, gradient, parameters, units, rule, done + 1);
      state.steps.push({ ...step, examples: batch.length });
      run.onStep?.(step.loss);
      const diverged = divergence(state, classes);
      if (diverged !== undefined) return { epochs, diverged };
      const isEnd = state.steps.length % examples.stepsPerEpoch === 0;
      if (isEnd) state.epochs.push(integersOf(parameters, state.values));
      if (isEnd || performance.now() - kept > KEEP_MS) {
        await keep(run.cacheDirectory, key, serialize(state));
        kept = performance.now();
      }
      if (isEnd) await endEpoch(integersOf(parameters, state.values));
    }
  } finally {
    await trainees.close();
  }
  return { epochs, diverged: undefined };
}

/** The cache has checked that it is what was kept. */
function restored(content: Uint8Array | undefined): State | undefined {
  return content && (deserialize(content) as State);
}

function meanOf(steps: State['steps']): { readonly loss: number; readonly accuracy: number } {
  const sum = (of: (step: State['steps'][number]) => number) =>
    steps.reduce((total, step) => total + of(step), 0);
  const examples = sum((step) => step.examples);
  return {
    loss: sum((step) => step.loss * step.examples) / examples,
    accuracy: sum(({ right }) => right) / examples,
  };
}

/** Steps over which a loss is averaged before it is judged. */
const WATCHED_STEPS = 50;

/** So many times the loss of the first step, and of guessing, is not noise any more. */
const DIVERGED = 1.5;

function divergence({ steps, values }: State, classes: number): string | undefined {
  const now = meanOf(steps.slice(-WATCHED_STEPS)).loss;
  const limit = DIVERGED * Math.max(Math.log(classes), meanOf(steps.slice(0, 1)).loss);
  if (now <= limit && values.every(Number.isFinite)) return undefined;
  return `after ${steps.length} steps the loss is ${now.toPrecision(3)}, above ${limit.toPrecision(3)}, ${DIVERGED} times that of the first step and of guessing`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
