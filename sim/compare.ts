/** A simulator's answer against golden's. */
import type { Expectation } from './bench.ts';
import type { Response } from './simulators/index.ts';

/**
 * The first row in which an output differs or is unknown, or undefined when all are right.
 *
 * @param wordsPerRow of the outputs
 */
export function firstMismatch(
  { outputs: expected, firstChecked }: Expectation,
  { outputs: actual, unknown }: Response,
  wordsPerRow: number,
): number | undefined {
  for (let i = firstChecked * wordsPerRow; i < expected.length; i += 1) {
    if (expected[i] !== actual[i] || (unknown?.[i] ?? 0) !== 0) return Math.floor(i / wordsPerRow);
  }
  return undefined;
}
