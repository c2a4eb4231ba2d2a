/**
 * Tasks on processes of their own, which stay warm from task to task: WebAssembly tools are loaded once in
 * each. A process that dies costs the task that it had, and another takes its place.
 */
import { type ChildProcess, fork } from 'node:child_process';

/** What a task comes to: its result, or how its process ended before there was one. */
export type TaskOutcome<Result> = { readonly result: Result } | { readonly died: string };

/**
 * Runs every task, `jobs` at a time, in their order.
 *
 * @param module what a process runs; it calls {@link serve}
 * @param onEnd called as each task ends; the next one of the same process waits for it
 */
export async function runOnWorkers<Task, Result>(
  module: URL,
  tasks: readonly Task[],
  jobs: number,
  onEnd: (task: Task, outcome: TaskOutcome<Result>) => Promise<void>,
): Promise<void> {
  const queue = tasks.values();
  const running = new Set<ChildProcess>();
  // By SIGTERM, so that a worker that runs native tools ends them and removes its files; one inside
  // WebAssembly has no handler and ends at once.
  const killAll = () => {
    for (const worker of running) worker.kill('SIGTERM');
  };
  process.once('exit', killAll);

  const lane = async () => {
    let worker: ChildProcess | undefined;
    // All lanes take from the one queue.
    for (const task of queue) {
      if (worker === undefined || !running.has(worker)) worker = start(module, running);
      await onEnd(task, await runTask<Task, Result>(worker, task));
    }
    worker?.kill();
  };
  try {
    await Promise.all(Array.from({ length: Math.min(jobs, tasks.length) }, lane));
  } finally {
    process.off('exit', killAll);
    killAll();
  }
}

/**
 * The worker's side: answers each task with the handler's result. A handler that throws ends the process, and so does
 * the death of the process that wanted the answers, quietly.
 */
export function serve<Task, Result>(handler: (task: Task) => Promise<Result>): void {
  process.once('disconnect', () => process.exit());
  process.on('message', async ({ task }: { readonly task: Task }) => {
    // After a long task the answer may fail before the disconnection is seen; without a callback that would throw.
    process.send?.({ result: await handler(task) }, undefined, undefined, () => undefined);
  });
}

function start(module: URL, running: Set<ChildProcess>): ChildProcess {
  const worker = fork(module, { execArgv: [], serialization: 'advanced' });
  running.add(worker);
  worker.once('exit', () => running.delete(worker));
  return worker;
}

function runTask<Task, Result>(worker: ChildProcess, task: Task): Promise<TaskOutcome<Result>> {
  return new Promise((resolve) => {
    const end = (outcome: TaskOutcome<Result>) => {
      worker.off('message', answer).off('exit', exit).off('error', fail);
      resolve(outcome);
    };
    const answer = (message: unknown) => end(message as { readonly result: Result });
    const exit = (code: number | null, signal: NodeJS.Signals | null) =>
      end({ died: `process ${worker.pid} ended with ${signal ?? `exit code ${code}`}` });
    const fail = (error: Error) => end({ died: `process ${worker.pid ?? ''} failed: ${error.message}` });
    worker.on('message', answer).on('exit', exit).on('error', fail);
    // A failure to send is followed by an exit.
    worker.send({ task } as object, () => undefined);
  });
}
