/** Folded models: factors that are exact by rational arithmetic, and answers that stay. */
import { describe, expect, test } from 'vitest';
import { compare, evaluate, openSamples } from '../../accuracy/index.ts';
import { type FoldOptions, foldModel } from '../../fold/index.ts';
import { type MultiplierFormat, quantizeMultiplier, Rational } from '../../golden/index.ts';
import { type Arithmetic, loadKernels, prepare } from '../../infer/index.ts';
import {
  channelWeights,
  isDotProduct,
  type Model,
  namedFactors,
  readModel,
  rescaleFactors,
  weightScale,
} from '../../litert/index.ts';
import { buildModel, type ModelSpec, TYPE } from '../litert/build-model.ts';
import { loadLiteRtModel } from '../support/litert-js.ts';
import { LONG } from '../support/long.ts';
import { inputsOf, labelsOf, oracleFiles, realModel, recordedAccuracy } from '../support/oracle.ts';
import { modelFile, type RealModel, readShared, sharedPath, testWithShared } from '../support/shared.ts';

const kernels = await loadKernels();

/** The real factors Sx*Sw/Sy without any rounding. */
function exactFactors(model: Model): readonly Rational[] {
  const rational = (x: number) => Rational.fromNumber(x);
  return model.operators.filter(isDotProduct).flatMap(({ input, weights, output }) =>
    Array.from({ length: weights.channels }, (_, channel) =>
      rational(input.scale)
        .mul(rational(weightScale(weights, channel)))
        .div(rational(output.scale)),
    ),
  );
}

/** m * 2^-s with the least m. */
function odd(multiplier: number, shift: number): readonly [number, number] {
  return multiplier % 2 === 0 && multiplier !== 0 ? odd(multiplier / 2, shift - 1) : [multiplier, shift];
}

/** At most some float32 steps above a number of k bits, and found by both ways to round. */
function expectExact(model: Model, k: number): void {
  const computed = model.operators.filter(isDotProduct).flatMap((layer) => [...rescaleFactors(layer)]);
  exactFactors(model).forEach((exact, i) => {
    const M = computed[i] ?? 0;
    const split = (rounding: MultiplierFormat['rounding'], bits: number) => {
      const { multiplier, shift } = quantizeMultiplier(M, { k: bits, rounding, leadingOne: 'explicit' });
      return odd(multiplier, shift);
    };
    const [m, s] = split('truncate', k);
    expect(split('nearest', k)).toEqual([m, s]);
    // 16 bits find the same number, so that nothing is lost in k.
    expect(split('nearest', 16)).toEqual([m, s]);
    const distance = exact
      .div(Rational.fromNumber(m).mul(Rational.fromNumber(2 ** -s)))
      .sub(new Rational(1n));
    expect(Math.abs(distance.toNumber())).toBeLessThan(2 ** -21);
  });
}

describe.each([
  'kws_dscnn_int8',
  'resnet8_cifar10_int8',
  'ad01_autoencoder_int8',
  'person_detect_int8',
] as const)('%s', (name) => {
  testWithShared(modelFile(name), 'every factor has k bits, the other operators with scope all', async () => {
    for (const k of [1, 2, 3, 4]) {
      for (const scope of ['dot', 'all'] as const) {
        const { file, report } = await foldModel(readShared(modelFile(name)), { k, scope });
        const model = readModel(file);
        expectExact(model, k);
        expect(report.factors.exactAfter).toBe(report.factors.total);
        expect(report.layers.filter(({ left }) => left !== undefined)).toEqual([]);
        if (scope === 'dot') continue;
        for (const operator of model.operators) {
          if (isDotProduct(operator)) continue;
          for (const { factor } of namedFactors(operator)) expect(bitsOf(factor)).toBeLessThanOrEqual(k);
        }
      }
    }
  });
});

/** Bits that are needed to come within 2^-20 of M. */
function bitsOf(M: number): number {
  let [m, bits] = [M, 1];
  while (m >= 2) m /= 2;
  while (m < 1) m *= 2;
  for (; Math.abs(m - Math.round(m)) > 2 ** -20 * m; bits++) m *= 2;
  return bits;
}

describe('large models', () => {
  testWithShared(
    [modelFile('efficientnet_lite0_flowers5_int8'), modelFile('mobilenet_v2_224_int8')],
    'k = 1, scope all: every factor exact, constants and residual chains among them',
    async () => {
      for (const name of ['efficientnet_lite0_flowers5_int8', 'mobilenet_v2_224_int8'] as const) {
        const { file, report } = await foldModel(readShared(modelFile(name)), { k: 1, scope: 'all' });
        expect(report.factors.exactAfter).toBe(report.factors.total);
        // Nothing that saturates now did not before, by more than a step; no scale doubles.
        for (const { scale, zeroPoint } of report.activations) {
          expect(scale.after / scale.before).toBeGreaterThan(0.997);
          expect(scale.after / scale.before).toBeLessThan(2);
          expect(scale.after * (-128 - zeroPoint.after)).toBeLessThan(
            scale.before * (-128 - zeroPoint.before) + scale.after,
          );
        }
        // The weights stand for what they did: within half a step of the new scale.
        expectWeightsKept(readModel(readShared(modelFile(name))), readModel(file));
      }
    },
  );
});

function expectWeightsKept(before: Model, after: Model): void {
  const layers = after.operators.filter(isDotProduct);
  let [worstWeight, worstBias] = [0, 0];
  before.operators.filter(isDotProduct).forEach(({ weights, bias, input }, i) => {
    const folded = layers[i];
    if (folded === undefined) throw new Error('a layer is missing');
    for (let channel = 0; channel < weights.channels; channel++) {
      const [old, now] = [weightScale(weights, channel), weightScale(folded.weights, channel)];
      const codes = channelWeights(folded.weights, channel);
      channelWeights(weights, channel).forEach((q, j) => {
        const wanted = (q * old) / now;
        // M' below M may cut off the largest ones, if that leaves smaller errors over all.
        if (Math.abs(wanted) < 127) worstWeight = Math.max(worstWeight, Math.abs(wanted - (codes[j] ?? 0)));
      });
      const real = ((bias?.data[channel] ?? 0) * input.scale * old) / (folded.input.scale * now);
      const error = Math.abs((folded.bias?.data[channel] ?? 0) - real) - 1e-6 * Math.abs(real);
      worstBias = Math.max(worstBias, error);
    }
  });
  expect(worstWeight).toBeGreaterThan(0.4);
  expect(worstWeight).toBeLessThan(0.501);
  // Rounded twice, for the new scale of the input and for that of the weights.
  expect(worstBias).toBeLessThan(1.6);
}

describe('accuracy, top-1 of genuine LiteRT within 0.5 points', () => {
  testWithShared(
    [...oracleFiles('kws_dscnn_int8'), 'data/kws'],
    'KWS at k = 1, dot and all, 1000 inputs',
    async () => {
      for (const scope of ['dot', 'all'] as const) {
        await expectKept('kws_dscnn_int8', 'data/kws/kws01_1000x49x10_int8.raw', { k: 1, scope }, [
          'stock',
          { k: 1, rounding: 'truncate', scope },
        ]);
      }
    },
  );

  testWithShared(
    oracleFiles('resnet8_cifar10_int8'),
    'ResNet-8 at k = 1, scope all, 10,000 images',
    async () => {
      await expectKept('resnet8_cifar10_int8', 'data/cifar10/test_batch.bin', { k: 1, scope: 'all' }, [
        'stock',
        { k: 1, rounding: 'truncate', scope: 'all' },
      ]);
    },
    LONG,
  );
});

/** Truncated and nearest are the same for a factor that is exact. */
async function expectKept(
  name: 'kws_dscnn_int8' | 'resnet8_cifar10_int8',
  data: string,
  options: FoldOptions,
  arithmetics: readonly Arithmetic[],
): Promise<void> {
  const [, stock = 0, count = 0] =
    recordedAccuracy(name).find(([configuration]) => configuration === 'stock') ?? [];
  const samples = await openSamples(realModel(name), sharedPath(data), undefined, {
    fit: { kind: 'stretch' },
  });
  const { file } = await foldModel(readShared(modelFile(name)), options);
  const run = { threads: 2, cacheDirectory: false } as const;
  const classes = labelsOf(name);
  for (const answers of await evaluate(file, samples, arithmetics, run)) {
    expect(compare(answers, answers, classes).right).toBeGreaterThanOrEqual(stock - 0.005 * count);
  }
}

describe('other witnesses', () => {
  testWithShared(
    oracleFiles('kws_dscnn_int8'),
    'LiteRT in WebAssembly runs the file and agrees',
    async () => {
      const { file } = await foldModel(readShared(modelFile('kws_dscnn_int8')), { k: 1, scope: 'all' });
      const model = readModel(file);
      const program = prepare(model, 'single', kernels);
      const peer = await loadLiteRtModel(file, 'compatible');
      // With factors that are powers of two many products are exact ties; XNNPACK rounds those half to even.
      const top = (values: ArrayLike<number>) => Array.from(values).indexOf(Math.max(...Array.from(values)));
      let same = 0;
      const inputs = inputsOf('kws_dscnn_int8', model, 200);
      for (const input of inputs) {
        const [ours = new Int8Array()] = program.run([input]);
        if (top(ours) === top(new Int8Array(await peer.run(input)))) same += 1;
      }
      expect(same).toBeGreaterThanOrEqual(198);
    },
  );

  testWithShared(
    oracleFiles('person_detect_int8'),
    'truncated and nearest do not differ any more',
    async () => {
      const { file } = await foldModel(readShared(modelFile('person_detect_int8')), { k: 2, scope: 'all' });
      const model = readModel(file);
      const outputs = (['truncate', 'nearest'] as const).map((rounding) => {
        const program = prepare(model, { k: 2, rounding, scope: 'all' }, kernels);
        return inputsOf('person_detect_int8', model).map((input) => program.run([input]));
      });
      expect(outputs[0]).toEqual(outputs[1]);
    },
  );

  testWithShared(
    oracleFiles('kws_dscnn_int8'),
    'samples bring every layer nearer to what it was',
    async () => {
      const name: RealModel = 'kws_dscnn_int8';
      const original = realModel(name);
      const inputs = inputsOf(name, original, 200);
      const samples = { inputs: inputs.slice(100), kernels };
      const plain = await foldModel(readShared(modelFile(name)), { k: 1, scope: 'dot' });
      const fitted = await foldModel(readShared(modelFile(name)), { k: 1, scope: 'dot', samples });
      expectExact(readModel(fitted.file), 1);
      // On inputs that it has not seen.
      const [before, after] = [plain, fitted].map(({ file }) =>
        logitError(original, readModel(file), inputs.slice(0, 100)),
      );
      expect(after).toBeLessThan(0.8 * (before ?? 0));
    },
  );
});

/** Mean squared difference of what SOFTMAX reads. */
function logitError(before: Model, after: Model, inputs: readonly (Int8Array | Uint8Array)[]): number {
  const logits = (model: Model, input: Int8Array | Uint8Array) => {
    let values: readonly number[] = [];
    prepare(model, 'stock', kernels).run([input], ({ op }, output) => {
      if (op === 'FULLY_CONNECTED') values = [...output];
    });
    return values;
  };
  let sum = 0;
  for (const input of inputs) {
    const [a, b] = [logits(before, input), logits(after, input)];
    a.forEach((q, i) => {
      sum += (q - (b[i] ?? 0)) ** 2;
    });
  }
  return sum / inputs.length;
}

/** Two FULLY_CONNECTED, [1, 2] each, after one another. */
function chain(change: Partial<ModelSpec> = {}): ModelSpec {
  return {
    tensors: [
      { shape: [1, 2], scales: [0.7], zeroPoints: [3] },
      { shape: [2, 2], scales: [0.013], data: Int8Array.of(127, -3, 44, 90) },
      { shape: [2], type: TYPE.int32, scales: [0.0091], data: Int32Array.of(1000, -500) },
      { shape: [1, 2], scales: [1.1], zeroPoints: [-5] },
      { shape: [1, 2], scales: [0.9], zeroPoints: [4] },
    ],
    operators: [
      { code: 9, optionsType: 8, options: [{ slot: 0, int8: 0 }], inputs: [0, 1, 2], outputs: [3] },
      { code: 9, optionsType: 8, options: [{ slot: 0, int8: 0 }], inputs: [3, 1, -1], outputs: [4] },
    ],
    inputs: [0],
    outputs: [4],
    ...change,
  };
}

describe('tensors that are shared', () => {
  test('weights of layers with other factors stay, and the report says why', async () => {
    const bytes = buildModel(chain());
    const { file, report } = await foldModel(bytes, { k: 1, scope: 'dot' });
    expect(report.layers.map(({ left }) => left)).toEqual([
      'operators 0 and 1 share weights but not factors',
      'operators 0 and 1 share weights but not factors',
    ]);
    expect(file).toEqual(bytes);
  });

  test('weights of layers with the same factors change for both', async () => {
    const tensors = chain().tensors.map((tensor, i) => (i === 3 ? { ...tensor, scales: [0.7] } : tensor));
    const same = tensors.map((tensor, i) => (i === 4 ? { ...tensor, scales: [0.7] } : tensor));
    const { file } = await foldModel(buildModel(chain({ tensors: same })), { k: 1, scope: 'dot' });
    expectExact(readModel(file), 1);
  });

  test('bytes that two tensors share are left alone, zeros apart', async () => {
    const spec = chain();
    const extra = { shape: [2], type: TYPE.int32, scales: [0.0143], buffer: 2 };
    const other = { shape: [2, 2], scales: [0.02], data: Int8Array.of(9, 8, 7, 127) };
    const withBias = (values: Int32Array) =>
      buildModel({
        ...spec,
        tensors: [
          ...spec.tensors.map((tensor, i) => (i === 2 ? { ...tensor, data: values } : tensor)),
          extra,
          other,
        ],
        operators: spec.operators.map((operator, i) =>
          i === 1 ? { ...operator, inputs: [3, 6, 5] } : operator,
        ),
      });
    const shared = await foldModel(withBias(Int32Array.of(7, 8)), { k: 1, scope: 'dot' });
    expect(shared.report.layers.map(({ left }) => left)).toEqual([
      'tensors 2 and 5 share their bytes',
      'tensors 5 and 2 share their bytes',
    ]);
    const zeros = withBias(new Int32Array(2));
    expectExact(readModel((await foldModel(zeros, { k: 1, scope: 'dot' })).file), 1);
    // Samples would make them something else.
    const samples = { inputs: [Int8Array.of(50, -3), Int8Array.of(-90, 120)], kernels };
    const corrected = await foldModel(zeros, { k: 1, scope: 'dot', samples });
    expect(corrected.report.layers.every(({ left }) => left !== undefined)).toBe(true);
    await expect(foldModel(zeros, { k: 17, scope: 'dot' })).rejects.toThrow('k = 17 is outside 1..16');
  });
});

describe('operators without weights', () => {
  /** ADD of a tensor and a constant, then MUL with a constant, then a layer. */
  const spec: ModelSpec = {
    tensors: [
      { shape: [1, 4], scales: [0.31], zeroPoints: [-7] },
      { shape: [4], scales: [0.05], zeroPoints: [10], data: Int8Array.of(100, -100, 50, 0) },
      { shape: [1, 4], scales: [0.4], zeroPoints: [3] },
      { shape: [4], scales: [0.011], zeroPoints: [0], data: Int8Array.of(127, -64, 32, 5) },
      { shape: [1, 4], scales: [0.33], zeroPoints: [-20] },
      { shape: [2, 4], scales: [0.02], data: Int8Array.of(1, 20, -30, 127, 50, -60, 70, -80) },
      { shape: [2], type: TYPE.int32, scales: [0.0066], data: Int32Array.of(100, -2000) },
      { shape: [1, 2], scales: [0.9], zeroPoints: [0] },
    ],
    operators: [
      { code: 0, optionsType: 11, options: [{ slot: 0, int8: 0 }], inputs: [0, 1], outputs: [2] },
      { code: 18, optionsType: 21, options: [{ slot: 0, int8: 0 }], inputs: [2, 3], outputs: [4] },
      { code: 9, optionsType: 8, options: [{ slot: 0, int8: 0 }], inputs: [4, 5, 6], outputs: [7] },
    ],
    inputs: [0],
    outputs: [7],
  };

  test('constants and scales change so that factors are exact, and outputs stay', async () => {
    for (const k of [1, 2, 3]) {
      const { file, report } = await foldModel(buildModel(spec), { k, scope: 'all' });
      const [before, after] = [readModel(buildModel(spec)), readModel(file)];
      expect(report.factors).toMatchObject({ total: 6, exactAfter: 6 });
      for (const operator of after.operators) {
        if (isDotProduct(operator)) continue;
        for (const { factor } of namedFactors(operator)) expect(bitsOf(factor)).toBeLessThanOrEqual(k);
      }
      const programs = [
        prepare(before, 'stock', kernels),
        prepare(after, { k, rounding: 'truncate', scope: 'all' }, kernels),
      ];
      for (let q = -128; q < 128; q += 5) {
        const input = Int8Array.of(q, -q - 1, (q * 3) % 128, 17);
        const [old = [], now = []] = programs.map((program) => [...(program.run([input])[0] ?? [])]);
        for (const [i, y] of old.entries()) expect(Math.abs(y - (now[i] ?? 0))).toBeLessThanOrEqual(4);
      }
    }
  });

  test('scales of inputs and outputs of the model stay', async () => {
    const after = readModel((await foldModel(buildModel(spec), { k: 1, scope: 'all' })).file);
    expect(after.inputs[0]).toMatchObject({ scale: Math.fround(0.31), zeroPoint: -7 });
    expect(after.outputs[0]).toMatchObject({ scale: Math.fround(0.9), zeroPoint: 0 });
  });
});
