/** `npu-rescaler signoff`: proofs, simulation and structure of one configuration, in one report. */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { DEFAULT_OPTIONS, type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import { signoffFiles, tableRows } from '../signoff/report.ts';
import { type CheckResult, isSignedOff, type Signoff } from '../signoff/result.ts';
import { runSignoff } from '../signoff/signoff.ts';
import { createSimulator, type SimulatorName, simulatorNames } from '../sim/simulators/index.ts';
import { LibertyError } from '../synth/liberty.ts';
import { type LoadedLibrary, loadLibraries } from '../synth/libraries.ts';
import { defaultCacheDirectory } from '../tools/cache.ts';
import { UsageError } from './failure.ts';
import { canKeep, requireWritable, writeFiles } from './files.ts';
import {
  ARCH,
  integer,
  JOBS,
  K,
  LEADING_ONE,
  MACS,
  oneOf,
  PIPELINE,
  place,
  several,
  single,
  UNITS,
} from './options.ts';
import { duration, Progress } from './progress.ts';
import { alignedLines } from './table.ts';

interface SignoffFlags extends GenerateOptions {
  readonly simulator?: readonly SimulatorName[];
  readonly vectors: number;
  readonly seed: number;
  readonly mutants: number;
  readonly liberty?: string;
  readonly limit: number;
  readonly jobs: number;
  readonly out: string;
  readonly json?: true;
}

const SIMULATOR = oneOf('simulator', simulatorNames);
const VECTORS = integer('vectors', { minimum: 0, maximum: 1_000_000_000 });
const SEED = integer('seed', { minimum: 0, maximum: 2 ** 31 - 1 });
const MUTANTS = integer('mutants', { minimum: 0, maximum: 1_000_000 });
const LIMIT = integer('limit', { minimum: 1, maximum: 1_000_000 });

export const signoff = new Command('signoff')
  .summary('prove and simulate one configuration, and write the evidence')
  .description(
    'Proves the rescaler equal to Algorithm 1 and the dot-product unit equal to its specification, for all inputs; simulates every block against the golden model, with mutants of it, which must fail, and with its netlists of gates; checks structure and lint. Writes a report with the evidence. Verdicts are cached; an interrupted run goes on where it stopped. Exit code 1 when anything failed or is open.',
  )
  .addOption(single(MACS, 'multiplications a beat').default(DEFAULT_OPTIONS.macs))
  .addOption(single(K, 'width of the multiplier').default(DEFAULT_OPTIONS.k))
  .addOption(single(ARCH, 'circuit of the rescaler').default(DEFAULT_OPTIONS.arch))
  .addOption(single(PIPELINE, 'register stages inside the rescaler path').default(DEFAULT_OPTIONS.pipeline))
  .addOption(single(LEADING_ONE, 'leading one of the multiplier').default(DEFAULT_OPTIONS.leadingOne))
  .addOption(single(UNITS, 'units of the systolic array').default(2))
  .addOption(several(SIMULATOR, 'simulators (default: those that are installed)'))
  .addOption(single(VECTORS, 'random vectors for each block').default(20_000))
  .addOption(single(SEED, 'seed of the random vectors').default(1))
  .addOption(single(MUTANTS, 'mutants of all blocks together, about').default(1200))
  .addOption(
    single(
      place('liberty', 'path'),
      'cells of the gate level, .lib or .lib.gz (default: the embedded library)',
    ),
  )
  .addOption(single(LIMIT, 'seconds for one claim of a proof; what takes longer is open').default(900))
  .addOption(single(JOBS, 'processes').default(availableParallelism()))
  .addOption(single(place('out', 'dir'), 'folder for the report').default('signoff-report'))
  .option('--json', 'print the results as JSON')
  .addHelpText('after', '\nExample:\n  npu-rescaler signoff --macs 8 --k 4 --pipeline 1 --out signoff-report')
  .action(run);

async function run(flags: SignoffFlags): Promise<void> {
  const { macs, k, units, arch, pipeline, leadingOne, vectors, seed, mutants, limit, jobs, out, json } =
    flags;
  const started = performance.now();
  const options = { macs, k, units, arch, pipeline, leadingOne };
  const cacheDirectory = `${defaultCacheDirectory()}/formal`;
  const library = await libraryOf(flags.liberty, cacheDirectory);
  const simulators = await usableSimulators(flags.simulator);
  requireWritable(out);
  await canKeep(cacheDirectory);
  if (!json) console.log(`macs ${macs} k ${k} ${arch} pipeline ${pipeline} ${leadingOne}, seed ${seed}`);
  let progress: Progress | undefined;
  const checks = await runSignoff(
    {
      options,
      blocks: generate(options),
      simulators,
      vectors,
      seed,
      mutants,
      library,
      limitSeconds: limit,
      jobs,
      cacheDirectory,
    },
    {
      onPlan: (steps, effort) => {
        progress = new Progress(steps, effort);
      },
      onStep: (effort) => progress?.step(effort),
      onCheck: (result) => {
        if (!json) progress?.line(describe(result));
      },
    },
  );
  progress?.end();

  const result: Signoff = { options, seed, vectors, mutants, checks };
  const files = signoffFiles(result);
  const written = writeFiles(out, files);
  if (json) {
    console.log(files.find(({ name }) => name === 'signoff.json')?.text.trimEnd());
  } else {
    console.log();
    for (const line of alignedLines(tableRows(checks), ['left', 'left', 'left', 'right', 'left'])) {
      console.log(line);
    }
    const [report = out] = written;
    const open = checks.filter(({ status }) => status === 'fail' || status === 'open').length;
    const seconds = (performance.now() - started) / 1000;
    const verdict =
      open === 0 ? 'PASS: nothing is open' : `FAIL: ${open} of ${checks.length} checks not passed`;
    console.log(`\n${verdict}, ${duration(seconds)}; wrote ${report}`);
  }
  if (!isSignedOff(result)) process.exitCode = 1;
}

async function libraryOf(path: string | undefined, cacheDirectory: string): Promise<LoadedLibrary> {
  try {
    const libraries = await loadLibraries(path === undefined ? [] : [path], cacheDirectory);
    const [library] = libraries.values();
    if (library === undefined) throw new LibertyError('there is no library');
    return library;
  } catch (error) {
    if (error instanceof LibertyError) throw new UsageError(`${error.message} (--liberty)`);
    throw error;
  }
}

/** Those that were asked for, all of which must be there; else all that are there. */
async function usableSimulators(
  asked: readonly SimulatorName[] | undefined,
): Promise<readonly SimulatorName[]> {
  const usable: SimulatorName[] = [];
  for (const name of asked ?? simulatorNames) {
    try {
      await createSimulator(name).requireInstalled();
      usable.push(name);
    } catch (error) {
      if (asked) throw new UsageError(error instanceof Error ? error.message : String(error));
    }
  }
  return usable;
}

function describe({ check, status, seconds, findings }: CheckResult): string {
  const head = `${status.padEnd(7)} ${check}  ${seconds.toFixed(1)} s`;
  return [head, ...findings.map((finding) => `  ${finding.trim().replaceAll('\n', '\n  ')}`)].join('\n');
}
