/**
 * Worker threads that train together: each takes the next shard of a batch when it is done with the last. What comes
 * out depends on the shards only, not on who took which, or how many threads there are.
 */
import { Worker } from 'node:worker_threads';
import type { LabelledImages } from '../../datasets/index.ts';
import { ask } from '../../tools/threads.ts';
import type { WasmModule } from '../../tools/wasm.ts';
import type { BatchLoss } from './batch-loss.ts';
import type { Architecture, FloatNetwork } from './network.ts';
import type { Parameters } from './parameters.ts';
import type { Settings } from './settings.ts';

export interface TrainingThreads {
  /**
   * Loss and gradient of a batch, with what `parameters` holds.
   *
   * @param images of the training set, as many as a batch has
   */
  train(epoch: number, images: Uint32Array): Promise<BatchGradient>;
  /** Loss and hits of a network on all test images. */
  evaluate(network: FloatNetwork): Promise<BatchLoss>;
  /** Ends the threads; without it they keep the process alive. */
  close(): Promise<void>;
}

export interface BatchGradient extends BatchLoss {
  /** Of the mean loss. */
  readonly gradients: Float32Array;
  /** Mean and variance of normalized layers: the means over the shards. */
  readonly statistics: Float32Array;
}

/** What a thread is started with; images, parameters and slots are in memory that all threads share, */
export interface ThreadData {
  readonly architecture: Architecture;
  readonly settings: Settings;
  readonly module: WasmModule;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly parameters: Float32Array;
  readonly slots: readonly Slot[];
}

/** where a shard leaves what it comes to, */
interface Slot {
  readonly gradients: Float32Array;
  readonly statistics: Float32Array;
}

/** what a thread is asked, */
export type Task =
  | { readonly kind: 'train'; readonly epoch: number; readonly shard: number; readonly images: Uint32Array }
  | {
      readonly kind: 'evaluate';
      readonly filters: FloatNetwork['filters'];
      readonly start: number;
      readonly end: number;
    };

/** and what it answers. */
export type Answer = BatchLoss;

/** Images between two messages of an evaluation. */
const EVALUATED_TOGETHER = 500;

export interface TrainingData {
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/**
 * @param trained the parameters; every call sees them as they are then
 * @param threads at least 1
 */
export function startTrainingThreads(
  architecture: Architecture,
  settings: Settings,
  { train, test }: TrainingData,
  { trained, statistics }: Parameters,
  module: WasmModule,
  threads: number,
): TrainingThreads {
  const slots = Array.from({ length: settings.shards }, () => ({
    gradients: sharedFloats(trained.length),
    statistics: sharedFloats(statistics.length),
  }));
  const parameters = sharedFloats(trained.length);
  const workerData: ThreadData = {
    ...{ architecture, settings, module, parameters, slots },
    train: share(train),
    test: share(test),
  };
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const file = new URL(`./thread${extension}`, import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(file, { workerData, execArgv: [] }));

  /** Answers in the order of the tasks. */
  const runAll = async (tasks: readonly Task[]): Promise<readonly Answer[]> => {
    const answers: Answer[] = [];
    const queue = [...tasks.entries()];
    await Promise.all(
      workers.map(async (worker) => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const [index, task] = next;
          answers[index] = await ask<Answer>(worker, task);
        }
      }),
    );
    return answers;
  };
  const gradients = new Float32Array(trained.length);
  const means = new Float32Array(statistics.length);
  return {
    async train(epoch, images) {
      parameters.set(trained);
      const { shardImages, shards } = settings;
      const answers = await runAll(
        slots.map((_, shard) => ({
          ...({ kind: 'train', epoch, shard } as const),
          images: images.slice(shard * shardImages, (shard + 1) * shardImages),
        })),
      );
      sumInOrder(
        slots.map((slot) => slot.gradients),
        1,
        gradients,
      );
      sumInOrder(
        slots.map((slot) => slot.statistics),
        1 / shards,
        means,
      );
      return { ...total(answers), gradients, statistics: means };
    },
    async evaluate({ filters }) {
      const starts = Array.from(
        { length: Math.ceil(test.count / EVALUATED_TOGETHER) },
        (_, i) => i * EVALUATED_TOGETHER,
      );
      const answers = await runAll(
        starts.map((start) => ({
          ...({ kind: 'evaluate', filters, start } as const),
          end: Math.min(start + EVALUATED_TOGETHER, test.count),
        })),
      );
      return total(answers);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function total(answers: readonly Answer[]): BatchLoss {
  return {
    loss: answers.reduce((sum, { loss }) => sum + loss, 0),
    right: answers.reduce((sum, { right }) => sum + right, 0),
  };
}

/** to = factor * (the first + the second + ...), rounded once. */
function sumInOrder(parts: readonly Float32Array[], factor: number, to: Float32Array): void {
  for (let i = 0; i < to.length; i += 1) {
    let sum = 0;
    for (const part of parts) sum += part[i] ?? 0;
    to[i] = factor * sum;
  }
}

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

function share({ count, images, labels }: LabelledImages): LabelledImages {
  const shared = (values: Uint8Array) => {
    const copy = new Uint8Array(new SharedArrayBuffer(values.length));
    copy.set(values);
    return copy;
  };
  return { count, images: shared(images), labels: shared(labels) };
}
