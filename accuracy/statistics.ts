/** Statistics of right and wrong answers, and of two arithmetics on the same samples. */

/** 97.5 % quantile of the standard normal distribution: intervals of 95 %. */
export const Z_95 = 1.959963984540054;

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** How often two classifiers were right on the same samples. */
export interface PairedCounts {
  readonly bothRight: number;
  /** Right by the first, wrong by the second. */
  readonly rightToWrong: number;
  readonly wrongToRight: number;
  readonly bothWrong: number;
}

/** Wilson's score interval of 95 % for the proportion successes / n, n at least 1 (Wilson 1927). */
export function wilsonInterval(successes: number, n: number): Interval {
  const z2 = Z_95 ** 2;
  const p = successes / n;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z_95 / (1 + z2 / n)) * Math.sqrt((p * (1 - p)) / n + z2 / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * Tango's score interval of 95 % for the change of a proportion between paired samples,
 * (wrongToRight - rightToWrong) / n, at least one sample (Tango 1998, Statistics in Medicine 17, 891-908).
 *
 * It holds every change that McNemar's score test does not reject, is never empty, and stays inside of [-1, 1];
 * a Wald interval has no width where nothing changed.
 */
export function pairedChangeInterval(counts: PairedCounts): Interval {
  const n = total(counts);
  const { rightToWrong, wrongToRight } = counts;
  return {
    low: -largestChange(rightToWrong, wrongToRight, n),
    high: largestChange(wrongToRight, rightToWrong, n),
  };
}

/** The upper end: the score falls as the change grows, so halving finds where it is -z. */
function largestChange(gains: number, losses: number, n: number): number {
  let [low, high] = [(gains - losses) / n, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (score(gains, losses, n, middle) > -Z_95) low = middle;
    else high = middle;
  }
  return low;
}

/** Score statistic of the hypothesis that the change is `delta`; the variance is the restricted estimate. */
function score(gains: number, losses: number, n: number, delta: number): number {
  const b = -gains - losses + (2 * n - gains + losses) * delta;
  const c = -losses * delta * (1 - delta);
  const lossRate = (Math.sqrt(b * b - 8 * n * c) - b) / (4 * n);
  const variance = n * (2 * lossRate + delta * (1 - delta));
  const difference = gains - losses - n * delta;
  return variance > 0 ? difference / Math.sqrt(variance) : Math.sign(difference) * Infinity;
}

/**
 * Exact McNemar test: the probability, if both were equally good, of a split of the samples that changed sides at
 * least as uneven as this one. 1 where none did.
 */
export function mcnemarProbability({ rightToWrong, wrongToRight }: PairedCounts): number {
  const discordant = rightToWrong + wrongToRight;
  const fewer = Math.min(rightToWrong, wrongToRight);
  // Binomial coefficients over 2^discordant, as logarithms since 2^-1075 is 0.
  let logTerm = -discordant * Math.LN2;
  let sum = 0;
  for (let i = 0; i <= fewer; i++) {
    sum += Math.exp(logTerm);
    logTerm += Math.log(discordant - i) - Math.log(i + 1);
  }
  return Math.min(1, 2 * sum);
}

export function total({ bothRight, rightToWrong, wrongToRight, bothWrong }: PairedCounts): number {
  return bothRight + rightToWrong + wrongToRight + bothWrong;
}
