import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resultsCsv } from '../../synth/csv.ts';
import { LibertyError } from '../../synth/liberty.ts';
import { type LoadedLibrary, loadLibraries } from '../../synth/libraries.ts';
import type { SweepPoint, SweepReport, SweepResult } from '../../synth/result.ts';
import { prepareSweep } from '../../synth/sweep.ts';
import { FLIP_FLOP, INVERTER, libertyOf, linearCell, NAND2, TINY_LIBRARY } from '../support/liberty.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'npu-rescaler-sweep-'));
});
afterAll(() => rm(folder, { recursive: true }));

const point = (library: string, options: Partial<SweepPoint> = {}): SweepPoint => ({
  ...{ macs: 1, k: 1, arch: 'fast', pipeline: 0, leadingOne: 'explicit' },
  target: { kind: 'asic', library },
  ...options,
});

// Workers import TypeScript files.
describe.skipIf(!process.features.typescript)('a sweep', () => {
  test('keeps what it has, goes on after failures, and mends its cache', async () => {
    const cacheDirectory = join(folder, 'cache');
    const loaded = await loadLibraries([], cacheDirectory);
    const [generic] = [...loaded.values()] as [LoadedLibrary];
    const { name } = generic.facts;
    // No such unit can be elaborated.
    const points = [point(name, { macs: 65 }), point(name), point('unknown')];
    const sweep = () => prepareSweep({ points, libraries: loaded, cacheDirectory });

    // What cannot begin is known at once; the rest is to be computed.
    const first = await sweep();
    expect(first.missing).toEqual(points.slice(0, 2));
    expect(first.cached.map(({ status }) => status)).toEqual(['failed']);
    const reported: SweepResult[] = [];
    const results = await first.run(1, (result) => reported.push(result));
    expect(results.map(({ status }) => status)).toEqual(['failed', 'done', 'failed']);
    expect(reported).toHaveLength(2);
    expect(results).toEqual(points.map((expected) => expect.objectContaining(expected)));
    expect(results[0]).toMatchObject({ reason: expect.stringContaining('MACS_is_outside_1_to_64') });
    expect(results[2]).toMatchObject({ reason: 'no library is named unknown' });

    // Only the one that failed is computed again; here it is left at that.
    const second = await sweep();
    expect(second.missing).toEqual([points[0]]);
    expect(second.cached[0]).toEqual(results[1]);

    // A damaged entry counts as absent.
    const entries = await readdir(cacheDirectory);
    for (const entry of entries) {
      const path = join(cacheDirectory, entry);
      await writeFile(path, (await readFile(path)).subarray(0, -1));
    }
    expect((await sweep()).missing).toEqual(points.slice(0, 2));
    const mended = await loadLibraries([], cacheDirectory);
    expect([...mended.values()]).toEqual([generic]);

    // Another text of the library, another result.
    const other = new Map([[name, { ...generic, sha256: 'other' }]]);
    const third = await prepareSweep({ points: [point(name)], libraries: other, cacheDirectory });
    expect(third.missing).toHaveLength(1);
  });
});

test('the same library twice counts once, packed or not', async () => {
  const [one, packed] = [join(folder, 'one.lib'), join(folder, 'one.lib.gz')];
  await writeFile(one, TINY_LIBRARY);
  await writeFile(packed, gzipSync(TINY_LIBRARY));
  const [alone] = (await loadLibraries([one], false)).values();
  const twice = await loadLibraries([one, one, packed], false);
  expect([...twice]).toEqual([['tiny', alone]]);
});

test.each([
  ['tiny', 'tiny'],
  ['osu.a', 'osu-a'],
  ['osu_a', 'OSU_A'],
])('libraries that reports would name alike are refused, %s and %s', async (...names) => {
  const paths = ['first.lib', 'second.lib'].map((name) => join(folder, name));
  for (const [index, path] of paths.entries()) {
    const text = TINY_LIBRARY.replace('(tiny)', `(${names[index]})`);
    await writeFile(path, `${text}${'\n'.repeat(index)}`);
  }
  await expect(loadLibraries(paths, false)).rejects.toThrow(
    new LibertyError(
      `${paths.join(' and ')} hold libraries whose names are the same in reports, ${names.join(' and ')}: sweep them one at a time`,
    ),
  );
});

test('CSV: one row a point, fields quoted where they must be', () => {
  const failed: SweepResult = { ...point('a "b", c'), status: 'failed', reason: 'two\nlines' };
  const [header, ...rows] = resultsCsv([failed]).split(/(?<=status.*reason)\n/);
  expect(header?.split(',').slice(0, 6)).toEqual(['target', 'library', 'device', 'dsp', 'macs', 'k_bits']);
  expect(rows.join('')).toMatch(/^asic,"a ""b"", c",,,1,1,fast,0,explicit,failed,+"two\nlines"\n$/);
});

describe.skipIf(!process.features.typescript)('the command', () => {
  interface Ended {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }

  const program = join(import.meta.dirname, '../../cli/npu-rescaler.ts');
  const environment = () => ({ ...process.env, NPU_RESCALER_CACHE: join(folder, 'command-cache') });

  function run(...args: readonly string[]): Promise<Ended> {
    const env = environment();
    return new Promise((resolve) => {
      execFile(process.execPath, [program, 'synth-sweep', ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
      });
    });
  }

  async function file(name: string, text: string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  }

  const out = () => join(folder, 'never');

  test.each([
    [
      'a Liberty file that is not there',
      ['--liberty', '/nowhere/x.lib'],
      'cannot read /nowhere/x.lib: there is no such file',
    ],
    ['a k that is too large', ['--k', '33'], 'k = 33 is outside 1..32 (--k)'],
    ['macs of 0', ['--macs', '4,0'], 'macs = 0 is outside 1..64 (--macs)'],
    ['an empty path', ['--liberty', 'a.lib,,b.lib'], "--liberty has an empty item: 'a.lib,,b.lib'"],
    ['DSPs of no FPGA', ['--dsp'], '--dsp needs --target ice40; it is asic'],
    [
      'cells for an FPGA',
      ['--target', 'ice40', '--liberty', 'a.lib'],
      '--liberty needs --target asic; it is ice40',
    ],
    ['an unknown target', ['--target', 'gpu'], 'target = gpu is outside {asic, ice40} (--target)'],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run('--out', out(), ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^npu-rescaler: .*\n$/);
    expect(stderr).toContain(message);
    expect(existsSync(out())).toBe(false);
  });

  test.each([
    ['truncated', TINY_LIBRARY.slice(0, 300), 'is cut short: it ends inside cell INV'],
    ['flip-flop-less', libertyOf([linearCell(INVERTER), linearCell(NAND2)]), 'has no flip-flop; give'],
    ['NAND2-less', libertyOf([linearCell(INVERTER), FLIP_FLOP]), 'has no NAND2; give'],
  ])('refuses a %s library', async (name, text, message) => {
    const path = await file(`${name}.lib`, text);
    const { code, stderr } = await run('--out', out(), '--liberty', path);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^npu-rescaler: .* \(--liberty\)\n$/);
    expect(stderr).toContain(`${path} ${message}`);
    expect(existsSync(out())).toBe(false);
  });

  test('refuses a folder that cannot be written, before it computes anything', async () => {
    const path = join(await file('plain-file', ''), 'below');
    const { code, stdout, stderr } = await run('--out', path);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^npu-rescaler: cannot write to .* \(--out\): .*\n$/);
  });

  test('computes a point once, and writes JSON, a table and a report', async () => {
    const args = ['--macs', '1', '--k', '1', '--arch', 'fast', '--jobs', '1', '--out', join(folder, 'out')];
    const first = await run(...args);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^ok .* fast +macs 1 k 1 .*um2.*ps.* -> .*$/m);
    expect(first.stdout).toContain('1 of 1 point, 0 of them cached');
    const text = await readFile(join(folder, 'out/results.json'), 'utf8');
    const { libraries, results } = JSON.parse(text) as SweepReport;
    expect(libraries).toHaveLength(1);
    expect(results).toEqual([expect.objectContaining({ macs: 1, k: 1, arch: 'fast', status: 'done' })]);
    expect((await readFile(join(folder, 'out/results.csv'), 'utf8')).split('\n')).toHaveLength(3);
    expect((await stat(join(folder, 'out/index.html'))).size).toBeGreaterThan(0);

    const second = await run(...args, '--json');
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(second.stdout)).toMatchObject({ libraries, results });
    expect(await readFile(join(folder, 'out/results.json'), 'utf8')).toBe(text);

    expect(await interrupted([...args, '--k', '1,32'], environment(), 'stdout')).toEqual({
      code: 130,
      stderr: 'interrupted; 1 of 2 points kept: run it again to go on\n',
    });
  });

  test('says where nothing can be kept, and goes on', async () => {
    const NPU_RESCALER_CACHE = await file('no-folder', '');
    const { code, stderr } = await interrupted(
      ['--macs', '1', '--k', '1', '--jobs', '1', '--out', join(folder, 'out')],
      { ...process.env, NPU_RESCALER_CACHE },
      'stderr',
    );
    expect(code).toBe(130);
    expect(stderr).toContain(
      `results cannot be kept in ${NPU_RESCALER_CACHE}/synth (NPU_RESCALER_CACHE): ${NPU_RESCALER_CACHE} is not a folder; an interrupted run starts over\n`,
    );
  });

  /** Interrupts the command as soon as it has printed something. */
  async function interrupted(
    args: readonly string[],
    env: NodeJS.ProcessEnv,
    stream: 'stdout' | 'stderr',
  ): Promise<Pick<Ended, 'stderr'> & { readonly code: unknown }> {
    const child = spawn(process.execPath, [program, 'synth-sweep', ...args], { env });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child[stream].once('data', () => child.kill('SIGINT'));
    const [code] = (await once(child, 'close')) as readonly unknown[];
    return { code, stderr };
  }
});
