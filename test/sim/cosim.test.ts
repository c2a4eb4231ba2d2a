/** The command as people run it: its output, its exit codes, and what an interrupt leaves. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LONG } from '../support/long.ts';

const CLI = fileURLToPath(new URL('../../cli/npu-rescaler.ts', import.meta.url));

let folder = '';
let out = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cosim-test-'));
  out = join(folder, 'failures');
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** In a process group of its own, to see whether anything of it stays. */
function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return spawn(process.execPath, [CLI, 'cosim', '--out', out, ...args], {
    cwd: folder,
    detached: true,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function end(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...texts };
}

const cosim = (args: readonly string[], environment?: NodeJS.ProcessEnv) => end(start(args, environment));

const SMALL = ['--macs', '1', '--k', '1', '--units', '1', '--arch', 'plain', '--pipeline', '0'];

describe('cosim', () => {
  const passesWithCompleteJson = async (args: readonly string[], configurations: number) => {
    const { code, stdout, stderr } = await cosim([...args, '--seed', '1', '--vectors', '3000', '--json']);
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as {
      readonly checked: number;
      readonly results: readonly {
        readonly outcome: { readonly blocks: readonly { readonly vectors: number }[] };
      }[];
    };
    expect(report).toMatchObject({ seed: 1, failed: 0, waveforms: [] });
    expect(report.results).toHaveLength(configurations);
    const blocks = report.results.flatMap(({ outcome }) => outcome.blocks);
    expect(blocks).toHaveLength(3 * configurations);
    for (const block of blocks) {
      expect(block).toMatchObject({ emptyBins: [] });
      expect(block.vectors).toBeGreaterThan(3000);
    }
    expect(report.checked).toBe(blocks.reduce((sum, { vectors }) => sum + vectors, 0));
    expect(code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
  };

  test('one configuration passes, and its JSON is complete', () => passesWithCompleteJson(SMALL, 1));

  test('--quick passes, and its JSON is complete', LONG, () => passesWithCompleteJson(['--quick'], 4));

  test('prints a line a configuration and the seed; an item that is listed twice counts once', async () => {
    const args = [...SMALL, '--macs', '1,1', '--seed', '7', '--vectors', '1', '--jobs', '1'];
    const { code, stdout } = await cosim(args);
    const [first, ok, last, ...rest] = stdout.trimEnd().split('\n');
    expect(first).toBe('seed 7, 1 configuration, 1 random vector a block');
    expect(ok).toMatch(
      /^ok {3}cxxrtl {4}macs 1 k 1 units 1 plain pipeline 0 explicit {2}\d+ vectors(?:, \d+ of them known from before)? {2}coverage (\d+)\/\1 /,
    );
    expect(last).toMatch(/^PASS: 1 of 1 configuration right, [\d,]+ vectors checked, /);
    expect(rest).toEqual([]);
    expect(code).toBe(0);
  });
});

describe('what is wrong is one line, exit code 2, and nothing is written', () => {
  const expectUsage = ({ code, stdout, stderr }: Ended, message: string | RegExp) => {
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(code).toBe(2);
    expect(existsSync(out)).toBe(false);
  };

  test.each([
    [['--macs', '0'], 'npu-rescaler: macs = 0 is outside 1..64 (--macs)'],
    [['--macs', '8,'], "npu-rescaler: --macs has an empty item: '8,'"],
    [['--k', '33'], 'npu-rescaler: k = 33 is outside 1..32 (--k)'],
    [['--k', '4.5'], 'npu-rescaler: k = 4.5 is not a plain whole number, 1..32 (--k)'],
    [['--arch', 'slow'], 'npu-rescaler: arch = slow is outside {plain, fast} (--arch)'],
    [['--pipeline', '4'], 'npu-rescaler: pipeline = 4 is outside {0, 1, 2, 3} (--pipeline)'],
    [
      ['--simulator', 'vcs'],
      'npu-rescaler: simulator = vcs is outside {cxxrtl, verilator, icarus} (--simulator)',
    ],
    [['--vectors', '-1'], 'npu-rescaler: vectors = -1 is outside 0..1000000000 (--vectors)'],
    [['--seed', ''], 'npu-rescaler: --seed is empty'],
    [['--out', ''], 'npu-rescaler: --out is empty'],
    [['--quick', '--k', '4'], "npu-rescaler: option '--quick' cannot be used with option '--k <N,...>'"],
    [['--quik'], /^npu-rescaler: unknown option '--quik'/],
    [['8'], /^npu-rescaler: too many arguments/],
    [['--macs'], "npu-rescaler: option '--macs <N,...>' argument missing"],
  ] as const)('%o', async (args, message) => {
    expectUsage(await cosim(args), message);
  });

  test('a folder that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    const result = await cosim([...SMALL, '--out', join(folder, 'file', 'deeper')]);
    expectUsage(result, /^npu-rescaler: cannot write to .*file\/deeper \(--out\): .*/);
  });

  test.each([
    ['verilator', 'apt install verilator'],
    ['icarus', 'apt install iverilog'],
  ])('a missing simulator: %s', async (simulator, advice) => {
    const result = await cosim([...SMALL, '--simulator', `cxxrtl,${simulator}`], { PATH: folder });
    expectUsage(result, advice);
  });
});

/** A `verilator` that answers `--version` and then compiles for a minute, having said so. */
function slowVerilator(): { readonly path: string; readonly started: string } {
  const started = join(folder, 'started');
  const file = join(folder, 'verilator');
  writeFileSync(
    file,
    `#!/bin/sh\n[ "$1" = --version ] && { echo Verilator 5; exit; }\necho half > build\necho $$ > ${started}\nexec sleep 60\n`,
  );
  chmodSync(file, 0o755);
  return { path: dirname(file), started };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).toBe(true);
}

/** Whether a process is alive, or any of a group, whose number is negative. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.each(['SIGINT', 'SIGTERM'] as const)('interrupted by %s', (signal) => {
  test('while a native simulator compiles, it leaves nothing, and ends what it has started', async () => {
    const { path, started } = slowVerilator();
    const { PATH } = process.env;
    const temporary = mkdtempSync(join(folder, 'tmp-'));
    const cache = join(folder, 'cache');
    const child = start([...SMALL, '--simulator', 'verilator'], {
      PATH: `${path}${delimiter}${PATH}`,
      TMPDIR: temporary,
      NPU_RESCALER_CACHE: cache,
    });
    const ended = end(child);
    await until(() => existsSync(started) && readFileSync(started, 'utf8').endsWith('\n'));
    const tool = Number(readFileSync(started, 'utf8'));
    child.kill(signal);
    expect((await ended).code).toBe(signal === 'SIGINT' ? 130 : 143);
    await until(() => !lives(-(child.pid ?? 0)) && !lives(tool));
    expect(existsSync(out)).toBe(false);
    await until(() => readdirSync(temporary).length === 0);
    // Nothing but what Node has compiled of the command itself, and a folder that had to be tried.
    expect(readdirSync(cache)).toEqual(['code', 'cosim']);
    expect(readdirSync(join(cache, 'cosim'))).toEqual([]);
  });
});

test('interrupted while cxxrtl compiles, it stops at once, and the next run is right', LONG, async () => {
  const cache = join(folder, 'cache');
  const args = [...SMALL, '--vectors', '3000', '--seed', '1'];
  const child = start(args, { NPU_RESCALER_CACHE: cache });
  const ended = end(child);
  await once(child.stdout ?? child, 'data');
  // Yosys leaves something in the cache or Clang is at work by then; on a slow machine nothing is.
  await new Promise((resolve) => setTimeout(resolve, 1500));
  child.kill('SIGINT');
  expect((await ended).code).toBe(130);
  const interrupted = Date.now();
  await until(() => !lives(-(child.pid ?? 0)));
  expect(Date.now() - interrupted).toBeLessThan(10_000);
  expect(existsSync(out)).toBe(false);

  const again = await cosim(args, { NPU_RESCALER_CACHE: cache });
  expect(again.stdout).toContain('PASS: 1 of 1');
  expect(again.code).toBe(0);
});
