/** Whole models beside LiteRT itself, which is @litertjs/core, on one thread; and one thread beside two. */
import { existsSync } from 'node:fs';
import { loadRelaxedKernels, loadSimdKernels } from '../infer/fast/load-kernels.ts';
import {
  type Arithmetic,
  describeArithmetic,
  type KernelModule,
  prepare,
  startThreads,
} from '../infer/index.ts';
import { type Build, loadLiteRtModel } from '../test/support/litert-js.ts';
import { inputsOf, oracleFiles, realModel } from '../test/support/oracle.ts';
import { modelFile, type RealModel, readShared, sharedPath } from '../test/support/shared.ts';
import { alternate, type Times } from './measure.ts';
import { type Line, milliseconds, ratio, type Section } from './report.ts';

const REPEATS = 9;

const ARITHMETICS: readonly Arithmetic[] = ['stock', 'single', { k: 4, rounding: 'nearest', scope: 'dot' }];

const MODELS: readonly { readonly name: RealModel; readonly images: number }[] = [
  { name: 'mobilenet_v2_224_int8', images: 10 },
  { name: 'resnet8_cifar10_int8', images: 200 },
];

export async function inference(): Promise<Section> {
  const title = 'Inference: milliseconds an image, one thread';
  const absent = MODELS.flatMap(({ name }) => oracleFiles(name)).find(
    (path) => !existsSync(sharedPath(path)),
  );
  if (absent !== undefined) return { title, lines: [], notes: [`skipped: ../shared/${absent} is not here`] };
  const lines: Line[] = [];
  for (const { name, images } of MODELS) lines.push(...(await oneThread(name, images)));
  return {
    title,
    lines: [...lines, ...(await twoThreads())],
    notes: [
      'LiteRT is XNNPACK, which rounds once in float32; ours rounds exactly as its name says',
      "LiteRT's own reference kernels took 311 ms for MobileNet-V2, native, on a 2-core Zen 4",
    ],
  };
}

/** What runs on engines with relaxed SIMD, and what runs on all: each beside LiteRT's build for the same. */
interface Instructions {
  readonly name: string;
  readonly kernels: KernelModule;
  readonly peer: Build;
}

async function instructionSets(): Promise<readonly Instructions[]> {
  const relaxed = await loadRelaxedKernels();
  return [
    ...(relaxed ? [{ name: 'relaxed SIMD', kernels: relaxed, peer: 'relaxed' } as const] : []),
    { name: 'plain SIMD', kernels: await loadSimdKernels(), peer: 'compatible' },
  ];
}

async function oneThread(name: RealModel, images: number): Promise<readonly Line[]> {
  const model = realModel(name);
  const inputs = inputsOf(name, model, images);
  const sets = await instructionSets();
  const candidates: Record<string, () => unknown> = {};
  for (const { name: set, kernels, peer } of sets) {
    for (const arithmetic of ARITHMETICS) {
      const program = prepare(model, arithmetic, kernels);
      candidates[`${set}, ${describeArithmetic(arithmetic)}`] = () => {
        for (const input of inputs) program.run([input]);
      };
    }
    const liteRt = await loadLiteRtModel(readShared(modelFile(name)), peer);
    candidates[`${set}, LiteRT`] = async () => {
      for (const input of inputs) await liteRt.run(input);
    };
  }
  const times = await alternate(REPEATS, candidates);
  const perImage = (label: string): Times => (times[label] ?? []).map((seconds) => seconds / inputs.length);
  const short = name.replace(/_int8$/, '');
  return [
    ...Object.keys(candidates).map((label) => milliseconds(`${short}, ${label}`, perImage(label))),
    ...sets.flatMap(({ name: set }) =>
      ARITHMETICS.map(describeArithmetic).map((ours) =>
        ratio(`${short}, ${set}, ${ours} / LiteRT`, perImage(`${set}, ${ours}`), perImage(`${set}, LiteRT`)),
      ),
    ),
  ];
}

async function twoThreads(): Promise<readonly Line[]> {
  const name = 'resnet8_cifar10_int8';
  const model = realModel(name);
  const runs = inputsOf(name, model).map((input) => [input]);
  const [one, two] = await Promise.all([startThreads(model, 1), startThreads(model, 2)]);
  const times = await alternate(3, {
    one: () => one.run('stock', runs),
    two: () => two.run('stock', runs),
  });
  await Promise.all([one.close(), two.close()]);
  return [
    milliseconds(`resnet8, ${runs.length} images, one thread`, times.one),
    milliseconds(`resnet8, ${runs.length} images, two threads`, times.two),
    ratio('resnet8, two threads / one', times.two, times.one),
  ];
}
