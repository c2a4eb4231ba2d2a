/** What training makes smaller: cross-entropy of the softmax of logits, with labels or with another model's answers. */

export type Loss =
  /** Against the class of each sample. */
  | { readonly kind: 'labels' }
  /** Against what the same model does with stock multipliers: no labels are needed. */
  | {
      readonly kind: 'distillation';
      /** Of the softmax of both answers. */
      readonly temperature: number;
      /** How much the outputs of the layers count, by `relativeError`, all of them together; 0: only the answers. */
      readonly layerWeight: number;
    };

export interface LossOfSample {
  readonly loss: number;
  /** By each logit as an integer. */
  readonly gradient: Float32Array;
}

/**
 * Cross-entropy between target probabilities and the softmax of logits, both at a temperature.
 *
 * @param logits integers; a zero point drops out of a softmax
 * @param unit real logit that one unit makes, divided by the temperature
 * @param target probabilities
 */
export function crossEntropy(
  logits: ArrayLike<number>,
  unit: number,
  target: ArrayLike<number>,
): LossOfSample {
  const probabilities = softmax(logits, unit);
  let loss = 0;
  const gradient = new Float32Array(logits.length);
  for (let i = 0; i < logits.length; i++) {
    const [p, t] = [probabilities[i] ?? 0, target[i] ?? 0];
    if (t > 0) loss -= t * Math.log(Math.max(p, Number.MIN_VALUE));
    gradient[i] = unit * (p - t);
  }
  return { loss, gradient };
}

/**
 * Energy of the difference of two tensors over that of the wanted one, halved: half the inverse of a signal-to-noise
 * ratio, times a weight.
 *
 * @param own integers
 * @param wanted integers with the same scale and zero point
 * @param gradient is filled with the gradient by each of `own`
 */
export function relativeError(
  own: ArrayLike<number>,
  wanted: ArrayLike<number>,
  zeroPoint: number,
  weight: number,
  gradient: Float32Array,
): number {
  let energy = 0;
  for (let i = 0; i < wanted.length; i++) energy += ((wanted[i] ?? 0) - zeroPoint) ** 2;
  // A tensor of nothing but zeros counts as one of a single one.
  const factor = weight / Math.max(1, energy);
  let squares = 0;
  for (let i = 0; i < wanted.length; i++) {
    const difference = (own[i] ?? 0) - (wanted[i] ?? 0);
    squares += difference * difference;
    gradient[i] = factor * difference;
  }
  return 0.5 * factor * squares;
}

/** All of the probability on one class. */
export function oneHot(classes: number, label: number): Float64Array {
  const target = new Float64Array(classes);
  target[label] = 1;
  return target;
}

export function softmax(logits: ArrayLike<number>, unit: number): Float64Array {
  let greatest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) greatest = Math.max(greatest, logits[i] ?? greatest);
  const powers = Float64Array.from(logits, (q) => Math.exp(unit * (q - greatest)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
