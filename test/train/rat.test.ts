import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openSamples, type Samples } from '../../accuracy/index.ts';
import { decomposeMultiplier } from '../../golden/index.ts';
import { type Arithmetic, loadKernels, prepare } from '../../infer/index.ts';
import { isDotProduct, readModel } from '../../litert/index.ts';
import { loadTrainingKernels } from '../../train/kernels.ts';
import { crossEntropy, type Loss, oneHot, relativeError, softmax } from '../../train/loss.ts';
import { compensated } from '../../train/rat/compensate.ts';
import { NO_AUGMENTATION, type TuningOptions, tune, tuneAndJudge } from '../../train/rat/index.ts';
import { logitsOf } from '../../train/rat/logits.ts';
import { integersOf, parametersOf, parameterValues } from '../../train/rat/parameters.ts';
import { redeploy } from '../../train/rat/redeploy.ts';
import { type Example, prepareTrainee } from '../../train/rat/trainee.ts';
import { readShared, sharedPath, testWithShared } from '../support/shared.ts';
import { modelWithoutGradient, smallModel, smallSamples } from './small-model.ts';

const [kernels, trainingKernels] = await Promise.all([loadKernels(), loadTrainingKernels()]);
const cacheDirectory = mkdtempSync(join(tmpdir(), 'rat-'));
afterAll(() => rmSync(cacheDirectory, { recursive: true }));

const K3: Arithmetic = { k: 3, rounding: 'truncate', scope: 'all' };
const OPTIONS: TuningOptions = {
  ...{
    arithmetic: K3,
    loss: { kind: 'labels' },
    epochs: 2,
    batch: 20,
    optimizer: 'sgd',
    learningRate: 0.01,
    momentum: 0.9,
  },
  ...{ gradientLimit: 10, augmentation: NO_AUGMENTATION, start: 'file', seed: 1 },
};
const ONCE = { threads: 1, cacheDirectory: false } as const;

/** The loss of a file, from the readable interpreter alone. */
async function referenceLoss(
  file: Uint8Array,
  arithmetic: Arithmetic,
  loss: Loss,
  examples: readonly Example[],
) {
  const model = readModel(file);
  const { tensor: logits, unit } = logitsOf(model);
  const [stock, own] = [prepare(model, 'stock'), prepare(model, arithmetic)];
  const logitsUnder = (program: typeof own, { input }: Example): Int8Array | Uint8Array => {
    let seen: Int8Array | Uint8Array = new Int8Array();
    program.run([input], (operator, output) => {
      if (operator.output === logits) seen = output.slice();
    });
    return seen;
  };
  return examples.reduce((sum, example) => {
    const target =
      loss.kind === 'labels'
        ? oneHot(logits.size, example.label ?? 0)
        : softmax(logitsUnder(stock, example), unit / loss.temperature);
    const temperature = loss.kind === 'labels' ? 1 : loss.temperature;
    return sum + crossEntropy(logitsUnder(own, example), unit / temperature, target).loss;
  }, 0);
}

async function examplesOf(samples: Samples): Promise<readonly Example[]> {
  const inputs = await samples.load(0, samples.count);
  return inputs.map((input, i) => ({ input, label: samples.classes?.[i] }));
}

describe('the forward pass is the integer inference', () => {
  /** A loss is a sum over all logits in double: it is equal to the last bit only where every output is. */
  async function expectParity(file: Uint8Array, samples: Samples, arithmetic: Arithmetic) {
    const trainee = prepareTrainee({ file, arithmetic, loss: { kind: 'labels' }, kernels, trainingKernels });
    const examples = await examplesOf(samples);
    const gradients = new Float32Array(trainee.parameters.size);
    const parameters = parametersOf(readModel(file));
    let integers = integersOf(parameters, parameterValues(parameters));
    for (let round = 0; round < 3; round++) {
      trainee.assign(integers);
      const { loss } = trainee.learn(examples, gradients);
      const redeployed = redeploy(file, parameters, integers);
      expect(loss).toBe(await referenceLoss(redeployed, arithmetic, { kind: 'labels' }, examples));
      // Far from what training would do, so that every weight is another one.
      integers = integersOf(
        parameters,
        Float64Array.from(integers, (value, i) => value + ((i * 7) % 11) - 5),
      );
    }
    expect(gradients.some((gradient) => gradient !== 0)).toBe(true);
  }

  test.each<Arithmetic>([K3, 'stock', 'single', { k: 1, rounding: 'nearest', scope: 'dot' }])(
    'with weights that change, %o',
    (arithmetic) => expectParity(smallModel(1), smallSamples(12, 2), arithmetic),
  );

  testWithShared(
    ['models/kws_dscnn_int8.tflite', 'data/kws'],
    'of a real model with a depth multiplier',
    async () => {
      const file = readShared('models/kws_dscnn_int8.tflite');
      const labels = { kind: 'ordered', classes: Array.from({ length: 1000 }, (_, i) => i % 12) } as const;
      const all = await openSamples(
        readModel(file),
        sharedPath('data/kws/kws01_1000x49x10_int8.raw'),
        labels,
        { fit: { kind: 'stretch' } },
      );
      await expectParity(file, { ...all, count: 4 }, K3);
    },
  );
});

describe('layers that count', () => {
  const loss = { kind: 'distillation', temperature: 1, layerWeight: 3 } as const;

  test('add the energy of what is wrong in each of them', async () => {
    const file = smallModel(1);
    const examples = await examplesOf(smallSamples(4, 2));
    const trainee = prepareTrainee({ file, arithmetic: K3, loss, kernels, trainingKernels });
    const learned = trainee.learn(examples, new Float32Array(trainee.parameters.size));
    let wanted = await referenceLoss(file, K3, loss, examples);
    const model = readModel(file);
    const [stock, narrow] = [prepare(model, 'stock'), prepare(model, K3)];
    // All but the SOFTMAX at the end, which has no say.
    const counted = model.operators.filter(({ op }) => op !== 'SOFTMAX');
    for (const { input } of examples) {
      const right = new Map<number, readonly number[]>();
      stock.run([input], ({ index }, output) => right.set(index, [...output]));
      narrow.run([input], ({ index, op, output: { zeroPoint } }, output) => {
        if (op === 'SOFTMAX') return;
        const signal = right.get(index) ?? [];
        const noise = signal.reduce((sum, value, i) => sum + (value - (output[i] ?? 0)) ** 2, 0);
        const energy = signal.reduce((sum, value) => sum + (value - zeroPoint) ** 2, 0);
        wanted += (loss.layerWeight / counted.length / 2) * (noise / energy);
      });
    }
    expect(learned.loss).toBeCloseTo(wanted, 9);
    expect(learned.loss).toBeGreaterThan(1.01 * (await referenceLoss(file, K3, loss, examples)));
  });

  test('have the gradient of that', () => {
    const own = [-3, 40, 7, -128, 0];
    const wanted = [5, 38, 7, -100, -1];
    const gradient = new Float32Array(5);
    const at = (values: readonly number[]) => relativeError(values, wanted, -2, 3, gradient.slice());
    relativeError(own, wanted, -2, 3, gradient);
    own.forEach((value, i) => {
      const difference = at(own.with(i, value + 1)) - at(own.with(i, value - 1));
      expect(gradient[i]).toBeCloseTo(difference / 2, 6);
    });
  });
});

test('the gradient of a whole model is that of its parts, one after the other', async () => {
  // The smooth surrogate of a model is the composition of its operators' surrogates at the integers of the run, and
  // its derivative along the last layer is known in closed form: dL/dw = unit * (p - t) * M * (x - Zx).
  const file = smallModel(5);
  const model = readModel(file);
  const trainee = prepareTrainee({
    file,
    arithmetic: 'single',
    loss: { kind: 'labels' },
    kernels,
    trainingKernels,
  });
  const [example] = await examplesOf(smallSamples(1, 6));
  if (example === undefined) throw new Error('no example');
  const gradients = new Float32Array(trainee.parameters.size);
  trainee.learn([example], gradients);
  const dense = model.operators.find((operator) => operator.op === 'FULLY_CONNECTED');
  if (dense?.op !== 'FULLY_CONNECTED') throw new Error('no dense layer');
  let [x, logits] = [new Int8Array() as Int8Array | Uint8Array, new Int8Array() as Int8Array | Uint8Array];
  prepare(model, 'single').run([example.input], ({ output }, values) => {
    if (output === dense.input) x = values.slice();
    if (output === dense.output) logits = values.slice();
  });
  const p = softmax(logits, dense.output.scale);
  const place = trainee.parameters.tensors.find(
    ({ tensor }) => tensor.name === dense.weights.name && tensor.size === dense.weights.size,
  );
  const own = gradients.subarray(place?.start, place?.end);
  own.forEach((gradient, i) => {
    const [o, j] = [Math.floor(i / 6), i % 6];
    const M = (dense.input.scale * (dense.weights.scales[o] ?? 0)) / dense.output.scale;
    const wanted =
      dense.output.scale *
      ((p[o] ?? 0) - (o === example.label ? 1 : 0)) *
      M *
      ((x[j] ?? 0) - dense.input.zeroPoint);
    expect(gradient).toBeCloseTo(wanted, 6);
  });
});

describe('training', () => {
  const samples = smallSamples(100, 3);

  test('makes a narrow model right again, with labels and without', async () => {
    const many = smallSamples(200, 3);
    // First a model that knows something, in stock arithmetic.
    const teaching = { ...OPTIONS, arithmetic: 'stock', epochs: 20, learningRate: 0.01 } as const;
    const taught = await tune(smallModel(9), many, teaching, ONCE);
    const able = taught.epochs.at(-1)?.file ?? new Uint8Array();
    for (const loss of [
      { kind: 'labels' },
      { kind: 'distillation', temperature: 2, layerWeight: 0 },
      { kind: 'distillation', temperature: 1, layerWeight: 3 },
    ] as const) {
      const arithmetic = { k: 1, rounding: 'truncate', scope: 'all' } as const;
      const learned = loss.kind === 'labels' ? many : { ...many, classes: undefined };
      const optimizer = loss.kind === 'distillation' && loss.layerWeight > 0 ? 'adam' : 'sgd';
      const options = { ...OPTIONS, arithmetic, loss, epochs: 6, optimizer, learningRate: 0.003 } as const;
      const { judged, epochs } = await tuneAndJudge(able, learned, smallSamples(200, 4), options, ONCE, {});
      const [stock = 0, before = 0] = [judged?.stock.right, judged?.untrained.right];
      expect(before).toBeLessThan(stock - 15);
      expect(epochs.at(-1)?.row?.right).toBeGreaterThan((before + stock) / 2);
    }
  });

  test('does not depend on the number of threads', async () => {
    const file = smallModel(1);
    const [one, three] = [
      await tune(file, samples, OPTIONS, ONCE),
      await tune(file, samples, OPTIONS, { ...ONCE, threads: 3 }),
    ];
    expect(three.epochs).toEqual(one.epochs);
    expect(one.epochs.at(-1)?.file).not.toEqual(file);
    const other = await tune(file, samples, { ...OPTIONS, seed: 2 }, ONCE);
    expect(other.epochs.at(-1)?.file).not.toEqual(one.epochs.at(-1)?.file);
  });

  test('goes on where it was interrupted, as if it had not been', async () => {
    const file = smallModel(1);
    const run = { threads: 1, cacheDirectory };
    const stopped = tune(file, samples, OPTIONS, {
      ...run,
      onEpoch: () => Promise.reject(new Error('the power is off')),
    });
    await expect(stopped).rejects.toThrow('the power is off');
    const starts: number[] = [];
    const resumed = await tune(file, samples, OPTIONS, { ...run, onStart: (done) => starts.push(done) });
    expect(starts).toEqual([5]);
    expect(resumed).toEqual(await tune(file, samples, OPTIONS, ONCE));
  });

  test('changes weights and biases, and nothing else of a file', async () => {
    const file = smallModel(1);
    const { epochs } = await tune(file, samples, OPTIONS, ONCE);
    const [before, after] = [readModel(file), readModel(epochs.at(-1)?.file ?? file)];
    const withoutValues = (model: typeof before) =>
      JSON.stringify(model, (key, value) => (key === 'data' ? undefined : value));
    expect(withoutValues(after)).toBe(withoutValues(before));
    for (const operator of after.operators.filter(isDotProduct)) {
      expect(operator.weights.data.every((weight) => weight >= -127)).toBe(true);
    }
  });

  test('stops where it diverges, and has the epochs before', async () => {
    const { diverged, epochs } = await tune(
      smallModel(1),
      samples,
      { ...OPTIONS, learningRate: 10, gradientLimit: 1e9, epochs: 40 },
      ONCE,
    );
    expect(diverged).toMatch(/^after \d+ steps the loss is [\d.]+, above [\d.]+/);
    expect(epochs.length).toBeLessThan(40);
  });
});

test('compensated weights with the narrow factor are the old weights with the real one', () => {
  const file = smallModel(1);
  const model = readModel(file);
  const parameters = parametersOf(model);
  const before = parameterValues(parameters);
  const after = compensated(parameters, before, K3);
  for (const { operator, tensor, start } of parameters.tensors) {
    const last = before.subarray(start, start + tensor.size).findLastIndex((value) => value !== 0);
    const channel =
      tensor.role === 'bias' || operator.op === 'DEPTHWISE_CONV_2D'
        ? last % operator.weights.channels
        : Math.floor(last / (tensor.size / operator.weights.channels));
    const M = (operator.input.scale * (operator.weights.scales[channel] ?? 0)) / operator.output.scale;
    const { multiplier, shift } = decomposeMultiplier(M, {
      k: 3,
      rounding: 'truncate',
      leadingOne: 'explicit',
    });
    const [old = 0, now = 0] = [before[start + last], after[start + last]];
    expect((now * multiplier * 2 ** -shift) / (old * M)).toBeCloseTo(1, 6);
  }
});

test('an operator without gradient is named before anything runs', async () => {
  await expect(tune(modelWithoutGradient(), smallSamples(4, 1), OPTIONS, ONCE)).rejects.toThrow(
    'operator 6 (SOFTMAX) has no gradient where other operators read its output',
  );
});
