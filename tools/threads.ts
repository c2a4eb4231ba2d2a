/** Worker threads that answer one message at a time. */
import type { Worker } from 'node:worker_threads';

/** Sends a task and waits for the answer. One at a time for each worker. @throws what ended the thread, instead */
export function ask<Answer>(worker: Worker, task: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const answered = (answer: Answer) => {
      stopListening();
      resolve(answer);
    };
    const failed = (error: Error) => {
      stopListening();
      reject(error);
    };
    const ended = (code: number) => failed(new Error(`a thread ended with exit code ${code}`));
    const stopListening = () => worker.off('message', answered).off('error', failed).off('exit', ended);
    worker.on('message', answered).on('error', failed).on('exit', ended);
    worker.postMessage(task);
  });
}
