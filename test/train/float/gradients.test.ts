/** Every gradient against finite differences of the definition in float64. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, test } from 'vitest';
import { softmaxCrossEntropy } from '../../../train/float/batch-loss.ts';
import type { Architecture, Layer, Shape } from '../../../train/float/network.ts';
import { parameterLayout } from '../../../train/float/parameters.ts';
import { placeNetwork } from '../../../train/float/placed-network.ts';
import { loadTrainingKernels } from '../../../train/kernels.ts';
import { forward, lossOf } from './reference-network.ts';

const module = await loadTrainingKernels();

const IMAGES = 3;
const SMOOTHING = 0.1;

const normal = { activation: 'relu', normalization: 'batch' } as const;
const plain = { activation: 'none', normalization: 'none' } as const;
const SMALL: Shape = { height: 5, width: 4, channels: 3 };

/** Each kind of layer behind a convolution, so that it has an input with a gradient, and before a dense layer. */
function around(layers: readonly Layer[], input = SMALL, channels = 8): Architecture {
  const first: Layer = { kind: 'convolution', from: 0, channels, kernel: 3, stride: 1, ...normal };
  const last: Layer = { kind: 'dense', from: layers.length + 1, channels: 4, ...plain };
  return { name: 'test', input, layers: [first, ...layers, last] };
}

const CASES: Readonly<Record<string, Architecture>> = {
  'a convolution of eight channels': around([
    { kind: 'convolution', from: 1, channels: 12, kernel: 3, stride: 1, ...normal },
  ]),
  'a convolution of five channels, relu6': around(
    [{ kind: 'convolution', from: 1, channels: 6, kernel: 3, stride: 1, ...normal, activation: 'relu6' }],
    SMALL,
    5,
  ),
  'a convolution of stride 2': around([
    { kind: 'convolution', from: 1, channels: 8, kernel: 3, stride: 2, ...normal },
  ]),
  'a convolution of stride 2 with a bias, kernel 1': around([
    { kind: 'convolution', from: 1, channels: 7, kernel: 1, stride: 2, ...plain, activation: 'relu' },
  ]),
  'a convolution of kernel 5 and stride 3': around([
    { kind: 'convolution', from: 1, channels: 8, kernel: 5, stride: 3, ...normal },
  ]),
  'a depthwise convolution': around([{ kind: 'depthwise', from: 1, kernel: 3, stride: 1, ...normal }]),
  'a depthwise convolution of seven channels, stride 2': around(
    [{ kind: 'depthwise', from: 1, kernel: 3, stride: 2, ...normal }],
    SMALL,
    7,
  ),
  'a depthwise convolution with a bias': around([
    { kind: 'depthwise', from: 1, kernel: 3, stride: 1, ...plain },
  ]),
  'a dense layer, normalized': around([{ kind: 'dense', from: 1, channels: 9, ...normal }]),
  'a max-pool': around([{ kind: 'max-pool', from: 1, size: 2 }]),
  'a max-pool of six channels': around([{ kind: 'max-pool', from: 1, size: 2 }], SMALL, 6),
  'a global average pool': around([{ kind: 'global-average-pool', from: 1 }]),
  'a sum of two branches, one of them used twice': around([
    { kind: 'convolution', from: 1, channels: 8, kernel: 3, stride: 1, ...normal, activation: 'none' },
    { kind: 'add', from: 2, and: 1, activation: 'relu' },
    { kind: 'add', from: 3, and: 2, activation: 'none' },
  ]),
  'a sum of a tensor with itself': around([{ kind: 'add', from: 1, and: 1, activation: 'relu6' }]),
  'all kinds that add to the gradient of what is used twice': around([
    { kind: 'max-pool', from: 1, size: 2 },
    { kind: 'depthwise', from: 1, kernel: 3, stride: 2, ...normal },
    { kind: 'convolution', from: 1, channels: 8, kernel: 3, stride: 2, ...normal },
    { kind: 'convolution', from: 1, channels: 8, kernel: 3, stride: 1, ...normal },
    { kind: 'convolution', from: 5, channels: 8, kernel: 3, stride: 2, ...normal },
    { kind: 'add', from: 3, and: 4, activation: 'relu' },
    { kind: 'add', from: 6, and: 7, activation: 'relu' },
    { kind: 'global-average-pool', from: 8 },
    { kind: 'global-average-pool', from: 2 },
    { kind: 'add', from: 9, and: 10, activation: 'none' },
  ]),
};

/** The same at every run. */
function randomValues(seed: number) {
  const generator = xoroshiro128plus(seed);
  const uniform = () => (generator.next() >>> 0) / 2 ** 31 - 1;
  return (length: number) => Float32Array.from({ length }, uniform);
}

describe.each(Object.entries(CASES))('%s', (_, architecture) => {
  const random = randomValues(7);
  const { input } = architecture;
  const layout = parameterLayout(architecture);
  const images = random(IMAGES * input.height * input.width * input.channels);
  const trained = random(layout.trained);
  for (const layer of layout.layers) {
    // Around 1, as they are in a network that learns.
    if (layer?.normalization === undefined) continue;
    const { start, length } = layer.normalization.scale;
    for (let i = start; i < start + length; i += 1) trained[i] = 1 + 0.5 * (trained[i] ?? 0);
  }
  const labels = Uint8Array.of(1, 3, 0);
  const placed = placeNetwork(architecture, IMAGES, 'training', module);
  placed.tensors[0]?.set(images);
  placed.trained.set(trained);
  placed.prepare();
  placed.forward(IMAGES);
  const logits = placed.tensors.at(-1) ?? new Float32Array();
  const options = { smoothing: SMOOTHING, batch: IMAGES };
  const { loss } = softmaxCrossEntropy(logits, labels, options, placed.outputGradient);
  placed.backward(IMAGES);

  const exact = (values: Float64Array) => forward(architecture, values, Float64Array.from(images), IMAGES);
  const lossAt = (values: Float64Array) =>
    lossOf(exact(values).tensors.at(-1) ?? new Float64Array(), labels, SMOOTHING);

  test('forward: every tensor, the statistics and the loss', () => {
    const { tensors, statistics } = exact(Float64Array.from(trained));
    tensors.forEach((tensor, i) => {
      expectClose(placed.tensors[i] ?? [], tensor, 1e-5);
    });
    expectClose(placed.statistics, statistics, 1e-5);
    expectClose([loss / IMAGES], [lossAt(Float64Array.from(trained))], 1e-5);
  });

  test('backward: parameters of every layer', () => {
    // All of few, a sample of many.
    const step = 1e-5;
    const spans = layout.layers.flatMap((layer) =>
      layer === undefined
        ? []
        : [
            layer.weights,
            layer.bias,
            ...(layer.normalization === undefined ? [] : [layer.normalization.scale]),
          ],
    );
    for (const { start, length } of spans) {
      const stride = Math.max(1, Math.floor(length / 6)) | 1;
      const indices = Array.from({ length: Math.ceil(length / stride) }, (_unused, i) => start + i * stride);
      const wanted = indices.map((index) => {
        const [up, down] = [step, -step].map((change) => {
          const changed = Float64Array.from(trained);
          changed[index] = (changed[index] ?? 0) + change;
          return lossAt(changed);
        }) as [number, number];
        return (up - down) / (2 * step);
      });
      expectClose(
        indices.map((index) => placed.gradients[index] ?? Number.NaN),
        wanted,
        2e-4,
      );
    }
  });
});

/** Relative to the greatest of the values. */
function expectClose(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(wanted.length);
  const scale = Array.from(wanted).reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const worst = Array.from(wanted).reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (actual[i] ?? Number.NaN)) / scale),
    0,
  );
  expect(worst).toBeLessThan(tolerance);
}

test('the gradients of a second batch are added', () => {
  const architecture = around([]);
  const placed = placeNetwork(architecture, IMAGES, 'training', module);
  const random = randomValues(1);
  placed.trained.set(random(placed.trained.length));
  placed.tensors[0]?.set(random(placed.tensors[0].length));
  placed.prepare();
  const once = () => {
    placed.forward(IMAGES);
    const logits = placed.tensors.at(-1) ?? new Float32Array();
    softmaxCrossEntropy(logits, Uint8Array.of(0, 1, 2), { smoothing: 0, batch: 1 }, placed.outputGradient);
    placed.backward(IMAGES);
    return placed.gradients.slice();
  };
  const first = once();
  const both = once();
  expectClose(
    both,
    first.map((value) => 2 * value),
    1e-6,
  );
});

test('a layer that nobody uses, and a tensor that is not there, are named', () => {
  const layers: readonly Layer[] = [
    { kind: 'dense', from: 0, channels: 8, ...plain },
    { kind: 'dense', from: 0, channels: 4, ...plain },
  ];
  const broken = (changed: readonly Layer[]) =>
    placeNetwork({ name: 'broken', input: SMALL, layers: changed }, 1, 'training', module);
  expect(() => broken(layers)).toThrow('nobody uses what layer 0 makes');
  expect(() => broken([{ kind: 'max-pool', from: 1, size: 2 }])).toThrow('tensor 1 is not there');
});
