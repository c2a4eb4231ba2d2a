/**
 * Rounding of weights to integers so that the *output* of a layer changes least, not each weight.
 *
 * With e = w - q the output is off by e*x; a bias takes the mean of that off, and what stays has the variance
 * e^T C e, C being the covariance of the inputs. Its integer minimum is a closest-vector problem: a first
 * solution by rounding one weight after the other, each making up for the errors of those before (Babai's nearest plane, the same
 * idea as GPTQ, Frantar et al. 2022), then single steps for as long as one helps.
 */

/** What is needed of C, made once for all channels that read the same inputs. */
export interface Metric {
  readonly size: number;
  /** C with a little added to its diagonal, which makes it positive definite. */
  readonly covariance: Float64Array;
  /** Inputs by rising variance: weights are rounded from the last to the first. */
  readonly order: Int32Array;
  /** Lower triangular L with L L^T = C, rows and columns in that order: e^T C e = |L^T e|^2. */
  readonly factor: Float64Array;
}

/** Part of the mean variance that is added to each: stands for inputs that the samples did not have. */
const DAMPING = 0.01;

const SWEEPS = 10;

/** @param covariance n x n, symmetric, positive semidefinite */
export function metricOf(covariance: Float64Array, size: number): Metric {
  const damped = covariance.slice();
  let trace = 0;
  for (let i = 0; i < size; i++) trace += covariance[i * size + i] ?? 0;
  const added = (DAMPING * trace) / size || 1;
  for (let i = 0; i < size; i++) damped[i * size + i] = (damped[i * size + i] ?? 0) + added;
  const order = Int32Array.from({ length: size }, (_, i) => i).sort(
    (a, b) => (damped[a * size + a] ?? 0) - (damped[b * size + b] ?? 0),
  );
  return { size, covariance: damped, order, factor: choleskyOf(damped, order) };
}

function choleskyOf(covariance: Float64Array, order: Int32Array): Float64Array {
  const n = order.length;
  const lower = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = (order[i] ?? 0) * n;
    for (let j = 0; j <= i; j++) {
      let sum = covariance[row + (order[j] ?? 0)] ?? 0;
      const [a, b] = [i * n, j * n];
      for (let t = 0; t < j; t++) sum -= (lower[a + t] ?? 0) * (lower[b + t] ?? 0);
      lower[a + j] = i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / (lower[b + j] ?? 1);
    }
  }
  return lower;
}

/**
 * Integers in -limit..limit near `weights` whose error is least in the metric, or close to it.
 *
 * @param weights real, in units of the step
 */
export function roundInMetric(weights: Float64Array, metric: Metric, limit: number): Int8Array {
  const { size, order, factor } = metric;
  const rounded = new Int8Array(size);
  // By position in the order: what the errors so far add to that component of L^T e.
  const carried = new Float64Array(size);
  for (let i = size - 1; i >= 0; i--) {
    const at = order[i] ?? 0;
    const wanted = (weights[at] ?? 0) + (carried[i] ?? 0) / (factor[i * size + i] ?? 1);
    const q = Math.min(Math.max(Math.round(wanted), -limit), limit);
    const error = (weights[at] ?? 0) - q;
    rounded[at] = q;
    for (let j = 0; j < i; j++) carried[j] = (carried[j] ?? 0) + (factor[i * size + j] ?? 0) * error;
  }
  improve(weights, rounded, metric, limit);
  return rounded;
}

/** e^T C e. */
export function metricError(weights: Float64Array, rounded: Int8Array, metric: Metric): number {
  const { size, covariance } = metric;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const e = (weights[i] ?? 0) - (rounded[i] ?? 0);
    for (let j = 0; j < size; j++) {
      sum += e * (covariance[i * size + j] ?? 0) * ((weights[j] ?? 0) - (rounded[j] ?? 0));
    }
  }
  return sum;
}

/** Sweeps of single steps that each lessen the error, until none does or it has been enough. */
function improve(
  weights: Float64Array,
  rounded: Int8Array,
  { size, covariance }: Metric,
  limit: number,
): void {
  const gradient = new Float64Array(size); // C e
  for (let i = 0; i < size; i++) {
    const error = (weights[i] ?? 0) - (rounded[i] ?? 0);
    for (let j = 0; j < size; j++) {
      gradient[j] = (gradient[j] ?? 0) + error * (covariance[i * size + j] ?? 0);
    }
  }
  for (let sweep = 0, better = true; better && sweep < SWEEPS; sweep++) {
    better = false;
    for (let i = 0; i < size; i++) {
      const slope = gradient[i] ?? 0;
      const step = slope > 0 ? 1 : -1;
      const q = (rounded[i] ?? 0) + step;
      // e^T C e falls by 2 |slope| - C[i][i].
      if (2 * Math.abs(slope) <= (covariance[i * size + i] ?? 0) || Math.abs(q) > limit) continue;
      rounded[i] = q;
      better = true;
      for (let j = 0; j < size; j++) {
        gradient[j] = (gradient[j] ?? 0) - step * (covariance[i * size + j] ?? 0);
      }
    }
  }
}
