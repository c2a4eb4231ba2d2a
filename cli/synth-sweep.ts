/** `npu-rescaler synth-sweep`: what each k costs, in standard cells and on an FPGA. */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { Architecture, LeadingOne, PipelineDepth } from '../hdl-gen/blocks/parameters.ts';
import { GENERATOR } from '../hdl-gen/version.ts';
import { resultsCsv } from '../synth/csv.ts';
import { NextpnrError, requireNextpnr } from '../synth/ice40.ts';
import { LibertyError } from '../synth/liberty.ts';
import { type LoadedLibrary, loadLibraries } from '../synth/libraries.ts';
import { PlottingError, requirePlotting } from '../synth/report/plotting.ts';
import type { SweepPoint, SweepReport, SweepResult, Target } from '../synth/result.ts';
import { effort, prepareSweep } from '../synth/sweep.ts';
import { defaultCacheDirectory } from '../tools/cache.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { canKeep, requireWritable, writeFiles } from './files.ts';
import { ARCH, JOBS, K, LEADING_ONE, MACS, oneOf, PIPELINE, place, several, single } from './options.ts';
import { duration, Progress } from './progress.ts';

interface SweepFlags {
  readonly macs: readonly number[];
  readonly k: readonly number[];
  readonly arch: readonly Architecture[];
  readonly pipeline: readonly PipelineDepth[];
  readonly leadingOne: readonly LeadingOne[];
  readonly target: readonly Target['kind'][];
  readonly liberty?: readonly string[];
  readonly dsp?: true;
  readonly jobs: number;
  readonly out: string;
  readonly json?: true;
}

const TARGET = oneOf('target', ['asic', 'ice40']);
const LIBERTY = place('liberty', 'path');

export const synthSweep = new Command('synth-sweep')
  .summary('measure area and delay over k, in standard cells and on an FPGA')
  .description(
    'Synthesizes the dot-product unit for every combination of the given options and writes what it costs: area and critical path in standard cells (Yosys and ABC, pre-layout), logic cells and clock on an iCE40 (nextpnr). Results are cached; an interrupted sweep goes on where it stopped.',
  )
  .addOption(several(MACS, 'multiplications a beat').default([4, 8, 16]))
  .addOption(several(K, 'widths of the multiplier').default([32, 24, 16, 12, 10, 8, 7, 6, 5, 4, 3, 2, 1]))
  .addOption(several(ARCH, 'circuits of the rescaler').default(['plain', 'fast']))
  .addOption(several(PIPELINE, 'register stages inside the rescaler path').default([0]))
  .addOption(several(LEADING_ONE, 'leading one of the multiplier').default(['explicit']))
  .addOption(several(TARGET, 'where to').default(['asic']))
  .addOption(several(LIBERTY, 'Liberty files, .lib or .lib.gz (default: an embedded generic library)'))
  .option('--dsp', 'multipliers of the FPGA, which is an up5k then instead of an hx8k')
  .addOption(single(JOBS, 'processes').default(availableParallelism()))
  .addOption(single(place('out', 'dir'), 'folder for results and reports').default('synth-reports'))
  .option('--json', 'print the results as JSON')
  .addHelpText('after', '\nExample:\n  npu-rescaler synth-sweep --macs 8 --k 32,8,4 --liberty sky130.lib.gz')
  .action(run);

async function run(flags: SweepFlags): Promise<void> {
  const { jobs, out, json } = flags;
  requireTargets(flags);
  requireInstalled(flags);
  const started = performance.now();
  const cacheDirectory = `${defaultCacheDirectory()}/synth`;
  const libraries = await librariesFor(flags, cacheDirectory);
  requireWritable(out);
  const isKept = await canKeep(cacheDirectory);
  const points = pointsOf(flags, [...libraries.keys()]);
  const sweep = await prepareSweep({ points, libraries, cacheDirectory });
  const { cached, missing } = sweep;
  const progress = new Progress(
    missing.length,
    missing.reduce((sum, point) => sum + effort(point), 0),
  );
  let done = 0;
  const show = (result: SweepResult, note: string) => {
    if (result.status === 'done') done += 1;
    if (!json) progress.line(`${describe(result)}${note}`);
  };
  for (const result of cached) show(result, '  cached');
  const sayWhatIsKept = (code: number) => {
    if (code < 128) return;
    progress.end();
    console.error(
      isKept
        ? `interrupted; ${done} of ${counted(points.length, 'point')} kept: run it again to go on`
        : 'interrupted; nothing is kept',
    );
  };
  process.once('exit', sayWhatIsKept);
  const results = await sweep.run(jobs, (result) => {
    show(result, '');
    progress.step(effort(result));
  });
  process.off('exit', sayWhatIsKept);
  progress.end();

  // Loads a plotting library, which takes longer than all the rest of the command line.
  const { reportFiles } = await import('../synth/report.ts');
  const report: SweepReport = {
    generator: GENERATOR,
    libraries: [...libraries.values()].map(({ facts }) => facts),
    results,
  };
  const written = writeFiles(out, [
    { name: 'results.json', text: `${JSON.stringify(report, undefined, 2)}\n` },
    { name: 'results.csv', text: resultsCsv(results) },
    ...reportFiles(report),
  ]);
  const failed = results.filter(({ status }) => status === 'failed').length;
  if (json) {
    console.log(JSON.stringify({ ...report, written }, undefined, 2));
  } else {
    for (const path of written) console.log(`wrote ${path}`);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `${results.length - failed} of ${counted(results.length, 'point')}, ${cached.length} of them cached, ${duration(seconds)}`,
    );
  }
  if (failed > 0) process.exitCode = 1;
}

/** An option that would do nothing is a mistake. */
function requireTargets({ target, dsp, liberty }: SweepFlags): void {
  if (dsp && !target.includes('ice40')) throw new UsageError(`--dsp needs --target ice40; it is ${target}`);
  if (liberty && !target.includes('asic'))
    throw new UsageError(`--liberty needs --target asic; it is ${target}`);
}

/** Says what is missing before hours of work, not after. */
function requireInstalled({ target }: SweepFlags): void {
  try {
    requirePlotting();
    if (target.includes('ice40')) requireNextpnr();
  } catch (error) {
    if (error instanceof PlottingError || error instanceof NextpnrError) throw new UsageError(error.message);
    throw error;
  }
}

async function librariesFor(
  { target, liberty = [] }: SweepFlags,
  cacheDirectory: string,
): Promise<ReadonlyMap<string, LoadedLibrary>> {
  try {
    return target.includes('asic') ? await loadLibraries(liberty, cacheDirectory) : new Map();
  } catch (error) {
    if (error instanceof LibertyError) throw new UsageError(`${error.message} (--liberty)`);
    throw error;
  }
}

function pointsOf(flags: SweepFlags, libraries: readonly string[]): readonly SweepPoint[] {
  const targets = flags.target.flatMap((kind): readonly Target[] => {
    if (kind === 'asic') return libraries.map((library) => ({ kind, library }));
    return [flags.dsp ? { kind, device: 'up5k', dsp: true } : { kind, device: 'hx8k', dsp: false }];
  });
  return targets.flatMap((target) =>
    flags.arch.flatMap((arch) =>
      flags.pipeline.flatMap((pipeline) =>
        flags.leadingOne.flatMap((leadingOne) =>
          flags.macs.flatMap((macs) => flags.k.map((k) => ({ macs, k, arch, pipeline, leadingOne, target }))),
        ),
      ),
    ),
  );
}

function describe(result: SweepResult): string {
  const { target, arch, macs, k, pipeline, leadingOne } = result;
  const place = target.kind === 'asic' ? target.library : `${target.device}${target.dsp ? ' dsp' : ''}`;
  const name = `${place}  ${arch.padEnd(5)} macs ${macs} k ${k} pipeline ${pipeline} ${leadingOne}`;
  if (result.status === 'failed') return `FAIL ${name}\n  ${result.reason.trim().replaceAll('\n', '\n  ')}`;
  const { metrics } = result;
  return 'areaUm2' in metrics
    ? `ok   ${name}  ${metrics.areaUm2.toFixed(2)} um2 (${metrics.areaGe.toFixed(0)} GE)  ` +
        `${metrics.criticalPathPs.toFixed(0)} ps (${metrics.criticalPathFo4.toFixed(1)} FO4)  ` +
        `${metrics.startPoint} -> ${metrics.endPoint}`
    : `ok   ${name}  ${metrics.logicCells} logic cells  ${metrics.carryCells} carry cells  ` +
        `${metrics.dsps} DSPs  ${metrics.fmaxMhzMedian.toFixed(1)} MHz`;
}
