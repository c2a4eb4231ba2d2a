import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { runOnWorkers, type TaskOutcome } from '../../tools/worker-pool.ts';

const MODULE = new URL('./echo-worker.mjs', import.meta.url);

interface Answer {
  readonly task: string;
  readonly pid: number;
}

async function outcomes(tasks: readonly string[], jobs: number) {
  const ended = new Map<string, TaskOutcome<Answer>>();
  await runOnWorkers<string, Answer>(MODULE, tasks, jobs, async (task, outcome) => {
    ended.set(task, outcome);
  });
  return ended;
}

// Workers import TypeScript files.
describe.skipIf(!process.features.typescript)('workers', () => {
  test('stay warm, and there are no more than asked for', async () => {
    const tasks = ['a', 'b', 'c', 'd', 'e'];
    const ended = [...(await outcomes(tasks, 2)).values()];
    const answers = ended.flatMap((outcome) => ('result' in outcome ? [outcome.result] : []));
    expect(answers.map(({ task }) => task).toSorted()).toEqual(tasks);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBeLessThanOrEqual(2);
  });

  test('that die cost their task only, and are named', async () => {
    const ended = await outcomes(['kill', 'a', 'exit', 'b'], 1);
    expect(ended.get('kill')).toEqual({ died: expect.stringMatching(/^process \d+ ended with SIGKILL$/) });
    expect(ended.get('exit')).toEqual({
      died: expect.stringMatching(/^process \d+ ended with exit code 3$/),
    });
    for (const task of ['a', 'b']) expect(ended.get(task)).toMatchObject({ result: { task } });
  });

  test('no tasks, no workers', async () => {
    expect((await outcomes([], 4)).size).toBe(0);
  });

  test.each([
    // A task that lets signals and disconnections through, and one that does not.
    ['hang', 'SIGTERM', [143, null]],
    ['busy', 'SIGKILL', [null, 'SIGKILL']],
    ['hang', 'SIGKILL', [null, 'SIGKILL']],
  ] as const)(
    'end quietly with the process that started them: %s, %s',
    async (task, signal, ending) => {
      const pool = new URL('../../tools/worker-pool.ts', import.meta.url);
      const script = `
      import { runOnWorkers } from ${JSON.stringify(pool.href)};
      process.once('SIGTERM', () => process.exit(143));
      await runOnWorkers(new URL(${JSON.stringify(MODULE.href)}), ['${task}'], 1, async () => {});`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      await once(child.stdout, 'data');
      const closed = once(child, 'close');
      child.kill(signal);
      // The worker holds the other end of the pipes as long as it lives, which may be a minute.
      expect(await closed).toEqual(ending);
      expect(stderr).toBe('');
    },
    20_000,
  );
});
