/** `rat` as people run it: what it prints and writes, and what it says of bad input. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModel } from '../../litert/index.ts';
import { modelWithoutGradient, smallModel, smallSamples } from './small-model.ts';

const CLI = fileURLToPath(new URL('../../cli/npu-rescaler.ts', import.meta.url));

let folder = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rat-test-'));
  writeFileSync(join(folder, 'model.tflite'), smallModel(9));
  writeFileSync(join(folder, 'no-gradient.tflite'), modelWithoutGradient());
  const samples = smallSamples(120, 3);
  writeFileSync(
    join(folder, 'inputs.raw'),
    Buffer.concat((await samples.load(0, samples.count)).map((input) => Buffer.from(input))),
  );
  writeFileSync(join(folder, 'labels.txt'), `${samples.classes?.join('\n')}\n`);
  writeFileSync(
    join(folder, 'wrong-labels.txt'),
    `${samples.classes?.map((label) => label + 2).join('\n')}\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

const options = () =>
  ({
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NPU_RESCALER_CACHE: join(folder, 'cache') },
  }) as const;

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], options());
  return { code: status, stdout, stderr };
}

const LEARN = ['rat', '--model', 'model.tflite', '--data', 'inputs.raw', '--multiplier', 'truncate'];
const LABELS = ['--labels', 'labels.txt'];
const FAST = ['--learning-rate', '0.003', '--batch', '16', '--threads', '1'];

test('trains for several k, writes the models and a report', () => {
  const args = [
    ...LEARN,
    ...LABELS,
    ...FAST,
    '--k',
    '1,2',
    '--test-every',
    '4',
    '--out',
    'tuned.tflite',
    '--report',
    'report',
  ];
  const { code, stdout, stderr } = run(...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toContain('learning from 90 of 120 tensors, judged by 30 of 120 tensors');
  expect(stdout.match(/^epoch \d: loss \d/gm)).toHaveLength(4);
  for (const k of [1, 2]) {
    const tuned = readModel(readFileSync(join(folder, `tuned-k${k}.tflite`)));
    expect(tuned.operators.map(({ op }) => op)).toContain('ADD');
  }
  expect(readdirSync(join(folder, 'report')).toSorted()).toEqual(['rat.json', 'rat.md', 'rat.svg']);
  const report = readFileSync(join(folder, 'report/rat.md'), 'utf8');
  expect(report).toContain('| original, stock |');
  expect(report).toContain('| trained, epoch 2 |');
  const json = JSON.parse(readFileSync(join(folder, 'report/rat.json'), 'utf8'));
  expect(json.results.map((result: { arithmetic: unknown }) => result.arithmetic)).toEqual([
    { k: 1, rounding: 'truncate', scope: 'all' },
    { k: 2, rounding: 'truncate', scope: 'all' },
  ]);

  // What was reported is what `accuracy` finds for the file that was written.
  const last = json.results[0].epochs.at(-1);
  const all = run(
    'accuracy',
    '--model',
    'tuned-k1.tflite',
    ...['--data', 'inputs.raw'],
    ...LABELS,
    ...['--k', '1'],
    ...['--multiplier', 'truncate', '--scope', 'all', '--json'],
  );
  const right = JSON.parse(all.stdout).rows[0].right;
  expect(last.row.samples).toBe(30);
  expect(right).toBeGreaterThanOrEqual(last.row.right);
  expect(right).toBeLessThanOrEqual(last.row.right + 90);
});

test('without labels it learns from the stock model, and --json is all that is printed', () => {
  const { code, stdout } = run(
    ...LEARN,
    ...FAST,
    '--k',
    '2',
    '--epochs',
    '1',
    '--out',
    'distilled.tflite',
    '--json',
  );
  expect(code).toBe(0);
  const { results, written } = JSON.parse(stdout);
  expect(results[0].epochs[0]).toMatchObject({ epoch: 1, changes: { total: { layers: 3 } } });
  expect(results[0].epochs[0].file).toBeUndefined();
  expect(written.map((path: string) => path.split('/').at(-1))).toEqual(['distilled.tflite']);
});

test('an interrupted run leaves no file, goes on, and comes to the same', async () => {
  const args = [...LEARN, ...LABELS, ...FAST, '--k', '3', '--epochs', '60', '--out', 'resumed.tflite'];
  const child = spawn(process.execPath, [CLI, ...args], { ...options(), stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      if (`${text}`.includes('epoch 3:')) resolve();
    });
  });
  child.kill('SIGINT');
  await new Promise((resolve) => child.on('exit', resolve));
  expect(existsSync(join(folder, 'resumed.tflite'))).toBe(false);
  const second = run(...args);
  expect(second.code).toBe(0);
  expect(second.stdout).toMatch(/going on after \d+ of 480 steps/);
  run(...args.slice(0, -1), 'straight.tflite', '--no-cache');
  expect(readFileSync(join(folder, 'resumed.tflite'))).toEqual(readFileSync(join(folder, 'straight.tflite')));
});

describe('bad input is one line, exit code 2, and no file', () => {
  const OUT = ['--out', 'bad.tflite'];
  test.each([
    [
      'a class that the model does not have',
      [...LEARN, '--labels', 'wrong-labels.txt', ...OUT],
      'has class 4, but the model has 4, 0..3; check the labels',
    ],
    [
      'labels to learn, but none there',
      [...LEARN, '--loss', 'labels', ...OUT],
      '120 tensors have no classes to learn; name them with --labels, or take --loss distillation',
    ],
    [
      'an operator without gradient',
      [...LEARN.with(2, 'no-gradient.tflite'), ...LABELS, ...OUT],
      'no-gradient.tflite: operator 6 (SOFTMAX) has no gradient',
    ],
    ['data that do not fit', [...LEARN.with(4, 'labels.txt'), ...OUT], 'are not a multiple of the model'],
    [
      'nothing to judge by',
      [...LEARN, '--test-every', '2', ...OUT],
      'have no classes to be judged by; name them with --labels',
    ],
    [
      'two ways to judge',
      [...LEARN, ...LABELS, '--test', 'inputs.raw', '--test-every', '2', ...OUT],
      '--test and --test-every exclude each other',
    ],
    [
      'a learning rate of 0',
      [...LEARN, '--learning-rate', '0', ...OUT],
      'learning-rate = 0 is outside (0, 10] (--learning-rate)',
    ],
    [
      'a rate that is none',
      [...LEARN, '--learning-rate', 'low', ...OUT],
      'learning-rate = low is not a number, (0, 10] (--learning-rate)',
    ],
    ['k outside', [...LEARN, '--k', '40', ...OUT], 'k = 40 is outside 1..32 (--k)'],
    ['a folder that cannot be made', [...LEARN, '--out', 'labels.txt/x/bad.tflite'], 'cannot write to'],
    [
      'a run that diverges',
      [
        ...LEARN,
        ...LABELS,
        '--learning-rate',
        '10',
        '--gradient-limit',
        '1e9',
        '--epochs',
        '4',
        '--batch',
        '8',
        ...OUT,
      ],
      'diverged: after',
    ],
  ])('%s', (_name, args, message) => {
    const { code, stderr } = run(...args);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
    expect(existsSync(join(folder, 'bad.tflite'))).toBe(false);
  });
});
