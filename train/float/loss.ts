/** Cross-entropy of softmax, in float64: a few values an image. */

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
    const greatest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const exponentials = Float64Array.from(row, (value) => Math.exp(value - greatest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    row.forEach((value, c) => {
      const target = smoothing / classes + (c === label ? 1 - smoothing : 0);
      loss -= target * (value - greatest - Math.log(sum));
      gradient[image * classes + c] = ((exponentials[c] ?? 0) / sum - target) / batch;
    });
    if (row.indexOf(greatest) === label) right += 1;
  });
  return { loss, right };
}

/** The class of each image: its greatest logit, of equals the first. */
export function countRight(logits: Float32Array, labels: Uint8Array): number {
  const classes = logits.length / labels.length;
  return labels.reduce((count, label, image) => {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    return (
      count + (row.indexOf(row.reduce((most, value) => Math.max(most, value), -Infinity)) === label ? 1 : 0)
    );
  }, 0);
}
