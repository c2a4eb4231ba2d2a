/** Real models, read: against what genuine LiteRT recorded of them and what was published. */
import { describe, expect } from 'vitest';
import { multiplierFormat } from '../../golden/index.ts';
import {
  channelWeights,
  inputsOf,
  isDotProduct,
  type Model,
  ModelError,
  type Operator,
  readModel,
  reportModel,
} from '../../litert/index.ts';
import { modelFile, REAL_MODELS, type RealModel, readShared, testWithShared } from '../support/shared.ts';

const read = (model: RealModel): Model => readModel(readShared(modelFile(model)));

function countsOf({ operators }: Model): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { op } of operators) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

describe('facts that were published', () => {
  const report = (model: RealModel) => reportModel(read(model), multiplierFormat(8));

  testWithShared(modelFile('resnet8_cifar10_int8'), 'ResNet-8', () => {
    const model = read('resnet8_cifar10_int8');
    expect(countsOf(model)).toEqual({
      CONV_2D: 9,
      ADD: 3,
      AVERAGE_POOL_2D: 1,
      RESHAPE: 1,
      FULLY_CONNECTED: 1,
      SOFTMAX: 1,
    });
    expect(model.inputs.map(({ shape }) => shape)).toEqual([[1, 32, 32, 3]]);
    expect(model.outputs.map(({ shape }) => shape)).toEqual([[1, 10]]);
    // Keras counts 78,666, four of each of the 240 batch-normalized channels among them, which are folded here.
    const { parameters, macs } = report('resnet8_cifar10_int8');
    expect(parameters).toBe(78_666 - 4 * 240);
    expect(macs / 1e6).toBeCloseTo(12.5, 1);
  });

  testWithShared(modelFile('mobilenet_v2_224_int8'), 'MobileNet-V2', () => {
    const model = read('mobilenet_v2_224_int8');
    // One convolution, 17 bottlenecks of two or three (the first has no expansion), the last, the classifier.
    expect(countsOf(model)).toMatchObject({ CONV_2D: 1 + 16 + 17 + 1 + 1, DEPTHWISE_CONV_2D: 17, ADD: 10 });
    const { parameters, macs } = report('mobilenet_v2_224_int8');
    expect(macs / 1e6).toBeCloseTo(300, -1);
    expect(parameters / 1e6).toBeCloseTo(3.5, 1);
  });

  testWithShared(modelFile('ad01_autoencoder_int8'), 'the autoencoder of ToyADMOS', () => {
    const { operators } = read('ad01_autoencoder_int8');
    const widths = operators.flatMap((operator) =>
      'weights' in operator ? [operator.weights.channels] : [],
    );
    expect(widths).toEqual([128, 128, 128, 128, 8, 128, 128, 128, 128, 640]);
  });

  testWithShared(modelFile('kws_dscnn_int8'), 'DS-CNN', () => {
    const [first] = read('kws_dscnn_int8').operators;
    expect(first).toMatchObject({
      op: 'CONV_2D',
      window: {
        height: 10,
        width: 4,
        strideHeight: 2,
        strideWidth: 2,
        padding: 'same',
        paddingTop: 4,
        paddingLeft: 1,
      },
    });
  });
});

/** `tensors/<configuration>/manifest.json`: what LiteRT's interpreter said of each tensor. */
interface Recorded {
  readonly tensor: number;
  readonly op: string;
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly scale: number;
  readonly zero_point: number;
}

describe('every activation is as genuine LiteRT recorded it', () => {
  for (const name of ['resnet8_cifar10_int8', 'kws_dscnn_int8'] as const) {
    const manifest = `oracle/${name}/tensors/stock_fc_int/manifest.json`;
    testWithShared([modelFile(name), manifest], name, () => {
      const recorded = JSON.parse(new TextDecoder().decode(readShared(manifest))) as readonly Recorded[];
      const model = read(name);
      const outputs = model.operators.map(({ op, output }) => ({ op, tensor: output }));
      const own = [...model.inputs.map((tensor) => ({ op: 'INPUT', tensor })), ...outputs];
      expect(own.length).toBe(recorded.length);
      expect(
        own.map(({ op, tensor }) => ({
          op,
          tensor: tensor.index,
          name: tensor.name,
          type: tensor.type.toUpperCase(),
          shape: tensor.shape,
          scale: tensor.scale,
          zero_point: tensor.zeroPoint,
        })),
      ).toEqual(
        recorded.map(({ op, tensor, name: called, type, shape, scale, zero_point }) => ({
          op,
          tensor,
          name: called,
          type,
          shape,
          scale: Math.fround(scale),
          zero_point,
        })),
      );
    });
  }
});

describe('every real model', () => {
  for (const name of REAL_MODELS) {
    testWithShared(modelFile(name), `${name} keeps what model.ts promises`, () => {
      const model = read(name);
      const written = new Set(model.inputs);
      for (const operator of model.operators) {
        for (const input of inputsOf(operator)) {
          expect(written.has(input) || input.data !== undefined).toBe(true);
        }
        expect(written.has(operator.output)).toBe(false);
        written.add(operator.output);
        checkWeights(operator);
      }
      for (const output of model.outputs) expect(written.has(output)).toBe(true);
      expect(model.tensors.map(({ index }) => index)).toEqual(
        [...new Set(model.tensors.map(({ index }) => index))].sort((a, b) => a - b),
      );
    });
  }

  function checkWeights(operator: Operator): void {
    if (!isDotProduct(operator)) return;
    const { weights, bias, output } = operator;
    expect(weights.data).toHaveLength(weights.size);
    expect(weights.channels).toBe(output.shape.at(-1));
    expect([1, weights.channels]).toContain(weights.scales.length);
    expect(bias?.data.length ?? weights.channels).toBe(weights.channels);
    // Each weight is one channel's, once.
    const sums = Array.from({ length: weights.channels }, (_, channel) =>
      sum(channelWeights(weights, channel)),
    );
    expect(sum(sums)).toBe(sum(weights.data));
    // Converters give a bias the scale of the products, to float32 precision.
    bias?.scales.forEach((scale, channel) => {
      const product = operator.input.scale * (weights.scales[channel] ?? 0);
      expect(Math.abs(scale / product - 1)).toBeLessThan(2 ** -22);
    });
  }

  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
});

testWithShared(
  'models/person_detect_bad_quantized_dimension.tflite',
  'what LiteRT refuses is refused with operator, tensor and reason',
  () => {
    const bytes = readShared('models/person_detect_bad_quantized_dimension.tflite');
    expect(() => readModel(bytes)).toThrow(
      new ModelError(
        'DEPTHWISE_CONV_2D (operator 0), tensor 33 "MobilenetV1/MobilenetV1/Conv2d_0/Conv2D_bias": its quantized_dimension 3 is outside of its shape [8], 0..0',
      ),
    );
  },
);

testWithShared(
  modelFile('hello_world_int8'),
  'the bytes are copied: a model does not change with them',
  () => {
    const bytes = new Uint8Array(readShared(modelFile('hello_world_int8')));
    const weightsOf = (model: Model) =>
      model.operators.flatMap((operator) => ('weights' in operator ? [...operator.weights.data] : []));
    const model = readModel(bytes);
    const before = weightsOf(model);
    bytes.fill(0);
    expect(weightsOf(model)).toEqual(before);
  },
);

testWithShared(modelFile('kws_dscnn_int8'), 'alignment does not matter', () => {
  const bytes = readShared(modelFile('kws_dscnn_int8'));
  for (const shift of [1, 2, 3]) {
    // All offsets but the root's are relative: bytes behind the header move everything, biases too.
    const shifted = new Uint8Array(bytes.length + shift);
    shifted.set(bytes.subarray(0, 8));
    shifted.set(bytes.subarray(8), 8 + shift);
    const root = new DataView(shifted.buffer);
    root.setUint32(0, root.getUint32(0, true) + shift, true);
    expect(readModel(shifted)).toEqual(readModel(bytes));
    // The same for a view into a larger buffer.
    const larger = new Uint8Array(bytes.length + shift);
    larger.set(bytes, shift);
    expect(readModel(larger.subarray(shift))).toEqual(readModel(bytes));
  }
});
