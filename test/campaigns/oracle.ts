/**
 * `npm run check:oracle`: every output that genuine LiteRT recorded, for every model and configuration, and its
 * accuracy over the whole sets whose inputs are here. A line for each model and each build of the kernels that runs
 * here; exits with 1 where anything differs.
 */
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { UsageError } from '../../cli/failure.ts';
import { integer, oneOf, several, single } from '../../cli/options.ts';
import { loadRelaxedKernels, loadSimdKernels } from '../../infer/fast/load-kernels.ts';
import { type KernelModule, startThreads } from '../../infer/index.ts';
import {
  argmax,
  arithmeticOf,
  configurations,
  inputsOf,
  labelsOf,
  oracleFiles,
  realModel,
  recordedAccuracy,
  recordedOutputs,
} from '../support/oracle.ts';
import { REAL_MODELS, type RealModel, sharedPath } from '../support/shared.ts';
import { runCommand } from './command.ts';

const THREADS = integer('threads', { minimum: 1, maximum: 256 });

interface Flags {
  readonly model: readonly RealModel[];
  readonly threads?: number;
  readonly json?: true;
}

/** One line of the campaign, and of its JSON. */
interface Verdict {
  readonly build: string;
  readonly model: RealModel;
  readonly what: string;
  readonly seconds: number;
  /** What differs; nothing where all is right. */
  readonly wrong: readonly string[];
}

interface Build {
  readonly name: string;
  readonly kernels: KernelModule;
}

async function compareOutputs(
  name: RealModel,
  build: Build,
  threadCount: number | undefined,
): Promise<Verdict> {
  const started = performance.now();
  const model = realModel(name);
  const threads = await startThreads(model, threadCount, build.kernels);
  const wrong: string[] = [];
  let compared = 0;
  for (const [configuration, arithmetic] of configurations(name)) {
    const recorded = recordedOutputs(name, configuration, model);
    const runs = inputsOf(name, model, recorded.length).map((input) => [input]);
    const outputs = await threads.run(arithmetic, runs);
    const different = recorded.filter((output, i) => !sameBytes(output, outputs[i]?.[0])).length;
    if (different > 0) wrong.push(`${configuration}: ${different} of ${recorded.length}`);
    compared += recorded.length;
  }
  await threads.close();
  return {
    build: build.name,
    model: name,
    what: `${compared} outputs`,
    seconds: secondsSince(started),
    wrong: wrong.map((line) => `${line} outputs differ`),
  };
}

/** Of the models whose whole sets are here. */
async function* compareAccuracy(
  name: 'resnet8_cifar10_int8' | 'kws_dscnn_int8',
  build: Build,
  threadCount: number | undefined,
): AsyncGenerator<Verdict> {
  const model = realModel(name);
  const labels = labelsOf(name);
  const runs = inputsOf(name, model).map((input) => [input]);
  const threads = await startThreads(model, threadCount, build.kernels);
  for (const [configuration, expected, n] of recordedAccuracy(name)) {
    const started = performance.now();
    const outputs = await threads.run(arithmeticOf(configuration), runs.slice(0, n));
    const correct = outputs.filter(
      ([output], i) => output !== undefined && argmax(output) === labels[i],
    ).length;
    yield {
      build: build.name,
      model: name,
      what: `${configuration}, ${correct} of ${n} right`,
      seconds: secondsSince(started),
      wrong: correct === expected ? [] : [`LiteRT has ${expected} right`],
    };
  }
  await threads.close();
}

async function* verdictsOf(
  { model: names, threads }: Flags,
  relaxed: KernelModule | undefined,
): AsyncGenerator<Verdict> {
  const builds: readonly Build[] = [
    ...(relaxed ? [{ name: 'relaxed SIMD', kernels: relaxed }] : []),
    { name: 'plain SIMD', kernels: await loadSimdKernels() },
  ];
  for (const build of builds) {
    for (const name of names) yield await compareOutputs(name, build, threads);
    for (const name of ['kws_dscnn_int8', 'resnet8_cifar10_int8'] as const) {
      if (names.includes(name)) yield* compareAccuracy(name, build, threads);
    }
  }
}

/** @returns the exit code */
async function check(flags: Flags): Promise<number> {
  const absent = flags.model.flatMap(oracleFiles).find((path) => !existsSync(sharedPath(path)));
  if (absent !== undefined) throw new UsageError(`../shared/${absent} is not here`);
  const print = flags.json ? () => {} : console.log;
  const relaxed = await loadRelaxedKernels();
  if (relaxed === undefined) print('skipped: relaxed SIMD is not here, or not exact');
  const verdicts: Verdict[] = [];
  for await (const verdict of verdictsOf(flags, relaxed)) {
    verdicts.push(verdict);
    const { build, model, what, seconds, wrong } = verdict;
    print(
      `${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${build}, ${model.padEnd(32)} ${what}, ${seconds.toFixed(1)} s`,
    );
    for (const line of wrong) print(`       ${line}`);
  }
  if (flags.json) console.log(JSON.stringify(verdicts, undefined, 2));
  return verdicts.every(({ wrong }) => wrong.length === 0) ? 0 : 1;
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

function sameBytes(a: Uint8Array | Int8Array, b: Uint8Array | Int8Array | undefined): boolean {
  return a.length === b?.length && a.every((value, i) => value === b[i]);
}

await runCommand(
  new Command('check:oracle')
    .description(
      'Compares inference with recordings of genuine LiteRT, for each build of the kernels that runs here.',
    )
    .addOption(several(oneOf('model', REAL_MODELS), 'models').default([...REAL_MODELS]))
    .addOption(single(THREADS, 'threads of inference (default: one for each processor)'))
    .option('--json', 'print the results as JSON')
    .addHelpText('after', '\nExample:\n  npm run check:oracle -- --model kws_dscnn_int8')
    .action(async (flags: Flags) => {
      process.exitCode = await check(flags);
    }),
);
