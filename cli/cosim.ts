/** `npu-rescaler cosim`: the emitted Verilog on real simulators, against the golden model. */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import type { GenerateOptions } from '../hdl-gen/generate.ts';
import { type ConfigurationResult, passed, runCampaign } from '../sim/campaign.ts';
import { configurations, DEFAULT_MATRIX, type Matrix, quickConfigurations } from '../sim/matrix.ts';
import type { BlockResult, Failure } from '../sim/regression.ts';
import { createSimulator, type SimulatorName, simulatorNames } from '../sim/simulators/index.ts';
import { UsageError } from './failure.ts';
import { writeFiles } from './files.ts';
import { ARCH, integer, K, LEADING_ONE, MACS, oneOf, PIPELINE, several, single, UNITS } from './options.ts';
import { duration, Progress } from './progress.ts';

interface CosimFlags extends Matrix {
  readonly vectors: number;
  readonly seed: number;
  readonly jobs: number;
  readonly out: string;
  readonly quick?: true;
  readonly json?: true;
}

const SIMULATOR = oneOf('simulator', simulatorNames);
const VECTORS = integer('vectors', { minimum: 0, maximum: 1_000_000_000 });
const SEED = integer('seed', { minimum: 0, maximum: 2 ** 31 - 1 });
const JOBS = integer('jobs', { minimum: 1, maximum: 256 });

export const cosim = new Command('cosim')
  .summary('simulate the Verilog and compare it with the golden model')
  .description(
    'Simulates the emitted Verilog of every combination of the given options and compares each output of each cycle with the golden model. Directed vectors for every edge come first, then constrained-random ones; a case that never came up is a failure, too.',
  )
  .addOption(several(MACS, 'multiplications a beat').default(DEFAULT_MATRIX.macs))
  .addOption(several(K, 'widths of the multiplier').default(DEFAULT_MATRIX.k))
  .addOption(several(ARCH, 'circuits of the rescaler').default(DEFAULT_MATRIX.arch))
  .addOption(several(PIPELINE, 'register stages inside the rescaler path').default(DEFAULT_MATRIX.pipeline))
  .addOption(several(LEADING_ONE, 'leading one of the multiplier').default(DEFAULT_MATRIX.leadingOne))
  .addOption(several(UNITS, 'units of the systolic array').default(DEFAULT_MATRIX.units))
  .addOption(several(SIMULATOR, 'simulators').default(DEFAULT_MATRIX.simulator))
  .addOption(single(VECTORS, 'random vectors for each block').default(20_000))
  .addOption(single(SEED, 'seed of the random vectors (default: another one each time)'))
  .addOption(single(JOBS, 'processes').default(availableParallelism()))
  .option('--quick', 'a few configurations with all extremes among them instead of every combination')
  .option('--out <dir>', 'folder for waveforms of failures', 'cosim-failures')
  .option('--json', 'print the results as JSON')
  .addHelpText('after', '\nExample:\n  npu-rescaler cosim --macs 8 --k 4 --simulator cxxrtl,icarus --seed 1')
  .action(run);

async function run(flags: CosimFlags): Promise<void> {
  const { seed = Math.floor(Math.random() * 2 ** 31), vectors, jobs, out, json } = flags;
  await requireInstalled(flags.simulator);
  const chosen = flags.quick ? quickConfigurations(flags.simulator) : configurations(flags);
  const started = performance.now();
  const progress = new Progress(chosen.length);
  if (!json)
    progress.line(`seed ${seed}, ${chosen.length} configurations, ${vectors} random vectors a block`);
  const results = await runCampaign(chosen, { rows: vectors, seed }, jobs, (result) => {
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
      `${failed === 0 ? 'PASS' : 'FAIL'}: ${results.length - failed} of ${results.length} configurations right, ` +
        `${checked.toLocaleString('en-US')} vectors checked, ${duration(seconds)}`,
    );
  }
  if (failed > 0) process.exitCode = 1;
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
  const bins = outcome.blocks.reduce((sum, block) => sum + block.bins, 0);
  const empty = outcome.blocks.reduce((sum, block) => sum + block.emptyBins.length, 0);
  const unit = outcome.blocks.find(({ block }) => block === 'dot_product_unit');
  const speed = unit ? `${(unit.vectors / unit.simulationSeconds / 1e6).toFixed(2)} Mcycles/s` : '';
  return [
    `${head}  ${vectors} vectors  coverage ${bins - empty}/${bins}  unit ${speed}  ${outcome.seconds.toFixed(1)} s`,
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

function describeFailure({ cycle, smallest, expected, actual }: Failure): readonly string[] {
  return [
    `first in cycle ${cycle} of the regression; the smallest case found has ${smallest.length} cycles:`,
    ...smallest.map((inputs, row) => `cycle ${row}: ${fields(inputs)}`),
    `expected ${fields(expected)}`,
    `actual   ${fields(actual)}`,
  ];
}

function fields(row: Readonly<Record<string, string>>): string {
  return Object.entries(row)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
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
