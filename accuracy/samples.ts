/** Inputs of a model with their classes: a folder of images, a file of tensors, or CIFAR-10 as it is published. */
import { open, readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import type { Elements } from '../infer/index.ts';
import type { Activation, Model } from '../litert/index.ts';
import { DataError } from './data-error.ts';
import { type Fit, type PixelShape, readPixels, requireImageDecoder } from './images.ts';
import { encode, type InputEncoding, inputEncoding, type Normalization } from './input-encoding.ts';
import type { Labels } from './labels.ts';

export interface Samples {
  readonly count: number;
  /** The class of each sample, where they are known. */
  readonly classes: readonly number[] | undefined;
  /** What was found, for a line of output: '650 images'. */
  readonly description: string;
  /**
   * The inputs of samples start up to but not including end.
   *
   * @throws DataError where one cannot be read
   */
  load(start: number, end: number): Promise<readonly Elements[]>;
}

export interface SampleOptions {
  /** Of images. */
  readonly fit: Fit;
  readonly normalization?: Normalization;
}

/** Samples `skip` up to `skip + count`, or to the end. */
export interface Selection {
  readonly skip: number;
  readonly count: number | undefined;
}

/**
 * @param path a folder of images; or a file of input tensors one after another, in the model's type and layout;
 *   or CIFAR-10's `test_batch.bin`, which has its labels in it
 * @throws DataError where samples and labels do not fit the model or each other
 * @throws MissingPackageError where images need a decoder that is not installed
 */
export async function openSamples(
  model: Model,
  path: string,
  labels: Labels | undefined,
  options: SampleOptions,
): Promise<Samples> {
  const input = onlyInput(model);
  const kind = await stat(path).catch((error: unknown) => {
    throw new DataError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  });
  if (kind.isDirectory()) return openImages(input, path, labels, options);
  if (kind.size === 0) throw new DataError(`${path} is empty`);
  if (isCifar10(input, kind.size)) return openCifar10(input, path, kind.size, labels, options);
  return openTensors(input, path, kind.size, labels);
}

/** Pixels in memory, as a data set has them. */
export interface PixelImages {
  readonly count: number;
  /** [count, height, width, channels], 0..255. */
  readonly images: Uint8Array;
  /** [count] */
  readonly labels: Uint8Array;
  readonly shape: { readonly height: number; readonly width: number; readonly channels: number };
  /** For a line of output: '10000 images to test with'. */
  readonly description: string;
}

/** @throws DataError where the images do not fit the model's input */
export function samplesOf(model: Model, pixels: PixelImages, { normalization }: SampleOptions): Samples {
  const input = onlyInput(model);
  const { count, images, labels, shape, description } = pixels;
  const { height, width, channels } = shape;
  if (input.shape.join() !== [1, height, width, channels].join()) {
    throw new DataError(
      `the model takes [${input.shape}], but there are ${description} of [1,${height},${width},${channels}]; take a data set that fits`,
    );
  }
  const encoding = inputEncoding(input, channels, normalization);
  return {
    count,
    classes: [...labels],
    description,
    load: async (start, end) =>
      Array.from({ length: end - start }, (_, i) =>
        encode(images.subarray((start + i) * input.size, (start + i + 1) * input.size), encoding),
      ),
  };
}

/** @throws DataError where the selection is empty */
export function select(samples: Samples, { skip, count }: Selection): Samples {
  const end = Math.min(samples.count, skip + (count ?? samples.count));
  if (end <= skip) throw new DataError(`skip = ${skip} leaves none of ${samples.count} samples (--skip)`);
  return {
    ...samples,
    count: end - skip,
    classes: samples.classes?.slice(skip, end),
    description:
      end - skip === samples.count ? samples.description : `${skip}..${end - 1} of ${samples.description}`,
    load: (from, to) => samples.load(skip + from, skip + to),
  };
}

/**
 * Two sets without a common sample: every nth, beginning with the first, and the others.
 *
 * @param n at least 2
 * @throws DataError where one of the two is empty
 */
export function splitEvery(
  samples: Samples,
  n: number,
): { readonly picked: Samples; readonly others: Samples } {
  const { count, description } = samples;
  if (count < 2) throw new DataError(`${description} cannot be split in two`);
  const all = Array.from({ length: count }, (_, i) => i);
  return {
    picked: pick(
      samples,
      all.filter((i) => i % n === 0),
    ),
    others: pick(
      samples,
      all.filter((i) => i % n !== 0),
    ),
  };
}

function pick(samples: Samples, indices: readonly number[]): Samples {
  const { classes, description } = samples;
  return {
    count: indices.length,
    classes: classes && indices.map((i) => classes[i] ?? 0),
    description: `${indices.length} of ${description}`,
    load: async (start, end) =>
      (await Promise.all(indices.slice(start, end).map((i) => samples.load(i, i + 1)))).flat(),
  };
}

function onlyInput({ inputs }: Model): Activation {
  const [input] = inputs;
  if (input === undefined || inputs.length !== 1) {
    throw new DataError(`the model has ${inputs.length} inputs; samples are read for models with one`);
  }
  return input;
}

async function openTensors(
  input: Activation,
  path: string,
  fileBytes: number,
  labels: Labels | undefined,
): Promise<Samples> {
  const count = fileBytes / input.size;
  if (!Number.isInteger(count)) {
    throw new DataError(
      `${path}: ${fileBytes} bytes are not a multiple of the model's input, ${input.size} (${input.type} [${input.shape}])`,
    );
  }
  return {
    count,
    classes: orderedClasses(labels, count, path),
    description: `${count} tensors`,
    load: async (start, end) =>
      (await readRecords(path, input.size, start, end)).map((bytes) =>
        input.type === 'int8' ? new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes,
      ),
  };
}

const CIFAR10 = { side: 32, channels: 3, recordBytes: 1 + 3 * 32 * 32 } as const;

/** By size; a file that could be plain tensors, too, is taken for those. */
function isCifar10(input: Activation, fileBytes: number): boolean {
  const { side, channels, recordBytes } = CIFAR10;
  return (
    input.shape.join() === [1, side, side, channels].join() &&
    fileBytes % recordBytes === 0 &&
    fileBytes % input.size !== 0
  );
}

async function openCifar10(
  input: Activation,
  path: string,
  fileBytes: number,
  labels: Labels | undefined,
  { normalization }: SampleOptions,
): Promise<Samples> {
  const { recordBytes, channels } = CIFAR10;
  const count = fileBytes / recordBytes;
  const encoding = inputEncoding(input, channels, normalization);
  const records = await readRecords(path, recordBytes, 0, count);
  return {
    count,
    classes: labels === undefined ? records.map(([label = 0]) => label) : orderedClasses(labels, count, path),
    description: `${count} CIFAR-10 images`,
    load: async (start, end) =>
      records.slice(start, end).map((record) => encode(interleaved(record.subarray(1), channels), encoding)),
  };
}

/** From one plane after another to channels side by side. */
function interleaved(planes: Uint8Array, channels: number): Uint8Array {
  const pixels = planes.length / channels;
  return Uint8Array.from(planes, (_, i) => planes[(i % channels) * pixels + Math.floor(i / channels)] ?? 0);
}

async function openImages(
  input: Activation,
  folder: string,
  labels: Labels | undefined,
  { fit, normalization }: SampleOptions,
): Promise<Samples> {
  requireImageDecoder();
  const shape = pixelShape(input);
  const encoding = inputEncoding(input, shape.channels, normalization);
  if (labels?.kind === 'ordered') {
    throw new DataError(`the labels of ${folder} have no file names: write 'image.jpg 7' in each line`);
  }
  const names = labels?.files.map(({ name }) => name) ?? (await imagesBelow(folder));
  if (names.length === 0) throw new DataError(`${folder} has no .jpg, .jpeg or .png files`);
  return {
    count: names.length,
    classes: labels?.files.map(({ label }) => label),
    description: `${names.length} images`,
    load: (start, end) =>
      mapFew(names.slice(start, end), (name) => readEncoded(join(folder, name), shape, fit, encoding)),
  };
}

async function readEncoded(
  path: string,
  shape: PixelShape,
  fit: Fit,
  encoding: InputEncoding,
): Promise<Elements> {
  return encode(await readPixels(path, shape, fit), encoding);
}

function pixelShape({ shape }: Activation): PixelShape {
  const [batch, height = 0, width = 0, channels] = shape;
  if (shape.length !== 4 || batch !== 1 || (channels !== 1 && channels !== 3)) {
    throw new DataError(
      `the model takes [${shape}], which is not one image [1, height, width, 1 or 3]; give the samples as a file of tensors`,
    );
  }
  return { height, width, channels };
}

const IMAGE_ENDINGS = ['.jpg', '.jpeg', '.png'];

/** Sorted, so that the order is the same everywhere. */
async function imagesBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => IMAGE_ENDINGS.includes(extname(name).toLowerCase())).toSorted();
}

function orderedClasses(
  labels: Labels | undefined,
  count: number,
  path: string,
): readonly number[] | undefined {
  if (labels === undefined) return undefined;
  if (labels.kind === 'named') throw new DataError(`${path} is one file, but its labels name files`);
  if (labels.classes.length !== count) {
    throw new DataError(`${path} has ${count} samples, but there are ${labels.classes.length} labels`);
  }
  return labels.classes;
}

async function readRecords(
  path: string,
  size: number,
  start: number,
  end: number,
): Promise<readonly Uint8Array[]> {
  const file = await open(path);
  try {
    const all = new Uint8Array((end - start) * size);
    const { bytesRead } = await file.read(all, 0, all.length, start * size);
    if (bytesRead !== all.length) throw new DataError(`${path}: became shorter while it was read`);
    return Array.from({ length: end - start }, (_, i) => all.subarray(i * size, (i + 1) * size));
  } finally {
    await file.close();
  }
}

/** Enough to keep every core busy with decoding, few enough to bound what is in memory. */
const AT_A_TIME = 8;

async function mapFew<T, R>(items: readonly T[], each: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += AT_A_TIME) {
    results.push(...(await Promise.all(items.slice(i, i + AT_A_TIME).map(each))));
  }
  return results;
}
