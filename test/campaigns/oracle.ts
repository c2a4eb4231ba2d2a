/**
 * `npm run check:oracle`: every output that genuine LiteRT recorded, for every model and configuration, and its
 * accuracy over the whole sets whose inputs are here. A line for each model; exits with 1 where anything differs.
 */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startThreads } from '../../infer/index.ts';
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

async function compareOutputs(name: RealModel): Promise<boolean> {
  const started = performance.now();
  const model = realModel(name);
  const threads = await startThreads(model, threadCount);
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
  console.log(`${verdict} ${name.padEnd(32)} ${compared} outputs, ${seconds} s`);
  for (const line of wrong) console.log(`       ${line} outputs differ`);
  return wrong.length === 0;
}

async function compareAccuracy(name: 'resnet8_cifar10_int8' | 'kws_dscnn_int8'): Promise<boolean> {
  const model = realModel(name);
  const labels = labelsOf(name);
  const runs = inputsOf(name, model).map((input) => [input]);
  const threads = await startThreads(model, threadCount);
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
      `${verdict} ${name} ${configuration.padEnd(16)} ${correct} of ${n}, LiteRT ${expected}, ${seconds} s`,
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
  for (const name of models) verdicts.push(await compareOutputs(name));
  for (const name of ['kws_dscnn_int8', 'resnet8_cifar10_int8'] as const) {
    if (models.includes(name)) verdicts.push(await compareAccuracy(name));
  }
  process.exitCode = verdicts.every((verdict) => verdict) ? 0 : 1;
}
