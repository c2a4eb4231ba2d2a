/** Stochastic gradient descent with momentum, on real weights that are kept in units of the quantized model. */

export interface OptimizerState {
  /** Parameters in units, between the integers. */
  readonly values: Float64Array;
  /** Of each parameter, in units. */
  readonly velocity: Float64Array;
}

export interface OptimizerStep {
  readonly learningRate: number;
  /** 0..1, less than 1. */
  readonly momentum: number;
  /** Longest gradient that is followed, by its norm over the real parameters; a longer one is made so long. */
  readonly gradientLimit: number;
}

/**
 * One step, in place. With W = unit * w the gradient by W is that by w over the unit, and a step of W is a step of w
 * times the unit: so the gradient by w counts 1 / unit^2.
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
