/**
 * `npm run check:oracle`: every output that genuine LiteRT recorded, for every model and configuration, and its
 * accuracy over the whole sets whose inputs are here. A line for each model and each build of the kernels that runs
 * here; exits with 1 where anything differs.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
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

const { values } = parseArgs({
  options: { threads: { type: 'string' }, model: { type: 'string', multiple: true } },
});
const threadCount = values.threads === undefined ? undefined : Number(values.threads);
const models = REAL_MODELS.filter((name) => values.model?.includes(name) ?? true);

interface Build {
  readonly name: string;
  readonly kernels: KernelModule;
}

async function compareOutputs(name: RealModel, build: Build): Promise<boolean> {
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
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const verdict = wrong.length === 0 ? 'ok  ' : 'FAIL';
  console.log(`${verdict} ${build.name}, ${name.padEnd(32)} ${compared} outputs, ${seconds} s`);
  for (const line of wrong) console.log(`       ${line} outputs differ`);
  return wrong.length === 0;
}

async function compareAccuracy(
  name: 'resnet8_cifar10_int8' | 'kws_dscnn_int8',
  build: Build,
): Promise<boolean> {
  const model = realModel(name);
  const labels = labelsOf(name);
  const runs = inputsOf(name, model).map((input) => [input]);
  const threads = await startThreads(model, threadCount, build.kernels);
  let right = true;
  for (const [configuration, expected, n] of recordedAccuracy(name)) {
    const started = performance.now();
    const outputs = await threads.run(arithmeticOf(configuration), runs.slice(0, n));
    const correct = outputs.filter(
      ([output], i) => output !== undefined && argmax(output) === labels[i],
    ).length;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const verdict = correct === expected ? 'ok  ' : 'FAIL';
    console.log(
      `${verdict} ${build.name}, ${name} ${configuration.padEnd(16)} ${correct} of ${n}, LiteRT ${expected}, ${seconds} s`,
    );
    right &&= correct === expected;
  }
  await threads.close();
  return right;
}

function sameBytes(a: Uint8Array | Int8Array, b: Uint8Array | Int8Array | undefined): boolean {
  return a.length === b?.length && a.every((value, i) => value === b[i]);
}

const absent = models.flatMap(oracleFiles).find((path) => !existsSync(sharedPath(path)));
if (absent !== undefined) {
  console.error(`../shared/${absent} is not here`);
  process.exitCode = 2;
} else {
  const verdicts: boolean[] = [];
  const relaxed = await loadRelaxedKernels();
  if (relaxed === undefined) console.log('skipped: relaxed SIMD is not here, or not exact');
  const builds: readonly Build[] = [
    ...(relaxed ? [{ name: 'relaxed SIMD', kernels: relaxed }] : []),
    { name: 'plain SIMD', kernels: await loadSimdKernels() },
  ];
  for (const build of builds) {
    for (const name of models) verdicts.push(await compareOutputs(name, build));
    for (const name of ['kws_dscnn_int8', 'resnet8_cifar10_int8'] as const) {
      if (models.includes(name)) verdicts.push(await compareAccuracy(name, build));
    }
  }
  process.exitCode = verdicts.every((verdict) => verdict) ? 0 : 1;
}
