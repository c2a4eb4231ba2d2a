import type { DotProduct } from '../model.ts';
import type { OperatorSource } from '../operator-source.ts';
import { rescaleFactors } from '../rescale-factors.ts';

/** The operator, if each of its factors can become an integer multiplier. */
export function requireRescalable<T extends DotProduct>(source: OperatorSource, operator: T): T {
  rescaleFactors(operator).forEach((factor, channel) => {
    source.requireFactor(factor, `M of output channel ${channel}`);
  });
  return operator;
}
