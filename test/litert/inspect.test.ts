/** The command as people run it: what it prints and writes, and what it says of bad input. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { modelFile, sharedPath, testWithShared } from '../support/shared.ts';
import { buildModel } from './build-model.ts';

const CLI = fileURLToPath(new URL('../../cli/npu-rescaler.ts', import.meta.url));

let folder = '';
let model = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inspect-test-'));
  model = join(folder, 'model.tflite');
  writeFileSync(model, small());
});
afterEach(() => rmSync(folder, { recursive: true }));

/** FULLY_CONNECTED [1, 2] to [1, 2] with M = 0.75 and 6, or others. */
function small(scales: readonly number[] = [0.75, 6]): Uint8Array {
  return buildModel({
    tensors: [
      { name: 'in', shape: [1, 2], scales: [1], zeroPoints: [3] },
      { name: 'w', shape: [2, 2], scales, data: Int8Array.of(1, 2, 3, 4) },
      { name: 'b', shape: [2], type: 2, scales, data: Int32Array.of(100, -100) },
      { name: 'out', shape: [1, 2], scales: [1], zeroPoints: [-7] },
    ],
    operators: [
      { code: 9, optionsType: 8, options: [{ slot: 0, int8: 1 }], inputs: [0, 1, 2], outputs: [3] },
    ],
    inputs: [0],
    outputs: [3],
  });
}

function inspect(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'inspect', ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { code: status, stdout, stderr };
}

describe('inspect', () => {
  test('prints operators, factors and the share of each shift', () => {
    const { code, stdout, stderr } = inspect(model, '--k', '4');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe('model.tflite: 1 operator, 6 parameters, 4 MACs');
    expect(lines[1]).toBe('input   int8 [1,2], scale 1, zero point 3, "in"');
    expect(lines.find((line) => line.includes('FULLY'))?.split(/ {2,}/)).toEqual([
      '0',
      'FULLY_CONNECTED',
      '[1,2]',
      '[2,2]',
      '[1,2]',
      '1, 3',
      '1, -7',
      '-7..127',
      '0.75..6',
      '1..4',
      '+0.00 %',
    ]);
    expect(stdout).toMatch(/\n1 {9}1 {2}50\.0 %\n4 {9}1 {2}50\.0 %\n$/);
  });

  test('--layer prints each channel', () => {
    const { stdout } = inspect(model, '--k', '4', '--layer', '0');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .slice(2)
      .map((line) => line.trim().split(/ {2,}/));
    expect(rows).toEqual([
      ['0', '0.75', '0.75', '12', '4', '+0.00 %', '91'],
      ['1', '6', '6', '12', '1', '+0.00 %', '-121'],
    ]);
  });

  test('--json has everything, also what the text leaves out', () => {
    const { stdout } = inspect(
      model,
      '--k',
      '3',
      '--multiplier',
      'truncate',
      '--leading-one',
      'hidden',
      '--json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      file: model,
      written: [],
      format: { k: 3, rounding: 'truncate', leadingOne: 'hidden' },
      operators: [
        {
          op: 'FULLY_CONNECTED',
          weights: { scales: [0.75, 6], axis: 0 },
          factors: [
            { factor: 0.75, multiplier: 12, shift: 4, relativeError: 0, effectiveBias: 91 },
            { factor: 6, multiplier: 12, shift: 1, relativeError: 0, effectiveBias: -121 },
          ],
        },
      ],
      shifts: [
        { shift: 1, channels: 1, share: 0.5 },
        { shift: 4, channels: 1, share: 0.5 },
      ],
    });
  });

  test('an M without multiplier is said, not hidden, and fails the export alone', () => {
    const { code, stdout } = inspect(model, '--k', '1');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /\nnone {9}1 {2}50\.0 %\n1 without multiplier, the first: M = 6 needs shift = -3, /,
    );
    const failed = inspect(model, '--k', '1', '--export', 'mem');
    expect(failed).toMatchObject({ code: 2, stdout: '' });
    expect(failed.stderr).toMatch(
      /^npu-rescaler: .*model\.tflite: FULLY_CONNECTED \(operator 0\), tensor 3 "out", channel 1: M = 6 needs shift = -3, [^\n]*\n$/,
    );
    expect(readdirSync(folder)).toEqual(['model.tflite']);
  });

  test.each([
    ['csv', ['channels.csv', 'layers.csv']],
    ['json', ['rescale.json']],
    ['mem', ['act_max.mem', 'act_min.mem', 'bias.mem', 'multiplier.mem', 'shift.mem', 'zero_point.mem']],
  ])('--export %s writes %j', (format, files) => {
    const out = join(folder, 'deep', 'tables');
    const { code, stdout } = inspect(model, '--export', format, '--out', out);
    expect(code).toBe(0);
    expect(readdirSync(out).toSorted()).toEqual(files);
    const named = stdout.split('\n').filter((line) => line.startsWith('wrote '));
    expect(named.toSorted()).toEqual(files.map((name) => `wrote ${join(out, name)}`));
    for (const name of files) expect(readFileSync(join(out, name), 'utf8')).toMatch(/\n$/);
  });

  test('--help has an example', () => {
    const { code, stdout } = inspect('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('Example:\n  npu-rescaler inspect model.tflite');
  });

  testWithShared(modelFile('mobilenet_v2_224_int8'), 'a real model', () => {
    const { code, stdout } = inspect(sharedPath(modelFile('mobilenet_v2_224_int8')), '--k', '4', '--json');
    expect(code).toBe(0);
    const { operators, shifts } = JSON.parse(stdout) as {
      readonly operators: readonly {
        readonly weights?: unknown;
        readonly factors: readonly { readonly relativeError: number }[];
      }[];
      readonly shifts: readonly { readonly channels: number; readonly share: number }[];
    };
    const channels = operators
      .filter(({ weights }) => weights !== undefined)
      .flatMap(({ factors }) => factors);
    expect(shifts.reduce((sum, { channels: number }) => sum + number, 0)).toBe(channels.length);
    expect(shifts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
    // Rounded to 4 significant bits: at most half a unit of 1/8, relative to the significand 1.
    for (const { relativeError } of channels) expect(Math.abs(relativeError)).toBeLessThanOrEqual(1 / 16);
  });
});

describe('what is wrong is one line, exit code 2, and nothing is written', () => {
  const expectUsage = (result: ReturnType<typeof inspect>, message: string | RegExp) => {
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(existsSync(join(folder, 'rescale-tables'))).toBe(false);
  };

  test.each([
    [['--k', '33'], 'npu-rescaler: k = 33 is outside 1..32 (--k)'],
    [['--k', '0'], 'npu-rescaler: k = 0 is outside 1..32 (--k)'],
    [['--k', 'four'], 'npu-rescaler: k = four is not a plain whole number, 1..32 (--k)'],
    [['--multiplier', 'up'], 'npu-rescaler: multiplier = up is outside {truncate, nearest} (--multiplier)'],
    [['--export', 'xml'], 'npu-rescaler: export = xml is outside {csv, json, mem} (--export)'],
    [['--layer', '1'], 'npu-rescaler: layer = 1 is outside 0..0 (--layer)'],
    [['--layer', '1', '--export', 'csv'], 'npu-rescaler: layer = 1 is outside 0..0 (--layer)'],
    [['other.tflite'], /^npu-rescaler: too many arguments/],
    [['--export'], "npu-rescaler: option '--export <csv|json|mem>' argument missing"],
  ] as const)('%o', (args, message) => {
    expectUsage(inspect(model, ...args), message);
  });

  test('a file that is not there', () =>
    expectUsage(inspect('absent.tflite'), /^npu-rescaler: cannot read absent\.tflite: ENOENT/));

  test('a folder', () =>
    expectUsage(inspect(folder), `npu-rescaler: cannot read ${folder}: it is not a regular file`));

  test('a device', () =>
    expectUsage(inspect('/dev/zero'), 'npu-rescaler: cannot read /dev/zero: it is not a regular file'));

  // Root may read everything.
  test.skipIf(process.getuid?.() === 0)('a file that may not be read', () => {
    chmodSync(model, 0);
    expectUsage(inspect(model), /^npu-rescaler: cannot read .*: EACCES/);
  });

  test('something else', () => {
    writeFileSync(model, 'PK\u0003\u0004 not a model');
    expectUsage(inspect(model), `npu-rescaler: ${model}: not a TFLite model: bytes 4 to 7 are not 'TFL3'`);
  });

  test('half a model', () => {
    const bytes = small();
    writeFileSync(model, bytes.subarray(0, bytes.length / 2));
    expectUsage(
      inspect(model),
      /^npu-rescaler: .*model\.tflite: .*outside of the file, which has \d+; it is damaged or cut off/,
    );
  });

  test('a folder that cannot be written', () => {
    mkdirSync(join(folder, 'there'));
    writeFileSync(join(folder, 'there', 'file'), '');
    const out = join(folder, 'there', 'file', 'deeper');
    expectUsage(
      inspect(model, '--export', 'csv', '--out', out),
      /^npu-rescaler: cannot write to .*file\/deeper \(--out\): /,
    );
  });
});
