/** The runner on random networks, against the definition in float64. */
import { describe, expect, test } from 'vitest';
import { Random } from '../../../sim/random.ts';
import { createRunner } from '../../../train/float/index.ts';
import { loadTrainingKernels } from '../../../train/kernels.ts';
import { randomImages, randomNetwork } from '../random-network.ts';
import { referenceRunner } from '../reference-runner.ts';

const module = await loadTrainingKernels();
const COUNT = 35;

describe.each(Array.from({ length: 12 }, (_, seed) => seed))('random network %i', (seed) => {
  const random = new Random(seed);
  const network = randomNetwork(random, random.below(5));
  const { values } = randomImages(random, network.architecture.input, COUNT);

  test('every tensor of every image is that of the definition', () => {
    const tensors = (runner: ReturnType<typeof createRunner>) => {
      const seen: number[][] = [];
      const logits = runner.run(values, COUNT, (tensor, part) => {
        seen[tensor] = [...(seen[tensor] ?? []), ...part];
      });
      return [...seen, [...logits]];
    };
    const wanted = tensors(referenceRunner(network));
    const actual = tensors(createRunner(network, module));
    expect(actual.map(({ length }) => length)).toEqual(wanted.map(({ length }) => length));
    wanted.forEach((tensor, i) => {
      const scale = Math.max(1, ...tensor.map(Math.abs));
      const worst = Math.max(...tensor.map((value, j) => Math.abs(value - (actual[i]?.[j] ?? Number.NaN))));
      expect(worst / scale).toBeLessThan(1e-5);
    });
  });
});

test('filters of another network are refused', () => {
  const network = randomNetwork(new Random(1), 2);
  const [first, ...others] = network.filters;
  const cut = first && { ...first, weights: first.weights.subarray(1) };
  expect(() => createRunner({ ...network, filters: [cut, ...others] }, module)).toThrow(
    /the filter of layer 0 does not fit/,
  );
});
