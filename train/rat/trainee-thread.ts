/** What a thread of trainees.ts runs. */
import { parentPort, workerData } from 'node:worker_threads';
import { prepareTrainee } from './trainee.ts';
import type { Answer, Task, ThreadData } from './trainees.ts';

const { options, values, gradients } = workerData as ThreadData;
const trainee = prepareTrainee(options);
const { size } = trainee.parameters;
let version = 0;

parentPort?.on('message', (task: Task) => {
  parentPort?.postMessage(answer(task));
});

function answer({ shard, version: wanted, examples }: Task): Answer {
  try {
    if (version !== wanted) trainee.assign(new Int32Array(values));
    version = wanted;
    return trainee.learn(examples, new Float32Array(gradients, 4 * size * shard, size));
  } catch (error) {
    if (error instanceof RangeError) return { refused: error.message };
    throw error;
  }
}
