/**
 * Trainees on worker threads. A batch is always cut into the same shards, whose gradients are added in their order: what
 * is learned does not depend on the number of threads.
 */
import { Worker } from 'node:worker_threads';
import { ask } from '../../tools/threads.ts';
import type { Example, Learned, TraineeOptions } from './trainee.ts';

/** Shards of a batch; more threads find nothing to do. */
export const SHARDS = 8;

export interface Trainees {
  /**
   * Runs a batch forward and back.
   *
   * @param values the integers of all parameters
   * @returns the mean gradient, the trainees' own array; and the mean loss
   *
   * Throws RangeError where an example does not fit the model.
   */
  learn(
    values: Int32Array,
    batch: readonly Example[],
  ): Promise<{ readonly gradient: Float32Array } & Learned>;
  close(): Promise<void>;
}

/** What a thread is started with, */
export interface ThreadData {
  readonly options: TraineeOptions;
  /** int32, integers of all parameters. */
  readonly values: SharedArrayBuffer;
  /** float32, [SHARDS][parameters]. */
  readonly gradients: SharedArrayBuffer;
}

/** what it is asked, */
export interface Task {
  readonly shard: number;
  /** Of the values: if another than the last, they have changed. */
  readonly version: number;
  readonly examples: readonly Example[];
}

/** and what it answers. */
export type Answer = Learned | { readonly refused: string };

/** @param size of the vector of parameters */
export function startTrainees(options: TraineeOptions, size: number, threads: number): Trainees {
  const values = new SharedArrayBuffer(4 * size);
  const gradients = new SharedArrayBuffer(4 * size * SHARDS);
  const shared = new Int32Array(values);
  const sum = new Float32Array(size);
  const workerData: ThreadData = { options, values, gradients };
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const file = new URL(`./trainee-thread${extension}`, import.meta.url);
  const workers = Array.from(
    { length: Math.min(threads, SHARDS) },
    () => new Worker(file, { workerData, execArgv: [] }),
  );
  let version = 0;
  return {
    async learn(integers, batch) {
      shared.set(integers);
      version += 1;
      const tasks = shardsOf(batch).map((examples, shard): Task => ({ shard, version, examples }));
      const results = new Array<Learned>(tasks.length);
      // All lanes take from the one queue.
      const queue = tasks.values();
      const lane = async (worker: Worker) => {
        for (const task of queue) {
          const answer = await ask<Answer>(worker, task);
          if ('refused' in answer) throw new RangeError(answer.refused);
          results[task.shard] = answer;
        }
      };
      await Promise.all(workers.map(lane));
      sum.fill(0);
      for (const { shard } of tasks) {
        const one = new Float32Array(gradients, 4 * size * shard, size);
        for (let i = 0; i < size; i++) sum[i] = (sum[i] ?? 0) + (one[i] ?? 0);
      }
      for (let i = 0; i < size; i++) sum[i] = (sum[i] ?? 0) / batch.length;
      const loss = results.reduce((total, one) => total + one.loss, 0) / batch.length;
      return { gradient: sum, loss, right: results.reduce((total, one) => total + one.right, 0) };
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

/** Neighbours together; as even as can be, empty ones left out. */
function shardsOf<T>(batch: readonly T[]): readonly (readonly T[])[] {
  const count = Math.min(SHARDS, batch.length);
  return Array.from({ length: count }, (_, i) =>
    batch.slice(Math.floor((i * batch.length) / count), Math.floor(((i + 1) * batch.length) / count)),
  );
}
