/** Steps of training small-cnn beside the convolutions of TensorFlow.js, on one thread; and one thread beside two. */
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import type { Dataset } from '../datasets/index.ts';
import { architectureOf, recipeFor, type Settings } from '../train/float/index.ts';
import { descend } from '../train/float/optimizer.ts';
import { initialParameters, parameterLayout } from '../train/float/parameters.ts';
import { placeNetwork } from '../train/float/placed-network.ts';
import { startTrainingThreads } from '../train/float/threads.ts';
import { loadTrainingKernels } from '../train/kernels.ts';
import { randomFrom } from '../train/random.ts';
import { alternate, statistics, type Times } from './measure.ts';
import { type Line, percentage, ratio, type Section } from './report.ts';

const REPEATS = 3;
const SHAPE = { height: 28, width: 28, channels: 1 };
const CLASSES = 10;

/** TensorFlow.js takes a second an image; time goes in proportion to their number. */
const PEER_IMAGES = 1;

export async function training(): Promise<Section> {
  const settings: Settings = { model: 'small-cnn', seed: 1, ...recipeFor('small-cnn', 'fashion-mnist') };
  const batch = settings.shards * settings.shardImages;
  const images = noise(batch);
  const [one, two] = await Promise.all([1, 2].map((threads) => trainer(settings, images, threads)));
  if (one === undefined || two === undefined) throw new Error('no threads');
  const forward = await forwardPass(settings);
  const peer = tensorFlowConvolutions();
  const times = await alternate(REPEATS, { one: one.step, two: two.step, forward, peer: peer.step });
  await Promise.all([one.close(), two.close()]);
  const perImage = (all: Times, count: number) => all.map((seconds) => seconds / count);
  const [ours, both] = [perImage(times.one, batch), perImage(times.two, batch)];
  const theirs = perImage(times.peer, PEER_IMAGES);
  return {
    title: 'Training: small-cnn on 28x28 images, forward, backward and descent',
    lines: [
      imagesPerSecond(`ours, one thread, batches of ${batch}`, ours),
      imagesPerSecond('ours, two threads', both),
      imagesPerSecond(`TensorFlow.js, cpu backend, convolutions only`, theirs),
      ratio('one thread / TensorFlow.js', ours, theirs),
      ratio('two threads / one', both, ours),
      percentage('of the time of one thread in the forward pass', times.forward, times.one),
    ],
    notes: [
      'plain SIMD without fused multiplication, so that a seed gives the same network on every machine',
      'of TensorFlow.js only the convolutions and their gradients are timed, the rest comes on top',
      "TensorFlow.js' wasm backend has no gradient of a convolution's filter, and its node backend needs a download",
    ],
  };
}

function imagesPerSecond(name: string, secondsPerImage: Times): Line {
  return { name, unit: 'images/s', ...statistics(secondsPerImage.map((seconds) => 1 / seconds)) };
}

function noise(count: number): Dataset['train'] {
  const next = randomFrom(count);
  const size = SHAPE.height * SHAPE.width * SHAPE.channels;
  return {
    count,
    images: Uint8Array.from({ length: count * size }, () => 256 * next()),
    labels: Uint8Array.from({ length: count }, (_, i) => i % CLASSES),
  };
}

async function trainer(settings: Settings, images: Dataset['train'], threads: number) {
  const architecture = architectureOf(settings.model, SHAPE, CLASSES);
  const parameters = initialParameters(architecture, settings.seed);
  const velocity = new Float32Array(parameters.trained.length);
  const layout = parameterLayout(architecture);
  const module = await loadTrainingKernels();
  const data = { train: images, test: images };
  const team = startTrainingThreads(architecture, settings, data, parameters, module, threads);
  const order = Uint32Array.from({ length: images.count }, (_, i) => i);
  return {
    async step() {
      const { gradients } = await team.train(0, order);
      descend(layout, parameters.trained, velocity, gradients, settings);
    },
    close: () => team.close(),
  };
}

/** The forward pass alone of as many images as a step has. */
async function forwardPass(settings: Settings): Promise<() => void> {
  const architecture = architectureOf(settings.model, SHAPE, CLASSES);
  const module = await loadTrainingKernels();
  const network = placeNetwork(architecture, settings.shardImages, 'training', module);
  network.trained.set(initialParameters(architecture, settings.seed).trained);
  network.prepare();
  network.tensors[0]?.set(Float32Array.from({ length: network.tensors[0].length }, randomFrom(2)));
  return () => {
    for (let shard = 0; shard < settings.shards; shard++) network.forward(settings.shardImages);
  };
}

/** [pixels along a side, channels in, channels out] of the convolutions of small-cnn. */
const CONVOLUTIONS = [
  [28, 1, 24],
  [14, 24, 48],
  [7, 48, 64],
] as const;

/** Only the convolutions with their gradients, which flatters it: core alone has the gradient of nothing else. */
function tensorFlowConvolutions() {
  const layers = CONVOLUTIONS.map(([side, from, to]) => ({
    x: tf.randomNormal<tf.Rank.R4>([PEER_IMAGES, side, side, from]),
    dy: tf.randomNormal<tf.Rank.R4>([PEER_IMAGES, side, side, to]),
    filter: tf.randomNormal<tf.Rank.R4>([3, 3, from, to]),
  }));
  const options = { strides: [1, 1], pad: 'same', dataFormat: 'NHWC', dimRoundingMode: 'floor' };
  return {
    step: () =>
      tf.tidy(() => {
        layers.forEach(({ x, dy, filter }, layer) => {
          tf.conv2d(x, filter, 1, 'same');
          const filterShape = filter.shape;
          tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy }, { ...options, filterShape });
          if (layer > 0) tf.conv2dTranspose(dy, filter, x.shape, 1, 'same');
        });
      }),
  };
}
