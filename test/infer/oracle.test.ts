/** Outputs and intermediate tensors that genuine LiteRT recorded. `npm run check:oracle` compares all of them. */
import { describe, expect } from 'vitest';
import { type Arithmetic, type Program, prepare } from '../../infer/index.ts';
import type { Model } from '../../litert/index.ts';
import {
  arithmeticOf,
  configurations,
  inputsOf,
  oracleFiles,
  realModel,
  recordedOutputs,
  recordedTensors,
} from '../support/oracle.ts';
import { lengthOf, REAL_MODELS, type RealModel, testWithShared } from '../support/shared.ts';
import { describeBuilds } from './kernel-builds.ts';

/** Inputs of each configuration: what takes a few seconds a model. */
const INPUTS: Readonly<Record<RealModel, number>> = {
  ad01_autoencoder_int8: 20,
  efficientnet_lite0_flowers5_int8: 1,
  hello_world_int8: 64,
  kws_dscnn_int8: 40,
  micro_speech_int8: 8,
  mobilenet_v2_224_int8: 1,
  person_detect_int8: 2,
  resnet8_cifar10_int8: 40,
  resnet_large_cifar10_int8: 5,
  vww_mobilenet_v1_025_96_int8: 8,
};

/** Of the slow reference implementation: each arithmetic once. */
const REFERENCE = ['stock', 'stock_fc_int', 'single', 'k4_truncate', 'k32_nearest', 'k3_nearest_dot'];

function outputsOf(program: Program, inputs: readonly (Int8Array | Uint8Array)[]) {
  return inputs.map((input) => program.run([input])[0]);
}

describe.each(REAL_MODELS)('%s', (name) => {
  describeBuilds((kernels) => {
    const everyConfiguration = () => {
      const model = realModel(name);
      const inputs = inputsOf(name, model, INPUTS[name]);
      const all = configurations(name);
      expect(all).toHaveLength(33);
      for (const [configuration, arithmetic] of all) {
        const recorded = recordedOutputs(name, configuration, model).slice(0, inputs.length);
        expect(recorded).toHaveLength(inputs.length);
        const outputs = outputsOf(prepare(model, arithmetic, kernels), inputs);
        expect(outputs, configuration).toEqual(recorded);
      }
    };
    testWithShared(oracleFiles(name), 'every configuration', everyConfiguration, lengthOf(name));
  });

  const eachArithmetic = () => {
    const model = realModel(name);
    const inputs = inputsOf(name, model, 1);
    for (const configuration of REFERENCE) {
      const recorded = recordedOutputs(name, configuration, model).slice(0, inputs.length);
      const outputs = outputsOf(prepare(model, arithmeticOf(configuration)), inputs);
      expect(outputs, configuration).toEqual(recorded);
    }
  };
  testWithShared(
    oracleFiles(name),
    'reference implementation, each arithmetic',
    eachArithmetic,
    lengthOf(name),
  );
});

describe.each(['resnet8_cifar10_int8', 'kws_dscnn_int8'] as const)('%s, every tensor', (name) => {
  const compare = (title: string, prepareIt: (model: Model, arithmetic: Arithmetic) => Program) => {
    testWithShared([...oracleFiles(name), `oracle/${name}/tensors`], title, () => {
      const model = realModel(name);
      const inputs = inputsOf(name, model, 1);
      for (const configuration of ['stock_fc_int', 'k4_nearest', 'k4_truncate']) {
        const recorded = recordedTensors(name, configuration).filter(({ node }) => node >= 0);
        expect(recorded.length).toBeGreaterThan(10);
        const wanted = new Map(recorded.map(({ tensor, bytes }) => [tensor, new Int8Array(bytes)]));
        const seen: number[] = [];
        prepareIt(model, arithmeticOf(configuration)).run(inputs, ({ output }, elements) => {
          expect(elements, `${configuration}, tensor ${output.index}`).toEqual(wanted.get(output.index));
          seen.push(output.index);
        });
        expect(seen.toSorted()).toEqual([...wanted.keys()].toSorted());
      }
    });
  };
  compare('reference implementation', (model, arithmetic) => prepare(model, arithmetic));
  describeBuilds((kernels) => compare('kernels', (model, arithmetic) => prepare(model, arithmetic, kernels)));
});
