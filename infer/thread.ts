/** What a thread of threads.ts runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Program, prepare } from './program.ts';
import type { Answer, Task, ThreadData } from './threads.ts';

const { model, kernels } = workerData as ThreadData;

/** Of the last arithmetic; the next is usually the same. */
let program: Program | undefined;

parentPort?.on('message', (task: Task) => {
  parentPort?.postMessage(answer(task));
});

function answer({ arithmetic, runs }: Task): Answer {
  try {
    if (program === undefined || JSON.stringify(program.arithmetic) !== JSON.stringify(arithmetic)) {
      program = prepare(model, arithmetic, kernels);
    }
    const { run } = program;
    return { outputs: runs.map((inputs) => run(inputs)) };
  } catch (error) {
    if (error instanceof RangeError) return { refused: error.message };
    throw error;
  }
}
