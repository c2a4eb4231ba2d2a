/** `npu-rescaler cosim`: the emitted Verilog on real simulators, against the golden model. */
import { accessSync, constants, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { GenerateOptions } from '../hdl-gen/generate.ts';
import { campaignAgreements } from '../sim/agreement.ts';
import { type ConfigurationResult, passed, runCampaign } from '../sim/campaign.ts';
import { configurations, DEFAULT_MATRIX, type Matrix, quickConfigurations } from '../sim/matrix.ts';
import { type BlockResult, cyclesPerSecond, type Failure } from '../sim/regression.ts';
import { createSimulator, type SimulatorName, simulatorNames } from '../sim/simulators/index.ts';
import { DIRECTED_RESCALES } from '../sim/unit-bench.ts';
import { describeValues, nonzero, type RowValues } from '../sim/values.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { canKeep, writeFiles } from './files.ts';
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

interface CosimFlags extends Matrix {
  readonly vectors: number;
  readonly directed: number;
  readonly seed: number;
  readonly jobs: number;
  readonly out: string;
  readonly quick?: true;
  readonly json?: true;
}

const SIMULATOR = oneOf('simulator', simulatorNames);
const VECTORS = integer('vectors', { minimum: 0, maximum: 1_000_000_000 });
const DIRECTED = integer('directed', { minimum: 1, maximum: DIRECTED_RESCALES });
const SEED = integer('seed', { minimum: 0, maximum: 2 ** 31 - 1 });

export const cosim = new Command('cosim')
  .summary('simulate the Verilog and compare it with the golden model')
  .description(
    'Simulates the emitted Verilog of every combination of the given options and compares each output of each cycle with the golden model. Directed vectors for every edge come first, then constrained-random ones; a case that never came up is a failure, too. What a simulator has computed right is not simulated again, so an interrupted run with the same --seed goes on where it stopped.',
  )
  .addOption(several(MACS, 'multiplications a beat').default(DEFAULT_MATRIX.macs))
  .addOption(several(K, 'widths of the multiplier').default(DEFAULT_MATRIX.k))
  .addOption(several(ARCH, 'circuits of the rescaler').default(DEFAULT_MATRIX.arch))
  .addOption(several(PIPELINE, 'register stages inside the rescaler path').default(DEFAULT_MATRIX.pipeline))
  .addOption(several(LEADING_ONE, 'leading one of the multiplier').default(DEFAULT_MATRIX.leadingOne))
  .addOption(several(UNITS, 'units of the systolic array').default(DEFAULT_MATRIX.units))
  .addOption(several(SIMULATOR, 'simulators').default(DEFAULT_MATRIX.simulator))
  .addOption(single(VECTORS, 'random vectors for each block, after the directed ones').default(20_000))
  .addOption(
    single(DIRECTED, 'directed rescales for each dot-product unit; fewer for a slow simulator').default(
      DIRECTED_RESCALES,
    ),
  )
  .addOption(single(SEED, 'seed of the random vectors (default: another one each time)'))
  .addOption(single(JOBS, 'processes').default(availableParallelism()))
  .addOption(
    new Option(
      '--quick',
      'a few configurations with all extremes among them instead of every combination',
    ).conflicts(['macs', 'k', 'arch', 'pipeline', 'leadingOne', 'units']),
  )
  .addOption(single(place('out', 'dir'), 'folder for waveforms of failures').default('cosim-failures'))
  .option('--json', 'print the results as JSON')
  .addHelpText('after', '\nExample:\n  npu-rescaler cosim --macs 8 --k 4 --simulator cxxrtl,icarus --seed 1')
  .action(run);

async function run(flags: CosimFlags): Promise<void> {
  const { seed = Math.floor(Math.random() * 2 ** 31), vectors, directed, jobs, out, json } = flags;
  requireUsable(out);
  await requireInstalled(flags.simulator);
  await canKeep(campaignAgreements());
  const chosen = flags.quick ? quickConfigurations(flags.simulator) : configurations(flags);
  const started = performance.now();
  const progress = new Progress(chosen.length);
  if (!json)
    progress.line(
      `seed ${seed}, ${counted(chosen.length, 'configuration')}, ${counted(vectors, 'random vector')} a block`,
    );
  const effort = { rows: vectors, directedRescales: directed, seed };
  const results = await runCampaign(chosen, effort, jobs, (result) => {
    if (!json) progress.line(describe(result));
    progress.step();
  });
  progress.end();

  const waveforms = writeFiles(out, results.flatMap(waveformFiles));
  const failed = results.filter((result) => !passed(result)).length;
  const checked = results.flatMap(blocksOf).reduce((sum, { vectors: count }) => sum + count, 0);
  const seconds = (performance.now() - started) / 1000;
  if (json) {
    const report = { seed, checked, failed, seconds, waveforms, results };
    // Waveforms are files of their own.
    console.log(JSON.stringify(report, (key, value) => (key === 'waveform' ? undefined : value), 2));
  } else {
    for (const path of waveforms) console.log(`wrote ${path}`);
    console.log(
      `${failed === 0 ? 'PASS' : 'FAIL'}: ${results.length - failed} of ${counted(results.length, 'configuration')} right, ` +
        `${checked.toLocaleString('en-US')} vectors checked, ${duration(seconds)}`,
    );
  }
  if (failed > 0) process.exitCode = 1;
}

/** Waveforms are written last: what is in their way should be known first. Makes no folder that may stay empty. */
function requireUsable(folder: string): void {
  const path = resolve(folder);
  const parent = dirname(path);
  try {
    if (!statSync(path).isDirectory()) throw new Error(`${path} is not a folder`);
    accessSync(path, constants.W_OK);
  } catch (error) {
    if (!isMissing(error) || parent === path) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new UsageError(`cannot write to ${resolve(folder)} (--out): ${reason}`);
    }
    requireUsable(parent);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** Says so before anything runs, rather than once a configuration. */
async function requireInstalled(simulators: readonly SimulatorName[]): Promise<void> {
  for (const name of simulators) {
    try {
      await createSimulator(name).requireInstalled();
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
  }
}

function describe(result: ConfigurationResult): string {
  const { outcome } = result;
  const name = title(result.configuration.options);
  const head = `${passed(result) ? 'ok  ' : 'FAIL'} ${result.configuration.simulator.padEnd(9)} ${name}`;
  if ('error' in outcome) return `${head}\n  ${outcome.error.trim().replaceAll('\n', '\n  ')}`;
  const vectors = outcome.blocks.reduce((sum, block) => sum + block.vectors, 0);
  const known = outcome.blocks.reduce((sum, { knownVectors }) => sum + knownVectors, 0);
  const bins = outcome.blocks.reduce((sum, block) => sum + block.bins, 0);
  const empty = outcome.blocks.reduce((sum, block) => sum + block.emptyBins.length, 0);
  const unit = outcome.blocks.find(({ block }) => block === 'dot_product_unit');
  const speed = unit && cyclesPerSecond(unit);
  return [
    [
      head,
      `${counted(vectors, 'vector')}${known === 0 ? '' : `, ${known} of them known from before`}`,
      `coverage ${bins - empty}/${bins}`,
      ...(speed === undefined ? [] : [`unit ${(speed / 1e6).toPrecision(3)} Mcycles/s`]),
      `${outcome.seconds.toFixed(1)} s`,
    ].join('  '),
    ...outcome.blocks.flatMap(explain),
  ].join('\n');
}

function title({ macs, k, units, arch, pipeline, leadingOne }: GenerateOptions): string {
  return `macs ${macs} k ${k} units ${units} ${arch} pipeline ${pipeline} ${leadingOne}`;
}

function explain({ block, emptyBins, failure }: BlockResult): readonly string[] {
  if (failure) return [`  ${block}: mismatch`, ...describeFailure(failure).map((line) => `    ${line}`)];
  return emptyBins.length === 0 ? [] : [`  ${block}: never seen: ${emptyBins.join(', ')}`];
}

function describeFailure({ cycle, inputs, expected, actual, smallest }: Failure): readonly string[] {
  const last = smallest.cycles.length - 1;
  return [
    `cycle ${cycle}: ${describeValues(inputs)}`,
    ...difference(expected, actual),
    `smallest case found, ${counted(last + 1, 'cycle')} (inputs that are not named are 0):`,
    ...smallest.cycles.map((values, row) => `cycle ${row}: ${describeValues(nonzero(values)) || 'all 0'}`),
    ...difference(smallest.expected, smallest.actual),
  ];
}

function difference(expected: RowValues, actual: RowValues): readonly string[] {
  return [`  expected ${describeValues(expected)}`, `  actual   ${describeValues(actual)}`];
}

function waveformFiles(result: ConfigurationResult): readonly { name: string; text: string }[] {
  const prefix = `${result.configuration.simulator}-${title(result.configuration.options).replaceAll(' ', '-')}`;
  return blocksOf(result).flatMap(({ block, failure }) =>
    failure ? [{ name: `${prefix}-${block}.vcd`, text: failure.waveform }] : [],
  );
}

function blocksOf({ outcome }: ConfigurationResult): readonly BlockResult[] {
  return 'blocks' in outcome ? outcome.blocks : [];
}
