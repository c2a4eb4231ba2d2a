/** Cross-entropy of softmax over a batch, in float64: a few values an image. */
import { crossEntropy } from '../loss.ts';

export interface BatchLoss {
  /** Sum over the images. */
  readonly loss: number;
  /** How many had their class as the greatest logit. */
  readonly right: number;
}

export interface LossOptions {
  /** Share of the target that is spread over all classes (label smoothing, Szegedy et al. 2016); 0..1. */
  readonly smoothing: number;
  /** By what the gradient is divided: images of the batch of which these are a part. */
  readonly batch: number;
}

/**
 * @param logits [images][classes]
 * @param labels [images], each below the number of classes
 * @param gradient [images][classes]: becomes the gradient of the loss divided by the batch
 */
export function softmaxCrossEntropy(
  logits: Float32Array,
  labels: Uint8Array,
  { smoothing, batch }: LossOptions,
  gradient: Float32Array,
): BatchLoss {
  const classes = logits.length / labels.length;
  let loss = 0;
  let right = 0;
  labels.forEach((label, image) => {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    const target = new Float64Array(classes).fill(smoothing / classes);
    target[label] = (target[label] ?? 0) + 1 - smoothing;
    const ofImage = crossEntropy(row, 1, target);
    loss += ofImage.loss;
    gradient.set(
      ofImage.gradient.map((value) => value / batch),
      image * classes,
    );
    if (row.indexOf(Math.max(...row)) === label) right += 1;
  });
  return { loss, right };
}
