/** Stochastic gradient descent. A step changes some ten thousand numbers: plain code is fast enough. */
import type { ParameterLayout, Span } from './parameters.ts';

export interface OptimizerOptions {
  /** The greatest of the schedule. */
  readonly learningRate: number;
  /** Nesterov's. */
  readonly momentum: number;
  /** Of filters; biases and normalization are left alone. */
  readonly weightDecay: number;
}

/** The state that goes on from step to step: a velocity for each parameter. */
export type Velocity = Float32Array;

/**
 * One step: v = momentum * v + g, w -= rate * (g + momentum * v), with g the gradient plus weightDecay * w.
 *
 * @param gradient of the mean loss of the batch
 */
export function descend(
  layout: ParameterLayout,
  trained: Float32Array,
  velocity: Velocity,
  gradient: Float32Array,
  { learningRate, momentum, weightDecay }: OptimizerOptions,
): void {
  const update = ({ start, length }: Span, decay: number) => {
    for (let i = start; i < start + length; i += 1) {
      const weight = trained[i] ?? 0;
      const slope = (gradient[i] ?? 0) + decay * weight;
      const speed = momentum * (velocity[i] ?? 0) + slope;
      velocity[i] = speed;
      trained[i] = weight - learningRate * (slope + momentum * speed);
    }
  };
  for (const layer of layout.layers) {
    if (layer === undefined) continue;
    update(layer.weights, weightDecay);
    update(layer.bias, 0);
    if (layer.normalization !== undefined) update(layer.normalization.scale, 0);
  }
}
