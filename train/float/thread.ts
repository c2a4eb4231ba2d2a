/** What a thread of threads.ts runs: parts of training batches, and parts of evaluations. */
import { parentPort, workerData } from 'node:worker_threads';
import { augment } from '../augment.ts';
import { randomFrom } from '../random.ts';
import { softmaxCrossEntropy } from './batch-loss.ts';
import { encodePixels } from './pixels.ts';
import { type PlacedNetwork, placeNetwork } from './placed-network.ts';
import { createRunner } from './runner.ts';
import type { Answer, Task, ThreadData } from './threads.ts';

const { architecture, settings, module, train, test, parameters, slots } = workerData as ThreadData;
const { shardImages, shards, seed, smoothing, augmentation } = settings;
const { height, width, channels } = architecture.input;
const size = height * width * channels;

const network: PlacedNetwork = placeNetwork(architecture, shardImages, 'training', module);

parentPort?.on('message', (task: Task) => {
  parentPort?.postMessage(task.kind === 'train' ? trainShard(task) : evaluate(task));
});

/** Gradient and statistics go to the slot of the shard. */
function trainShard({ epoch, shard, images }: Extract<Task, { kind: 'train' }>): Answer {
  const labels = new Uint8Array(images.length);
  const [input] = network.tensors;
  const logits = network.tensors.at(-1);
  const slot = slots[shard];
  if (input === undefined || logits === undefined || slot === undefined) throw new Error('no such shard');
  images.forEach((image, i) => {
    const pixels = train.images.subarray(image * size, (image + 1) * size);
    const varied = augment(pixels, architecture.input, augmentation, randomFrom(seed, epoch, image));
    encodePixels(varied, input.subarray(i * size, (i + 1) * size));
    labels[i] = train.labels[image] ?? 0;
  });
  network.trained.set(parameters);
  network.prepare();
  network.gradients.fill(0);
  network.forward(images.length);
  const options = { smoothing, batch: shards * shardImages };
  const { loss, right } = softmaxCrossEntropy(logits, labels, options, network.outputGradient);
  network.backward(images.length);
  slot.gradients.set(network.gradients);
  slot.statistics.set(network.statistics);
  return { loss, right };
}

function evaluate({ filters, start, end }: Extract<Task, { kind: 'evaluate' }>): Answer {
  const runner = createRunner({ architecture, filters }, module);
  const count = end - start;
  const images = new Float32Array(count * size);
  encodePixels(test.images.subarray(start * size, end * size), images);
  const logits = runner.run(images, count);
  const labels = test.labels.subarray(start, end);
  const options = { smoothing: 0, batch: count };
  return softmaxCrossEntropy(logits, labels, options, new Float32Array(logits.length));
}
