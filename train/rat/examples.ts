/** The examples of each step of training, in an order that follows from the seed. */
import { createHash } from 'node:crypto';
import type { Samples } from '../../accuracy/index.ts';
import type { Elements } from '../../infer/index.ts';
import type { Activation } from '../../litert/index.ts';
import { type Augmentation, augment } from '../augment.ts';
import { permutation, randomFrom } from '../random.ts';
import type { Example } from './trainee.ts';

export interface ExampleOptions {
  readonly batch: number;
  readonly augmentation: Augmentation;
  readonly seed: number;
}

export interface Examples {
  readonly stepsPerEpoch: number;
  /** What all of them come to: another set of samples has another hash. */
  readonly hash: string;
  /** @param step counted from 0 through all epochs; every epoch has all samples, in an order of its own */
  at(step: number): Promise<readonly Example[]>;
}

/** Inputs that are kept in memory from epoch to epoch; above, they are read again. */
const MEMORY_BYTES = 2 ** 30;

/** Samples that are read at a time. */
const PART = 512;

/** @throws DataError where a sample cannot be read */
export async function openExamples(
  input: Activation,
  samples: Samples,
  { batch, augmentation, seed }: ExampleOptions,
): Promise<Examples> {
  const { classes, count } = samples;
  const [, height = 1, width = 1, channels = 1] = input.shape;
  const shape = { height, width, channels };
  const fits = count * input.size <= MEMORY_BYTES;
  const kept: Elements[] = [];
  const hash = createHash('sha256').update(JSON.stringify(classes ?? []));
  for (let start = 0; start < count; start += PART) {
    for (const one of await samples.load(start, Math.min(count, start + PART))) {
      hash.update(one);
      if (fits) kept.push(one);
    }
  }
  const sampleAt = async (index: number): Promise<Elements> => {
    const [one] = fits ? [kept[index]] : await samples.load(index, index + 1);
    if (one === undefined) throw new Error(`sample ${index} is not there`);
    return one;
  };
  const stepsPerEpoch = Math.ceil(count / batch);
  let order: { epoch: number; indices: Uint32Array } = { epoch: -1, indices: new Uint32Array() };
  const varies = augmentation.mirror || augmentation.shiftPixels > 0;
  return {
    stepsPerEpoch,
    hash: hash.digest('hex'),
    at(step) {
      const epoch = Math.floor(step / stepsPerEpoch);
      if (order.epoch !== epoch) order = { epoch, indices: permutation(count, randomFrom(seed, epoch)) };
      const first = (step % stepsPerEpoch) * batch;
      return Promise.all(
        [...order.indices.subarray(first, first + batch)].map(async (index) => {
          const sample = await sampleAt(index);
          const next = randomFrom(seed, epoch, index);
          return {
            input: varies ? augment(sample, shape, augmentation, next) : sample,
            label: classes?.[index],
          };
        }),
      );
    },
  };
}
