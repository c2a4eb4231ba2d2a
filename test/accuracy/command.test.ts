/** The commands as people run them: what they print and write, and what they say of bad input. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { buildModel } from '../litert/build-model.ts';
import { modelFile, sharedPath, testWithShared } from '../support/shared.ts';

const CLI = fileURLToPath(new URL('../../cli/npu-rescaler.ts', import.meta.url));

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'accuracy-test-'));
  // y = x1, x2 with M = 0.7.
  writeFileSync(
    join(folder, 'model.tflite'),
    buildModel({
      tensors: [
        { shape: [1, 2], scales: [1], zeroPoints: [0] },
        { shape: [2, 2], scales: [0.7], data: Int8Array.of(1, 0, 0, 1) },
        { shape: [1, 2], scales: [1], zeroPoints: [0] },
      ],
      operators: [
        { code: 9, optionsType: 8, options: [{ slot: 0, int8: 0 }], inputs: [0, 1, -1], outputs: [2] },
      ],
      inputs: [0],
      outputs: [2],
    }),
  );
  writeFileSync(join(folder, 'inputs.raw'), Int8Array.of(9, 3, 1, 5, -7, 8, 20, 30));
  writeFileSync(join(folder, 'labels.txt'), '0\n1\n0\n1\n');
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: status, stdout, stderr };
}

const ACCURACY = [
  'accuracy',
  '--model',
  'model.tflite',
  '--data',
  'inputs.raw',
  '--labels',
  'labels.txt',
  '--no-cache',
];

describe('accuracy', () => {
  test('prints a row for each arithmetic, and writes csv, json and svg', () => {
    const { code, stdout, stderr } = run(...ACCURACY, '--k', '2,1', '--out', 'report');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows).toContainEqual(['stock', '3', '75.00']);
    // 1 * 0.5 and 5 * 0.5 at k = 1 truncated: 1 and 3, half up.
    expect(stdout).toContain('k1 truncate all');
    expect(stdout).toContain('nearest dot   none');
    expect(readdirSync(join(folder, 'report')).toSorted()).toEqual([
      'accuracy.csv',
      'accuracy.json',
      'accuracy.svg',
    ]);
    const csv = readFileSync(join(folder, 'report', 'accuracy.csv'), 'utf8')
      .trim()
      .split('\n');
    expect(csv).toHaveLength(1 + 1 + 8);
    expect(csv[1]?.startsWith(',stock,,4,3,0.75,')).toBe(true);
    const report: unknown = JSON.parse(readFileSync(join(folder, 'report', 'accuracy.json'), 'utf8'));
    expect(report).toMatchObject({
      samples: 4,
      reference: { right: 3 },
      rows: expect.objectContaining({ length: 8 }),
    });
    expect(readFileSync(join(folder, 'report', 'accuracy.svg'), 'utf8')).toMatch(
      /^<svg [\s\S]*stock 75\.00 %[\s\S]*<\/svg>/,
    );
  });

  test('prints the error of each layer', () => {
    const { code, stdout } = run(
      ...ACCURACY,
      '--k',
      '1',
      '--multiplier',
      'nearest',
      '--scope',
      'dot',
      '--layers',
      '4',
    );
    expect(code).toBe(0);
    // M = 0.7 becomes 0.5: stock 6 2 1 4 -5 6 14 21, narrow 5 2 1 3 -3 4 10 15.
    const noise = 1 + 0 + 0 + 1 + 4 + 4 + 16 + 36;
    const signal = 36 + 4 + 1 + 16 + 25 + 36 + 196 + 441;
    expect(stdout).toContain(`${(10 * Math.log10(signal / noise)).toFixed(0)}`);
    expect(stdout).toMatch(/greatest rounding term over 8 outputs: 0\.5 /);
  });

  test.each([
    [['--labels', 'none.txt'], /cannot read none\.txt/],
    [['--data', 'none'], /cannot read none/],
    [['--data', 'model.tflite'], /bytes are not a multiple of the model's input, 2|but there are 4 labels/],
    [['--skip', '4'], /skip = 4 leaves none of 4 samples/],
    [['--k', '33'], /k = 33 is outside 1\.\.32/],
    [['--mean', 'x'], /mean = x is not a number/],
    [['--mean', '1,'], /--mean has an empty item: '1,'/],
    [['--short-side', '5'], /--short-side needs --fit crop/],
    [['--model', 'labels.txt'], /labels\.txt: not a TFLite model/],
  ] as const)('%j ends with one line and exit code 2', (extra, message) => {
    const { code, stdout, stderr } = run(...ACCURACY, ...extra, '--out', 'report');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'report', 'accuracy.csv'))).toBe(false);
  });

  test('an unknown option is named before one that is missing', () => {
    const refusal = (...args: readonly string[]) => run('accuracy', ...args).stderr;
    expect(refusal('--dat', 'x')).toBe("npu-rescaler: unknown option '--dat' (Did you mean --data?)\n");
    expect(refusal()).toBe("npu-rescaler: required option '--data <path>' not specified\n");
  });

  test('a data set that was not fetched is named with the command that does', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [CLI, 'accuracy', '--model', 'model.tflite', '--data', 'mnist'],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, NPU_RESCALER_CACHE: folder } },
    );
    expect(status).toBe(2);
    expect(stderr).toBe(
      `npu-rescaler: data set mnist is not in ${join(folder, 'datasets')}: fetch it with npx npu-rescaler data mnist\n`,
    );
  });

  test('a class that the model does not have is named', () => {
    writeFileSync(join(folder, 'labels.txt'), '0\n1\n2\n1\n');
    const { code, stderr } = run(...ACCURACY);
    expect(code).toBe(2);
    expect(stderr).toMatch(/sample 2 has class 2, but the model has 2, 0\.\.1/);
  });
});

describe('fold', () => {
  test('writes a model of exact factors, and a report', () => {
    const { code, stdout, stderr } = run(
      'fold',
      '--model',
      'model.tflite',
      '--k',
      '1',
      '--out',
      'folded.tflite',
      '--json',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      k: 1,
      scope: 'dot',
      written: ['folded.tflite'],
      factors: { total: 2, exactBefore: 0, exactAfter: 2 },
      layers: [{ operator: 0, op: 'FULLY_CONNECTED', weights: 4 }],
    });
    const inspected = run('inspect', 'folded.tflite', '--k', '1');
    expect(inspected.stdout).toContain('+0.00 %');
  });

  test('with samples, and the whole of it as text', () => {
    const { code, stdout } = run(
      'fold',
      '--model',
      'model.tflite',
      '--k',
      '2',
      '--out',
      'sub/f.tflite',
      '--data',
      'inputs.raw',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/2 of 2 factors have 2 bits, 0 before/);
    expect(existsSync(join(folder, 'sub', 'f.tflite'))).toBe(true);
  });

  test.each([
    [['--k', '17'], /k = 17 is outside 1\.\.16/],
    [['--k', '1', '--data', 'none'], /cannot read none/],
    [['--k', '1', '--out', ''], /^npu-rescaler: --out is empty$/m],
    [['--k', '1', '--out', '/proc/none/f.tflite'], /cannot write to \/proc\/none/],
  ] as const)('%j ends with one line and exit code 2', (extra, message) => {
    const { code, stderr } = run('fold', '--model', 'model.tflite', '--out', 'f.tflite', ...extra);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(existsSync(join(folder, 'f.tflite'))).toBe(false);
  });

  testWithShared(
    [modelFile('kws_dscnn_int8'), 'data/kws'],
    'a folded model keeps its accuracy, end to end',
    () => {
      const folded = run(
        'fold',
        '--model',
        sharedPath(modelFile('kws_dscnn_int8')),
        '--k',
        '1',
        '--out',
        'kws.tflite',
      );
      expect(folded.code).toBe(0);
      const { stdout } = run(
        ...['accuracy', '--model', 'kws.tflite', '--reference', sharedPath(modelFile('kws_dscnn_int8'))],
        ...['--data', sharedPath('data/kws/kws01_1000x49x10_int8.raw')],
        ...['--labels', sharedPath('data/kws/labels.txt'), '--k', '1', '--scope', 'dot', '--json'],
      );
      const report = JSON.parse(stdout) as {
        readonly reference: { readonly right: number };
        readonly rows: readonly { readonly right: number }[];
      };
      expect(report.reference.right).toBe(901);
      expect(report.rows).toHaveLength(3);
      for (const { right } of report.rows) expect(right).toBeGreaterThanOrEqual(896);
    },
  );
});
