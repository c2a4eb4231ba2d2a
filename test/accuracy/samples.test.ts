/** What a model gets to see: decoded pixels, encodings, labels, and what is said of bad ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Fit,
  type Normalization,
  openSamples,
  parseLabels,
  readLabels,
  samplesOf,
  select,
} from '../../accuracy/index.ts';
import type { Activation, Model } from '../../litert/index.ts';
import { inputsOf, realModel } from '../support/oracle.ts';
import { modelFile, sharedPath, testWithShared } from '../support/shared.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'samples-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const STRETCH: Fit = { kind: 'stretch' };
const CROP: Fit = { kind: 'crop', shortSide: undefined };

function modelWith(
  shape: readonly number[],
  {
    type = 'uint8',
    scale = 1 / 255,
    zeroPoint = 0,
  }: Partial<Pick<Activation, 'type' | 'scale' | 'zeroPoint'>> = {},
): Model {
  const size = shape.reduce((a, b) => a * b, 1);
  const common = {
    role: 'activation',
    index: 0,
    name: 'in',
    shape,
    size,
    scale,
    zeroPoint,
    data: undefined,
  } as const;
  const input: Activation = type === 'int8' ? { ...common, type } : { ...common, type };
  return { description: '', tensors: [input], operators: [], inputs: [input], outputs: [input] };
}

/** A PNG of 8 bits a channel, written by hand. */
function png(width: number, height: number, channels: 1 | 3 | 4, pixels: readonly number[]): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, { 1: 0, 3: 2, 4: 6 }[channels]], 8);
  const rows = Array.from({ length: height }, (_, y) => [
    0,
    ...pixels.slice(y * width * channels, (y + 1) * width * channels),
  ]);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flat()))),
    chunk('IEND', new Uint8Array()),
  ]);
}

async function readImage(
  model: Model,
  image: Uint8Array,
  fit: Fit,
  normalization?: Normalization,
): Promise<readonly number[]> {
  mkdirSync(join(folder, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'sub', 'a.png'), image);
  const samples = await openSamples(model, folder, undefined, {
    fit,
    ...(normalization === undefined ? {} : { normalization }),
  });
  const [values] = await samples.load(0, 1);
  return [...(values ?? [])];
}

const SQUARE = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120];

describe('images', () => {
  test('colours, grey and transparency', async () => {
    const rgb = png(2, 2, 3, SQUARE);
    const rgba = png(
      2,
      2,
      4,
      [...Array(4).keys()].flatMap((i) => [...SQUARE.slice(3 * i, 3 * i + 3), 17]),
    );
    expect(await readImage(modelWith([1, 2, 2, 3]), rgb, STRETCH)).toEqual(SQUARE);
    expect(await readImage(modelWith([1, 2, 2, 3]), rgba, STRETCH)).toEqual(SQUARE);
    const grey = png(2, 2, 1, [0, 100, 200, 255]);
    expect(await readImage(modelWith([1, 2, 2, 1]), grey, STRETCH)).toEqual([0, 100, 200, 255]);
    expect(await readImage(modelWith([1, 2, 2, 3]), grey, STRETCH)).toEqual(
      [0, 100, 200, 255].flatMap((p) => [p, p, p]),
    );
  });

  test('the centre is cropped, the larger half of what is odd lies behind', async () => {
    const ramp = png(5, 4, 1, [...Array(20).keys()]);
    expect(await readImage(modelWith([1, 2, 2, 1]), ramp, CROP)).toEqual([6, 7, 11, 12]);
    await expect(readImage(modelWith([1, 8, 2, 1]), ramp, CROP)).rejects.toThrow(
      /5x4 is smaller than the model's 2x8; enlarge it with --short-side/,
    );
    const flat = png(5, 4, 1, Array<number>(20).fill(77));
    expect(await readImage(modelWith([1, 8, 8, 1]), flat, { kind: 'crop', shortSide: 8 })).toEqual(
      Array(64).fill(77),
    );
  });

  test('a pixel becomes what the quantization of the input implies', async () => {
    const image = png(2, 1, 1, [0, 255]);
    const read = (quantization: Parameters<typeof modelWith>[1], normalization?: Normalization) =>
      readImage(modelWith([1, 1, 2, 1], quantization), image, STRETCH, normalization);
    expect(await read({ type: 'uint8', scale: 1 / 127.5, zeroPoint: 127 })).toEqual([0, 255]);
    expect(await read({ type: 'int8', scale: 1, zeroPoint: -128 })).toEqual([-128, 127]);
    const odd = { type: 'int8', scale: 0.02, zeroPoint: -10 } as const;
    await expect(read(odd)).rejects.toThrow(/stands for -2.36..2.74, which is none of .* --mean and --std/);
    // (0 - 100) / 50 = -2 is code -110; (255 - 100) / 50 = 3.1 is 145, which saturates.
    expect(await read(odd, { mean: [100], std: [50] })).toEqual([-110, 127]);
    await expect(read(odd, { mean: [1, 2], std: [50] })).rejects.toThrow(/2 values .* 1 channels/);
  });

  test('files that are no images are named', async () => {
    await expect(readImage(modelWith([1, 2, 2, 3]), Buffer.from('no image'), STRETCH)).rejects.toThrow(
      /sub\/a\.png: .*unsupported image format/,
    );
  });

  testWithShared(
    ['data/flowers', 'data/imagenet-val', modelFile('efficientnet_lite0_flowers5_int8')],
    'JPEGs come out as the recorded inputs, byte for byte',
    async () => {
      // The recorded ones are the first 32 of lists of which every other is here.
      const cases = [
        ['efficientnet_lite0_flowers5_int8', 'data/flowers', 'labels.txt', STRETCH],
        ['mobilenet_v2_224_int8', 'data/imagenet-val', 'labels_1001.txt', CROP],
      ] as const;
      for (const [name, data, labels, fit] of cases) {
        const model = realModel(name);
        const files = await readLabels(sharedPath(`${data}/${labels}`));
        const samples = await openSamples(model, sharedPath(`${data}/images`), files, { fit });
        const known = inputsOf(name, model, 32).filter((_, i) => i % 2 === 0);
        const read = await samples.load(0, 16);
        expect(
          read.map((values) => Buffer.from(values).equals(Buffer.from(known[read.indexOf(values)] ?? []))),
        ).toEqual(Array(16).fill(true));
      }
    },
  );
});

describe('tensors', () => {
  test('lie one after another, in the type of the model', async () => {
    const path = join(folder, 'inputs.raw');
    writeFileSync(path, Int8Array.of(1, -2, 3, -4, 5, -6));
    const model = modelWith([1, 2], { type: 'int8', scale: 0.3, zeroPoint: 4 });
    const samples = await openSamples(model, path, parseLabels('3\n1\n2\n', 'l'), { fit: STRETCH });
    expect(samples.classes).toEqual([3, 1, 2]);
    expect(await samples.load(1, 3)).toEqual([Int8Array.of(3, -4), Int8Array.of(5, -6)]);
    const some = select(samples, { skip: 1, count: 1 });
    expect([some.count, some.classes, some.description]).toEqual([1, [1], '1..1 of 3 tensors']);
    expect(await some.load(0, 1)).toEqual([Int8Array.of(3, -4)]);
    await expect(openSamples(modelWith([1, 4]), path, undefined, { fit: STRETCH })).rejects.toThrow(
      /6 bytes are not a multiple of the model's input, 4/,
    );
    await expect(openSamples(model, path, parseLabels('1\n', 'l'), { fit: STRETCH })).rejects.toThrow(
      /3 samples, but there are 1 labels/,
    );
    expect(() => select(samples, { skip: 3, count: undefined })).toThrow(/leaves none of 3/);
  });

  testWithShared(
    ['data/cifar10/test_batch.bin', modelFile('resnet8_cifar10_int8')],
    'CIFAR-10 planes become interleaved int8, with their labels',
    async () => {
      const model = realModel('resnet8_cifar10_int8');
      const samples = await openSamples(model, sharedPath('data/cifar10/test_batch.bin'), undefined, {
        fit: STRETCH,
      });
      expect(samples.count).toBe(10_000);
      expect(samples.classes?.slice(0, 5)).toEqual([3, 8, 8, 0, 6]); // cat, ship, ship, airplane, frog
      expect(await samples.load(0, 3)).toEqual(inputsOf('resnet8_cifar10_int8', model, 3));
    },
  );
});

describe('labels', () => {
  test('with and without file names', () => {
    expect(parseLabels('7\r\n\n 0\n', 'l')).toEqual({ kind: 'ordered', classes: [7, 0] });
    expect(parseLabels('a b/1.jpg 7\nc.png,0\n', 'l')).toEqual({
      kind: 'named',
      files: [
        { name: 'a b/1.jpg', label: 7 },
        { name: 'c.png', label: 0 },
      ],
    });
  });

  test.each([
    ['1\ncat\n', /l:2: 'cat' is not a class number/],
    ['1\n-2\n', /l:2/],
    ['a.jpg 1\n2\n', /some lines name a file/],
    ['\n', /has no labels/],
  ])('%j is refused', (text, message) => {
    expect(() => parseLabels(text, 'l')).toThrow(message);
  });
});

describe('images in memory', () => {
  const set = {
    ...{ count: 3, shape: { height: 2, width: 2, channels: 1 }, description: '3 squares' },
    images: Uint8Array.of(0, 1, 2, 3, 128, 129, 254, 255, 9, 8, 7, 6),
    labels: Uint8Array.of(4, 0, 9),
  };

  test('each becomes the codes of the input, with its class', async () => {
    const model = modelWith([1, 2, 2, 1], { type: 'int8', zeroPoint: -128 });
    const samples = samplesOf(model, set, { fit: STRETCH });
    expect(samples).toMatchObject({ count: 3, classes: [4, 0, 9], description: '3 squares' });
    expect(await samples.load(1, 3)).toEqual([
      Int8Array.of(0, 1, 126, 127),
      Int8Array.of(-119, -120, -121, -122),
    ]);
  });

  test('a normalization changes the codes', async () => {
    const model = modelWith([1, 2, 2, 1], { type: 'int8', scale: 1 / 64, zeroPoint: 0 });
    const [first] = await samplesOf(model, set, {
      fit: STRETCH,
      normalization: { mean: [1], std: [64] },
    }).load(0, 1);
    expect(first).toEqual(Int8Array.of(-1, 0, 1, 2));
  });

  test('of another size than the model takes', () => {
    expect(() => samplesOf(modelWith([1, 2, 2, 3]), set, { fit: STRETCH })).toThrow(
      'the model takes [1,2,2,3], but there are 3 squares of [1,2,2,1]; take a data set that fits',
    );
  });
});
