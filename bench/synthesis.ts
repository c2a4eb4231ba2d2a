/** The default sweep as users run it, and Yosys in WebAssembly against native. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { designOf } from '../hdl-gen/design.ts';
import { DEFAULT_OPTIONS, generate } from '../hdl-gen/generate.ts';
import { type AsicPoint, asicProvenance } from '../synth/asic.ts';
import { type LoadedLibrary, loadLibraries } from '../synth/libraries.ts';
import { runOnWorkers } from '../tools/worker-pool.ts';
import { secondsOf } from './measure.ts';
import { type Line, milliseconds, percentage, ratio, type Section } from './report.ts';

/** What a warm worker is sent, and what it answers. */
export interface WarmTask {
  readonly point: AsicPoint;
  readonly library: LoadedLibrary;
}

export interface WarmRun {
  readonly seconds: number;
  readonly peakMb: number;
}

export async function synthesis(): Promise<Section> {
  const sweeps = await sweepTimes();
  const libraries = await loadLibraries([], false);
  const [library] = libraries.values();
  if (library === undefined) throw new Error('the embedded library is missing');
  const points = [4, 8, 16].flatMap((macs) => [32, 8, 4].map((k) => pointAt(macs, k, library)));
  const warm = await warmRuns(points, library);
  // The first of a process loads the tool.
  const [, ...later] = warm.map(({ seconds }) => seconds);
  const native = await nativeTimes(points.slice(1), library);
  const lines: readonly Line[] = [
    milliseconds('1 job', sweeps.one),
    milliseconds('2 jobs', sweeps.two),
    percentage('2 jobs / 1', sweeps.two, sweeps.one),
    milliseconds('everything cached', sweeps.cached),
    milliseconds('a point in a warm process', later),
    {
      name: 'most memory of a process',
      unit: 'MB',
      ...allOf(Math.max(...warm.map(({ peakMb }) => peakMb))),
    },
  ];
  const peer = native && [
    milliseconds('the same script in native Yosys', native),
    ratio('warm process / native Yosys', later, native),
  ];
  return {
    title: 'Synthesis: the default synth-sweep, once; points of 4, 8 and 16 MACs, k 32, 8 and 4, fast',
    lines: [...lines, ...(peer ?? [])],
    notes: peer ? [] : ['yosys is not on the PATH: nothing to compare with'],
  };
}

const allOf = (value: number) => ({ median: value, minimum: value, maximum: value });

function pointAt(macs: number, k: number, { facts }: LoadedLibrary): AsicPoint {
  const { arch, pipeline, leadingOne } = DEFAULT_OPTIONS;
  return { macs, k, arch, pipeline, leadingOne, target: { kind: 'asic', library: facts.name } };
}

const CLI = fileURLToPath(new URL('../cli/npu-rescaler.ts', import.meta.url));

/** Of the command: with one process and with two into an empty cache, and out of it. */
async function sweepTimes() {
  const directory = await mkdtemp(join(tmpdir(), 'npu-rescaler-bench-'));
  const sweep = (jobs: number) =>
    secondsOf(async () => {
      const child = spawn(process.execPath, [CLI, 'synth-sweep', '--jobs', `${jobs}`, '--out', directory], {
        env: { ...process.env, NPU_RESCALER_CACHE: join(directory, `cache-${jobs}`) },
        // What it prints shows how far it is; stdout is for the figures.
        stdio: ['ignore', 2, 2],
      });
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(`synth-sweep --jobs ${jobs} ended with ${code}`);
    });
  try {
    return { one: [await sweep(1)], two: [await sweep(2)], cached: [await sweep(2)] };
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function warmRuns(points: readonly AsicPoint[], library: LoadedLibrary): Promise<readonly WarmRun[]> {
  const runs: WarmRun[] = [];
  const tasks = points.map((point) => ({ point, library }));
  await runOnWorkers<WarmTask, WarmRun>(
    new URL('./warm-worker.ts', import.meta.url),
    tasks,
    1,
    async (_, outcome) => {
      if ('died' in outcome) throw new Error(`the worker died: ${outcome.died}`);
      runs.push(outcome.result);
    },
  );
  return runs;
}

/** Seconds of the points in native Yosys, or nothing where it is not installed. */
async function nativeTimes(
  points: readonly AsicPoint[],
  library: LoadedLibrary,
): Promise<readonly number[] | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'npu-rescaler-bench-'));
  const run = promisify(execFile);
  const times: number[] = [];
  try {
    await writeFile(join(directory, 'cells.lib'), library.cells);
    await writeFile(join(directory, 'timing.lib'), library.timing);
    await writeFile(join(directory, 'library.constr'), library.constraints);
    for (const point of points) {
      const { target: _, ...options } = point;
      const { files } = designOf(generate({ ...options, units: 1 }), 'dot_product_unit');
      for (const { name, text } of files) await writeFile(join(directory, name), text);
      const script = asicProvenance(point, library).script.replaceAll('\n', '; ');
      times.push(await secondsOf(() => run('yosys', ['-q', '-p', script], { cwd: directory })));
    }
    return times;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  } finally {
    await rm(directory, { recursive: true });
  }
}
