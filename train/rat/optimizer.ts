/** Descent on real weights that are kept in units of the quantized model: plain, or Adam. */
import type { Parameters } from './parameters.ts';

export const OPTIMIZERS = ['sgd', 'adam'] as const;

export type OptimizerName = (typeof OPTIMIZERS)[number];

export interface OptimizerState {
  /** Parameters in units, between the integers. */
  readonly values: Float64Array;
  /** Of each parameter, in units. */
  readonly velocity: Float64Array;
  /** Mean square of each gradient; Adam's alone. */
  readonly squares: Float64Array;
}

export interface OptimizerStep {
  readonly learningRate: number;
  /** 0..1, less than 1. */
  readonly momentum: number;
  /** Longest gradient that is followed, by its norm over the real parameters; a longer one is made so long. */
  readonly gradientLimit: number;
}

/**
 * One step of stochastic gradient descent with momentum, in place. With W = unit * w the gradient by W is that by w over
 * the unit, and a step of W is a step of w times the unit: so the gradient by w counts 1 / unit^2.
 *
 * @param gradient by the parameters in their units
 * @param units real value of one unit of each
 * @returns the norm of the gradient by the real parameters
 */
export function descend(
  { values, velocity }: OptimizerState,
  gradient: ArrayLike<number>,
  units: Float64Array,
  { learningRate, momentum, gradientLimit }: OptimizerStep,
): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((gradient[i] ?? 0) / (units[i] ?? 1)) ** 2;
  const norm = Math.sqrt(squares);
  const rate = learningRate * Math.min(1, gradientLimit / norm);
  for (let i = 0; i < values.length; i++) {
    const unit = units[i] ?? 1;
    const speed = momentum * (velocity[i] ?? 0) - (rate * (gradient[i] ?? 0)) / (unit * unit);
    velocity[i] = speed;
    values[i] = (values[i] ?? 0) + speed;
  }
  return norm;
}

/** Of the squares of gradients, what momentum is of the gradients. */
const SQUARES_MOMENTUM = 0.999;

/**
 * One step of Adam (Kingma and Ba 2015), in place. A parameter moves by some learningRate times the root mean square of
 * its tensor, as in Adafactor (Shazeer and Stern 2018), so that layers of all scales move alike. Of weights that is the
 * mean over their integers, which use the whole range in every channel; of biases over their real values, which do not
 * depend on the scale of the weights.
 *
 * @param gradient by the parameters in their units
 * @param units real value of one unit of each
 * @param step from 1
 */
export function descendAdaptively(
  { values, velocity, squares }: OptimizerState,
  gradient: ArrayLike<number>,
  { tensors }: Parameters,
  units: Float64Array,
  { learningRate, momentum }: OptimizerStep,
  step: number,
): void {
  // Both means begin at 0, which these take back.
  const [begun, squaresBegun] = [1 - momentum ** step, 1 - SQUARES_MOMENTUM ** step];
  for (const { tensor, operator, start, end } of tensors) {
    const isBias = tensor.role === 'bias';
    const scaleOf = (i: number) => (isBias ? (units[i] ?? 1) : 1);
    let energy = 0;
    for (let i = start; i < end; i++) energy += ((values[i] ?? 0) * scaleOf(i)) ** 2;
    // One step of the output, or of a weight: a tensor of zeros moves, too.
    const least = isBias ? operator.output.scale : 1;
    const rate = learningRate * Math.max(least, Math.sqrt(energy / (end - start)));
    for (let i = start; i < end; i++) {
      const slope = gradient[i] ?? 0;
      const mean = momentum * (velocity[i] ?? 0) + (1 - momentum) * slope;
      const square = SQUARES_MOMENTUM * (squares[i] ?? 0) + (1 - SQUARES_MOMENTUM) * slope * slope;
      velocity[i] = mean;
      squares[i] = square;
      const size = Math.sqrt(square / squaresBegun);
      if (size > 0) values[i] = (values[i] ?? 0) - (rate * mean) / begun / size / scaleOf(i);
    }
  }
}
