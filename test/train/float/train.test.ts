/** Whole runs of training, on images that are small and easy. */
import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../../datasets/index.ts';
import { loadKernels, prepare } from '../../../infer/index.ts';
import { readModel } from '../../../litert/index.ts';
import {
  type Checkpoint,
  CheckpointError,
  createRunner,
  decodeCheckpoint,
  encodeCheckpoint,
  encodePixels,
  networkOf,
  type Settings,
  train,
} from '../../../train/float/index.ts';
import { loadTrainingKernels } from '../../../train/kernels.ts';
import { quantizedFile } from '../../../train/quantize/index.ts';
import { randomFrom } from '../../../train/random.ts';

const SETTINGS: Settings = {
  model: 'small-dscnn',
  epochs: 3,
  seed: 5,
  learningRate: 0.05,
  momentum: 0.9,
  weightDecay: 1e-4,
  smoothing: 0,
  warmUpEpochs: 1,
  augmentation: { shiftPixels: 1, mirror: true },
  shards: 3,
  shardImages: 8,
};

/** Noise with a bright row in it: its place is the class, and neither a mirror nor a small shift hides that. */
function stripes(count: number, seed: number) {
  const next = randomFrom(seed);
  const images = Uint8Array.from({ length: 64 * count }, () => 100 * next());
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  labels.forEach((label, i) => {
    images.fill(220, 64 * i + 8 * (1 + 2 * label), 64 * i + 8 * (2 + 2 * label));
  });
  return { count, images, labels };
}

const DATASET: Dataset = {
  name: 'stripes',
  shape: { height: 8, width: 8, channels: 1 },
  classes: ['top', 'middle', 'bottom'],
  train: stripes(120, 1),
  test: stripes(40, 2),
};

test('what is learned depends on the seed, not on the number of threads or an interruption', async () => {
  const checkpoints: Checkpoint[] = [];
  const onEpoch = (_: unknown, checkpoint: Checkpoint) => checkpoints.push(checkpoint);
  const [one, three, other] = await Promise.all([
    train(DATASET, SETTINGS, { threads: 1, onEpoch }),
    train(DATASET, SETTINGS, { threads: 3 }),
    train(DATASET, { ...SETTINGS, seed: 6 }, { threads: 1 }),
  ]);
  const bytes = encodeCheckpoint(one.checkpoint);
  expect(Buffer.from(encodeCheckpoint(three.checkpoint)).equals(bytes)).toBe(true);
  expect([...other.checkpoint.trained]).not.toEqual([...one.checkpoint.trained]);
  expect(checkpoints.map(({ history }) => history.length)).toEqual([1, 2, 3]);

  const [afterOne] = checkpoints;
  if (afterOne === undefined) throw new Error('no checkpoint');
  const from = decodeCheckpoint(encodeCheckpoint(afterOne));
  const resumed = await train(DATASET, SETTINGS, { threads: 2, from });
  expect(Buffer.from(encodeCheckpoint(resumed.checkpoint)).equals(bytes)).toBe(true);
  expect(resumed.network).toEqual(one.network);
});

test('it learns, and the network that comes out is as right as was reported', async () => {
  const steps: number[] = [];
  const { network, checkpoint } = await train(
    DATASET,
    { ...SETTINGS, epochs: 12 },
    { threads: 2, onStep: ({ step, steps: all }) => steps.push(step / all) },
  );
  expect(steps).toHaveLength(12 * 5);
  expect(steps.at(-1)).toBe(1);
  const last = checkpoint.history.at(-1);
  expect(last?.testAccuracy).toBeGreaterThan(0.9);
  expect(networkOf(checkpoint, DATASET)).toEqual(network);

  const { count, images, labels } = DATASET.test;
  const values = new Float32Array(images.length);
  encodePixels(images, values);
  const seen: number[] = [];
  const runner = createRunner(network, await loadTrainingKernels());
  const logits = runner.run(values, count, (tensor, { length }) => seen.push(tensor, length));
  const right = labels.filter((label, i) => {
    const row = [...logits.subarray(3 * i, 3 * i + 3)];
    return row.indexOf(Math.max(...row)) === label;
  });
  expect(right.length / count).toBe(last?.testAccuracy);
  // Batches of 32 and 8, each tensor of each, the images first.
  expect(seen.slice(0, 2)).toEqual([0, 32 * 64]);
  expect(seen.slice(-2)).toEqual([network.architecture.layers.length, 8 * 3]);
  expect(seen).toHaveLength(2 * 2 * (network.architecture.layers.length + 1));
  expect(() => runner.run(values, count - 1)).toThrow('are not 39 images of 8x8x1');

  // Written as a file, and run by the integer inference.
  const model = readModel(quantizedFile(network, runner, DATASET.train));
  const program = prepare(model, 'stock', await loadKernels());
  const rightInt8 = labels.filter((label, i) => {
    const codes = Int8Array.from(images.subarray(64 * i, 64 * i + 64), (pixel) => pixel - 128);
    const row = [...(program.run([codes])[0] ?? [])];
    return row.indexOf(Math.max(...row)) === label;
  });
  expect(Math.abs(rightInt8.length - right.length)).toBeLessThanOrEqual(1);
});

test('a run that diverges says where, after the last checkpoint', async () => {
  const epochs: number[] = [];
  const diverging = train(
    DATASET,
    { ...SETTINGS, learningRate: 1e9 },
    { threads: 1, onEpoch: ({ epoch }) => epochs.push(epoch) },
  );
  await expect(diverging).rejects.toThrow(/^training diverged: the loss is \S+ in step \d+ of epoch 1$/);
  expect(epochs).toEqual([]);
});

describe('data that do not fit', () => {
  test.each([
    [
      { train: { ...DATASET.train, labels: DATASET.train.labels.with(7, 3) } },
      'label 3 of train image 7 is outside 0..2',
    ],
    [
      { shape: { height: 8, width: 8, channels: 3 } },
      'train has 7680 bytes of images and 120 labels, not 120 images of 8x8x3',
    ],
    [{ train: stripes(23, 1) }, 'stripes has 23 images to train on, which is less than a batch of 24'],
  ])('are named: %#', async (changes, message) => {
    await expect(train({ ...DATASET, ...changes }, SETTINGS, { threads: 1 })).rejects.toThrow(message);
  });
});

describe('checkpoints', () => {
  const checkpoint: Checkpoint = {
    settings: SETTINGS,
    dataset: 'stripes',
    history: [],
    trained: Float32Array.of(1.5, -2),
    velocity: Float32Array.of(0.25, 1e-30),
    statistics: Float32Array.of(3),
  };
  const bytes = encodeCheckpoint(checkpoint);

  test('come back as they were', () => {
    expect(decodeCheckpoint(bytes)).toEqual(checkpoint);
  });

  test('that were cut short, damaged or are something else are refused', () => {
    const broken = [bytes.subarray(0, -1), bytes.subarray(0, 20), bytes.with(60, 1), Buffer.from('text')];
    for (const one of broken) expect(() => decodeCheckpoint(one)).toThrow(CheckpointError);
  });

  test('of another network are not gone on from', async () => {
    const from = { ...checkpoint, settings: SETTINGS };
    await expect(train(DATASET, SETTINGS, { threads: 1, from })).rejects.toThrow(
      'the checkpoint has 2 parameters',
    );
  });
});
