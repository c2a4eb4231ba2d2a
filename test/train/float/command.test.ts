/** `npu-rescaler train` and bad input: one line, exit code 2, files as they were. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeCheckpoint, recipeFor } from '../../../train/float/index.ts';

const CLI = fileURLToPath(new URL('../../../cli/npu-rescaler.ts', import.meta.url));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'train-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function refusal(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [CLI, 'train', '--dataset', 'mnist', '--model', 'small-cnn', '--out', 'm.tflite', ...args],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NPU_RESCALER_CACHE: join(folder, 'cache') } },
  );
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^npu-rescaler: [^\n]*\n$/);
  return stderr;
}

test('a data set that has not been fetched: the command that fetches it', () => {
  expect(refusal()).toContain('fetch it with npx npu-rescaler data mnist');
  expect(readdirSync(folder)).toEqual(['cache']);
  // Nothing but what Node has compiled of the command itself.
  expect(readdirSync(join(folder, 'cache'))).toEqual(['code']);
});

test('a checkpoint that is damaged, or of another run, stays as it is', () => {
  const path = join(folder, 'm.tflite.checkpoint');
  const bytes = encodeCheckpoint({
    settings: { model: 'small-cnn', seed: 1, ...recipeFor('small-cnn', 'mnist') },
    dataset: 'mnist',
    history: [],
    trained: new Float32Array(),
    velocity: new Float32Array(),
    statistics: new Float32Array(),
  });
  writeFileSync(path, bytes.subarray(0, -1));
  expect(refusal()).toMatch(/m\.tflite\.checkpoint: it was cut short or damaged; begin again with --restart/);
  writeFileSync(path, bytes);
  expect(refusal('--seed', '2')).toMatch(/is from a run with .*"seed":1.* instead of .*"seed":2.*--restart/);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('numbers out of range, and names that are none', () => {
  expect(refusal('--epochs', '0')).toContain('epochs = 0 is outside 1..10000 (--epochs)');
  expect(refusal('--model', 'lenet')).toContain(
    'model = lenet is outside {small-cnn, small-dscnn, resnet8} (--model)',
  );
});
