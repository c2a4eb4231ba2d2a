/**
 * Damaged files: each of thousands of mutations of real models ends in a ModelError of one line, or in a model
 * that keeps its promises. `LITERT_FUZZ=seed,factor` runs other and more of them.
 */
import { describe, expect } from 'vitest';
import { multiplierFormat } from '../../golden/index.ts';
import { readFile } from '../../litert/file.ts';
import {
  inputsOf,
  isDotProduct,
  type Model,
  ModelError,
  patchModel,
  readModel,
  reportModel,
} from '../../litert/index.ts';
import { Random } from '../../sim/random.ts';
import {
  lengthOf,
  modelFile,
  REAL_MODELS,
  type RealModel,
  readShared,
  testWithShared,
} from '../support/shared.ts';

const { LITERT_FUZZ = '1,1' } = process.env;
const [SEED = 1, FACTOR = 1] = LITERT_FUZZ.split(',').map(Number);

/** Files a model: many of the small ones. */
const COUNTS: Readonly<Record<RealModel, number>> = {
  hello_world_int8: 4000,
  micro_speech_int8: 3000,
  kws_dscnn_int8: 2000,
  resnet8_cifar10_int8: 1500,
  person_detect_int8: 500,
  vww_mobilenet_v1_025_96_int8: 500,
  ad01_autoencoder_int8: 400,
  resnet_large_cifar10_int8: 200,
  mobilenet_v2_224_int8: 100,
  efficientnet_lite0_flowers5_int8: 100,
};

type Outcome = 'refused' | 'valid';

/** Reads it and, where that succeeds, uses it. Everything that is not as promised fails the test. */
function outcomeOf(bytes: Uint8Array): Outcome {
  let model: Model;
  try {
    model = readModel(bytes);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    if (error.message === '' || /\n/.test(error.message)) throw new Error(`not one line: ${error.message}`);
    return 'refused';
  }
  requireSound(model);
  return 'valid';
}

function requireSound(model: Model): void {
  const written = new Set(model.inputs);
  for (const operator of model.operators) {
    for (const tensor of inputsOf(operator))
      require(written.has(tensor) || tensor.data?.length === tensor.size);
    written.add(operator.output);
    if (!isDotProduct(operator)) continue;
    require(operator.weights.data.length === operator.weights.size);
    require(operator.bias === undefined || operator.bias.data.length === operator.weights.channels);
  }
  for (const { shape, size } of model.tensors) {
    require(shape.every((length) => Number.isInteger(length) && length > 0) && size <= 2 ** 28);
  }
  // What builds on a model must get by with what was checked.
  const { operators } = reportModel(model, multiplierFormat(4));
  require(operators.length === model.operators.length);
}

function require(condition: boolean): void {
  if (!condition) throw new Error('a model was accepted that breaks its promises');
}

/** Values that are wrong in the most ways: as sizes, as offsets, as floats. */
const EXTREMES = [
  0, 1, 2, 3, 0x7f, 0x80, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x7fc00000,
] as const;

/** One to four damages, most of them to what is not weights: that is where files go wrong. */
function mutate(original: Uint8Array, structure: readonly number[], random: Random): Uint8Array<ArrayBuffer> {
  let bytes = new Uint8Array(original);
  const damages = random.between(1, 4);
  for (let i = 0; i < damages; i++) {
    const anywhere = structure.length === 0 || random.chance(0.1);
    const place = anywhere ? random.below(bytes.length) : (structure[random.below(structure.length)] ?? 0);
    bytes = damage(bytes, Math.min(place, bytes.length - 1), random);
  }
  return bytes;
}

function damage(bytes: Uint8Array<ArrayBuffer>, place: number, random: Random): Uint8Array<ArrayBuffer> {
  const word = Math.min(place - (place % 4), Math.max(0, bytes.length - 4));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const set = (value: number) => {
    if (bytes.length >= 4) view.setUint32(word, value >>> 0, true);
    return bytes;
  };
  const old = bytes.length >= 4 ? view.getUint32(word, true) : 0;
  switch (random.below(9)) {
    case 0:
    case 1:
      bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8));
      return bytes;
    case 2:
      bytes[place] = random.below(256);
      return bytes;
    case 3:
      return set(EXTREMES[random.below(EXTREMES.length)] ?? 0);
    case 4:
      return set(old + random.between(-16, 16));
    case 5:
      return set(random.below(2 * bytes.length));
    case 6: {
      // A word from elsewhere: a plausible offset, size or scale in the wrong place.
      const from = random.below(Math.max(1, bytes.length - 4));
      return set(bytes.length >= from + 4 ? view.getUint32(from, true) : 0);
    }
    case 7:
      return random.chance(0.5) ? bytes.slice(0, place + 1) : bytes;
    default: {
      // Some bytes too many or too few: everything behind moves.
      const cut = random.between(1, 16);
      const tail = random.chance(0.5) ? bytes.subarray(place + cut) : bytes.subarray(place);
      const filling = tail.length < bytes.length - place ? 0 : cut;
      const moved = new Uint8Array(place + filling + tail.length);
      moved.set(bytes.subarray(0, place));
      moved.set(tail, place + filling);
      return moved;
    }
  }
}

/** Places of all bytes that are not the data of a tensor. */
function structureOf(bytes: Uint8Array): readonly number[] {
  const isData = new Uint8Array(bytes.length);
  for (const range of readFile(bytes).buffers)
    if (range !== undefined) isData.fill(1, range.start, range.end);
  return Array.from(bytes.keys()).filter((place) => isData[place] === 0);
}

describe('mutated files', () => {
  for (const name of REAL_MODELS) {
    const count = Math.round(COUNTS[name] * FACTOR);
    const survives = () => {
      const original = new Uint8Array(readShared(modelFile(name)));
      const structure = structureOf(original);
      const seen = { refused: 0, valid: 0 };
      for (let i = 0; i < count; i++) {
        const bytes = mutate(original, structure, new Random(SEED * 1_000_003 + i));
        try {
          seen[outcomeOf(bytes)]++;
        } catch (error) {
          throw new Error(`${name}, seed ${SEED}, file ${i}`, { cause: error });
        }
      }
      // Neither every damage is noticed (weights, names), nor none.
      expect(seen.refused).toBeGreaterThan(0);
      expect(seen.valid).toBeGreaterThan(0);
      expect(seen.refused + seen.valid).toBe(count);
    };
    testWithShared(modelFile(name), `${count} of ${name}, seed ${SEED}`, survives, lengthOf(name));
  }
});

testWithShared(modelFile('hello_world_int8'), 'every single flipped bit of a whole file', () => {
  const bytes = new Uint8Array(readShared(modelFile('hello_world_int8')));
  const seen = { refused: 0, valid: 0 };
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const place = bit >> 3;
    const whole = bytes[place] ?? 0;
    bytes[place] = whole ^ (1 << (bit & 7));
    seen[outcomeOf(bytes)]++;
    bytes[place] = whole;
  }
  expect(seen.refused + seen.valid).toBe(8 * bytes.length);
  expect(seen.refused).toBeGreaterThan(1000);
});

testWithShared(
  modelFile('hello_world_int8'),
  'patching a mutated file: refused, or only what was asked for changes',
  () => {
    const original = new Uint8Array(readShared(modelFile('hello_world_int8')));
    const structure = structureOf(original);
    let patched = 0;
    for (let i = 0; i < 2000; i++) {
      const bytes = mutate(original, structure, new Random(SEED * 1_000_003 + i));
      if (outcomeOf(bytes) === 'refused') {
        expect(() => patchModel(bytes, [])).toThrow(ModelError);
        continue;
      }
      const { operators } = readModel(bytes);
      const weights = operators.flatMap((operator) => (isDotProduct(operator) ? [operator.weights] : []));
      const [target] = weights;
      if (target === undefined) continue;
      const data = target.data.map((value) => ~value);
      try {
        const result = patchModel(bytes, [{ tensor: target.index, data }]);
        const changed = result.reduce((count, byte, place) => count + (byte === bytes[place] ? 0 : 1), 0);
        expect(changed).toBe(data.length);
        patched++;
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
      }
    }
    expect(patched).toBeGreaterThan(100);
  },
);
