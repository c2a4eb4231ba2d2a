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
  const start = firstChecked * wordsPerRow;
  // Nearly always all are right, and comparing bytes is many times as fast as finding the place.
  if (!unknown && bytesOf(expected.subarray(start)).equals(bytesOf(actual.subarray(start)))) return undefined;
  for (let i = start; i < expected.length; i += 1) {
    if (expected[i] !== actual[i] || (unknown?.[i] ?? 0) !== 0) return Math.floor(i / wordsPerRow);
  }
  return undefined;
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
