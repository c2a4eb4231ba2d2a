/**
 * Many inputs through one model, on worker threads: each has a program of its own, and takes the next few inputs
 * when it is done with the last. Threads, as the model and the compiled kernels reach them without a file and
 * start in milliseconds.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Model } from '../litert/index.ts';
import { ask } from '../tools/threads.ts';
import type { Arithmetic } from './arithmetic.ts';
import type { KernelModule } from './fast/kernels.ts';
import { loadKernels } from './fast/load-kernels.ts';
import type { Elements } from './values.ts';

export interface Threads {
  /**
   * The outputs of every run, in the order of their inputs. One call at a time.
   *
   * @param runs the inputs of each run, as `Program.run` takes them
   * @param onProgress called with the number of runs that are done
   *
   * Throws what `prepare` and `Program.run` throw.
   */
  run(
    arithmetic: Arithmetic,
    runs: readonly (readonly Elements[])[],
    onProgress?: (done: number) => void,
  ): Promise<readonly (readonly Elements[])[]>;
  /** Ends the threads; without it they keep the process alive. */
  close(): Promise<void>;
}

/** What a thread is started with, */
export interface ThreadData {
  readonly model: Model;
  readonly kernels: KernelModule;
}

/** what it is asked, */
export interface Task {
  readonly arithmetic: Arithmetic;
  readonly runs: readonly (readonly Elements[])[];
}

/** and what it answers. */
export type Answer = { readonly outputs: readonly (readonly Elements[])[] } | { readonly refused: string };

/** Runs between two messages: enough that a message costs nothing, few enough that threads end together. */
const RUNS_PER_TASK = 16;

/**
 * @param threads how many, at least 1
 * @param kernels those of `loadKernels` if not given
 */
export async function startThreads(
  model: Model,
  threads: number = availableParallelism(),
  kernels?: KernelModule,
): Promise<Threads> {
  const workerData: ThreadData = { model, kernels: kernels ?? (await loadKernels()) };
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const file = new URL(`./thread${extension}`, import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(file, { workerData, execArgv: [] }));
  return {
    async run(arithmetic, runs, onProgress) {
      const outputs: (readonly Elements[])[] = [];
      let done = 0;
      // All lanes take from the one queue; a failure empties it.
      const starts = Array.from(
        { length: Math.ceil(runs.length / RUNS_PER_TASK) },
        (_, i) => i * RUNS_PER_TASK,
      );
      const lane = async (worker: Worker) => {
        for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
          const some = runs.slice(start, start + RUNS_PER_TASK);
          const task: Task = { arithmetic, runs: some };
          const answer = await ask<Answer>(worker, task);
          if ('refused' in answer) throw new RangeError(answer.refused);
          answer.outputs.forEach((result, i) => {
            outputs[start + i] = result;
          });
          done += some.length;
          onProgress?.(done);
        }
      };
      try {
        await Promise.all(workers.map(lane));
      } catch (error) {
        starts.length = 0;
        throw error;
      }
      return outputs;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
