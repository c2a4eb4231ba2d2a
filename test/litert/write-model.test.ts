/** New files: read back they are the model that was written, and genuine LiteRT runs them. */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../infer/index.ts';
import { readFile } from '../../litert/file.ts';
import {
  type Given,
  type Int8Activation,
  type Model,
  type ModelDescription,
  ModelError,
  type OperatorName,
  readModel,
  writeModel,
} from '../../litert/index.ts';
import { Random } from '../../sim/random.ts';
import { loadLiteRtModel } from '../support/litert-js.ts';
import { inputsOf, realModel } from '../support/oracle.ts';
import { modelFile, REAL_MODELS, readShared, testWithShared } from '../support/shared.ts';
import { OPERATOR_NAMES, randomModel } from './random-model.ts';

const SEEDS = Array.from({ length: 85 }, (_, seed) => seed);

/** Up to eight operators, each kind in its turn. */
function chain(random: Random, seed: number): readonly OperatorName[] {
  const more = Array.from({ length: random.below(8) }, () => random.pick(OPERATOR_NAMES));
  return [OPERATOR_NAMES[seed % OPERATOR_NAMES.length] ?? 'PAD', ...more];
}

test.each(SEEDS)('random model %i is read as it was written, and written again as it was read', (seed) => {
  const random = new Random(seed);
  const described = randomModel(random, chain(random, seed));
  const bytes = writeModel(described);
  const model = readModel(bytes);
  expect(model).toMatchObject(described);
  expect(writeModel(model)).toEqual(bytes);
});

describe('real models, written anew', () => {
  for (const name of REAL_MODELS) {
    testWithShared(modelFile(name), `${name}: the same model, in operators of the same versions`, () => {
      const model = realModel(name);
      const bytes = writeModel(model);
      // Vitest's own comparison takes seconds for millions of weights.
      expect(isDeepStrictEqual(unnumbered(readModel(bytes)), unnumbered(model))).toBe(true);
      const [original, anew] = [readFile(readShared(modelFile(name))), readFile(bytes)];
      // The older converter had no versions of its own for some.
      if (original.description !== 'TOCO Converted.') expect(versionsOf(anew)).toEqual(versionsOf(original));
    });
  }

  testWithShared(modelFile('kws_dscnn_int8'), 'KWS: LiteRT computes the same with either file', async () => {
    const model = realModel('kws_dscnn_int8');
    const [original, anew] = await Promise.all(
      [readShared(modelFile('kws_dscnn_int8')), writeModel(model)].map((bytes) =>
        loadLiteRtModel(bytes, 'compatible'),
      ),
    );
    for (const input of inputsOf('kws_dscnn_int8', model, 20)) {
      expect(await anew?.run(input)).toEqual(await original?.run(input));
    }
  });
});

function versionsOf({ operators }: ReturnType<typeof readFile>) {
  return operators.map(({ code, version, optionsType }) => ({ code, version, optionsType }));
}

/** What a model says, without where the file has it. */
function unnumbered({ description, inputs, operators, outputs }: Model): unknown {
  return withoutIndices({ description, inputs, operators, outputs });
}

function withoutIndices(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIndices);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => (key === 'index' ? [] : [[key, withoutIndices(one)]])),
  );
}

/** Where the kernels of this build have float32 factors, or fixed-point ones of their own: off by one at most. */
const ABOUT: readonly OperatorName[] = [
  ...(['ADD', 'SUB', 'MUL', 'MEAN', 'SUM', 'SOFTMAX'] as const),
  ...(['QUANTIZE', 'RELU', 'RELU_N1_TO_1', 'RELU6'] as const),
];

/** LiteRT's converter writes a bias always, and without one this build's CONV_2D computes something else. */
function withBias(model: ModelDescription): ModelDescription {
  const operators = model.operators.map((operator) => {
    if (!('weights' in operator) || operator.bias !== undefined) return operator;
    const { shape, axis } = operator.weights;
    const data = new Int32Array(shape[axis] ?? 1);
    const bias = {
      role: 'bias',
      type: 'int32',
      name: 'zeros',
      shape: [data.length],
      data,
      scales: [],
    } as const;
    return { ...operator, bias };
  });
  return { ...model, operators };
}

describe('LiteRT in WebAssembly', () => {
  test.each(OPERATOR_NAMES)('%s: runs the file and computes what infer does', async (op) => {
    for (const seed of [1, 2, 3]) {
      const random = new Random(seed);
      const bytes = writeModel(withBias(randomModel(random, [op])));
      const model = readModel(bytes);
      const [input] = model.inputs;
      const x = Int8Array.from({ length: input?.size ?? 0 }, () => random.between(-128, 127));
      const [own] = prepare(model, 'single').run([x]);
      const theirs = new Int8Array(await (await loadLiteRtModel(bytes, 'compatible')).run(x));
      const differences = [...theirs].map((y, i) => Math.abs(y - (own?.[i] ?? Number.NaN)));
      expect(Math.max(...differences)).toBeLessThanOrEqual(ABOUT.includes(op) ? 1 : 0);
    }
  });
});

describe('refused', () => {
  const tensor = {
    role: 'activation',
    type: 'int8',
    shape: [1, 4],
    scale: 0.5,
    zeroPoint: 0,
    data: undefined,
  } as const;
  const output = { ...tensor, name: 'y' };
  const withInput = (change: Partial<Given<Int8Activation>>): ModelDescription => {
    const input = { ...tensor, name: 'x', ...change };
    const operators = [{ op: 'RELU', activation: 'relu', input, output }] as const;
    return { description: '', inputs: [input], operators, outputs: [output] };
  };

  test('scales and zero points that would not come back', () => {
    expect(() => writeModel(withInput({ scale: 0.1 }))).toThrow(
      new ModelError('tensor "x": scale 0.1 is not a float32 value; round it with Math.fround'),
    );
    expect(() => writeModel(withInput({ zeroPoint: 0.5 }))).toThrow(
      new ModelError('tensor "x": zero point 0.5 is not an integer'),
    );
  });

  test('what readModel refuses', () => {
    expect(() => writeModel(withInput({ shape: [7, 7] }))).toThrow(
      new ModelError('RELU (operator 0), tensor 1 "y": its shape [1,4] is not [7,7], which the input yields'),
    );
    expect(() => writeModel({ ...withInput({}), outputs: [] })).toThrow(
      new ModelError('the model has 1 inputs and 0 outputs; it needs both'),
    );
  });
});
