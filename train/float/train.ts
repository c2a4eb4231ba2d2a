/** Training from the first epoch, or from a checkpoint, to the last. */
import type { Dataset, LabelledImages } from '../../datasets/index.ts';
import { loadTrainingKernels } from '../kernels.ts';
import { permutation, randomFrom } from '../random.ts';
import { cosine } from '../schedule.ts';
import { architectureOf } from './architectures.ts';
import type { Checkpoint, EpochReport } from './checkpoint.ts';
import type { FloatNetwork } from './network.ts';
import { descend } from './optimizer.ts';
import { foldNormalization, initialParameters, parameterLayout } from './parameters.ts';
import { type Settings, stepsOfEpoch } from './settings.ts';
import { startTrainingThreads } from './threads.ts';

/** Loss that grows beyond all bounds: the last checkpoint is from before that. */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
}

/** Data or settings that do not fit each other. */
export class TrainingError extends Error {
  override readonly name = 'TrainingError';
}

export interface TrainingOptions {
  /** At least 1; the result does not depend on it. */
  readonly threads: number;
  /** Where to go on; of the same settings and data set. */
  readonly from?: Checkpoint;
  /** Called after each batch. */
  readonly onStep?: (progress: StepProgress) => void;
  /** Called after each epoch; the next one waits for it. */
  readonly onEpoch?: (report: EpochReport, checkpoint: Checkpoint) => void;
}

export interface StepProgress {
  /** Steps done, of all epochs. */
  readonly step: number;
  readonly steps: number;
  /** Mean over the images of this epoch so far. */
  readonly loss: number;
  readonly accuracy: number;
}

export interface TrainedNetwork {
  readonly network: FloatNetwork;
  readonly checkpoint: Checkpoint;
}

/** How slowly the statistics for inference follow those of the batches. */
const STATISTICS_MOMENTUM = 0.98;

/** A loss of this many times what guessing comes to is no learning. */
const DIVERGED = 4;

/**
 * @throws TrainingError where the data set has labels out of range, too few images, or images of another shape
 * @throws DivergenceError where the loss is not finite, or many times that of guessing
 */
export async function train(
  dataset: Dataset,
  settings: Settings,
  { threads, from, onStep, onEpoch }: TrainingOptions,
): Promise<TrainedNetwork> {
  checkData(dataset, settings);
  const architecture = architectureOf(settings.model, dataset.shape, dataset.classes.length);
  const layout = parameterLayout(architecture);
  const { trained, statistics } = initialParameters(architecture, settings.seed);
  const velocity = new Float32Array(trained.length);
  if (from !== undefined) {
    requireLength(from, layout.trained, layout.statistics);
    trained.set(from.trained);
    velocity.set(from.velocity);
    statistics.set(from.statistics);
  }
  const parameters = { trained, statistics };
  const history = [...(from?.history ?? [])];
  const stepsAnEpoch = stepsOfEpoch(settings, dataset.train.count);
  const steps = settings.epochs * stepsAnEpoch;
  const batch = settings.shards * settings.shardImages;
  const bound = DIVERGED * Math.log(dataset.classes.length);
  const team = startTrainingThreads(
    ...([architecture, settings, dataset, parameters, await loadTrainingKernels(), threads] as const),
  );
  const checkpoint = (): Checkpoint => ({
    settings,
    dataset: dataset.name,
    history: [...history],
    trained: trained.slice(),
    velocity: velocity.slice(),
    statistics: statistics.slice(),
  });
  try {
    for (let epoch = history.length; epoch < settings.epochs; epoch += 1) {
      const order = permutation(dataset.train.count, randomFrom(settings.seed, epoch));
      let [loss, right] = [0, 0];
      for (let step = 0; step < stepsAnEpoch; step += 1) {
        const images = order.subarray(step * batch, (step + 1) * batch);
        const result = await team.train(epoch, images);
        const done = epoch * stepsAnEpoch + step;
        if (!(result.loss / batch < bound)) {
          throw new DivergenceError(
            `training diverged: the loss is ${(result.loss / batch).toPrecision(3)} in step ${step + 1} of epoch ${epoch + 1}`,
          );
        }
        const learningRate = scheduled(settings, done / stepsAnEpoch);
        descend(layout, trained, velocity, result.gradients, { ...settings, learningRate });
        follow(statistics, result.statistics, done);
        loss += result.loss;
        right += result.right;
        const seen = (step + 1) * batch;
        onStep?.({ step: done + 1, steps, loss: loss / seen, accuracy: right / seen });
      }
      const seen = stepsAnEpoch * batch;
      const judged = await team.evaluate(foldNormalization(architecture, parameters));
      const report: EpochReport = {
        epoch: epoch + 1,
        trainLoss: loss / seen,
        trainAccuracy: right / seen,
        testLoss: judged.loss / dataset.test.count,
        testAccuracy: judged.right / dataset.test.count,
      };
      history.push(report);
      onEpoch?.(report, checkpoint());
    }
  } finally {
    await team.close();
  }
  return { network: foldNormalization(architecture, parameters), checkpoint: checkpoint() };
}

/** The network that a checkpoint holds. */
export function networkOf({ settings, trained, statistics }: Checkpoint, dataset: Dataset): FloatNetwork {
  const architecture = architectureOf(settings.model, dataset.shape, dataset.classes.length);
  return foldNormalization(architecture, { trained, statistics });
}

/** Up in a straight line over the warm-up, then down along half a cosine. @param done epochs, with their fraction */
function scheduled({ learningRate, warmUpEpochs, epochs }: Settings, done: number): number {
  if (done < warmUpEpochs) return (learningRate * done) / warmUpEpochs;
  return cosine(learningRate, (done - warmUpEpochs) / (epochs - warmUpEpochs));
}

/** The running statistics; at first the mean of all that there are, so that where they begin does not matter. */
function follow(statistics: Float32Array, ofBatch: Float32Array, step: number): void {
  const share = Math.max(1 - STATISTICS_MOMENTUM, 1 / (step + 1));
  for (let i = 0; i < statistics.length; i += 1) {
    statistics[i] = (1 - share) * (statistics[i] ?? 0) + share * (ofBatch[i] ?? 0);
  }
}

function checkData(dataset: Dataset, settings: Settings): void {
  const { name, shape, classes, train: toTrain, test } = dataset;
  const size = shape.height * shape.width * shape.channels;
  const check = (half: string, { count, images, labels }: LabelledImages) => {
    if (images.length !== count * size || labels.length !== count) {
      throw new TrainingError(
        `${name}: ${half} has ${images.length} bytes of images and ${labels.length} labels, not ${count} images of ${shape.height}x${shape.width}x${shape.channels}`,
      );
    }
    const wrong = labels.findIndex((label) => label >= classes.length);
    if (wrong >= 0) {
      throw new TrainingError(
        `${name}: label ${labels[wrong]} of ${half} image ${wrong} is outside 0..${classes.length - 1}`,
      );
    }
  };
  check('train', toTrain);
  check('test', test);
  const batch = settings.shards * settings.shardImages;
  if (toTrain.count < batch) {
    throw new TrainingError(
      `${name} has ${toTrain.count} images to train on, which is less than a batch of ${batch}`,
    );
  }
}

function requireLength(from: Checkpoint, trained: number, statistics: number): void {
  if (
    from.trained.length !== trained ||
    from.velocity.length !== trained ||
    from.statistics.length !== statistics
  ) {
    throw new TrainingError(`the checkpoint has ${from.trained.length} parameters, the network ${trained}`);
  }
}
