/**
 * Errors of the language: what does not fitted, where in the TypeScript it was written, how to mend it.
 */
import { fileURLToPath } from 'node:url';
import type { Assignment, Dimension } from './dimension.ts';

/** A mistake in a hardware description. The message names the signal, both widths and the source line. */
export class HardwareDescriptionError extends Error {
  override readonly name = 'HardwareDescriptionError';
}

/**
 * @param what the fact, naming signal and widths: `unit.sum: 9 bits do not fit into 8`
 * @param mend what the author can do about it
 * @param location where the author wrote it, if not in the call that finds it out
 */
export function describeError(
  what: string,
  mend: string,
  location = callerLocation(),
): HardwareDescriptionError {
  return new HardwareDescriptionError(`${what} (${location}); ${mend}`);
}

/** `K+32 bits`, or `1 bit`. */
export function bits(width: Dimension): string {
  return width.constantValue === 1 ? '1 bit' : `${width} bits`;
}

/** ` where K = 3 and i = 2`, or nothing when nothing varies. */
export function witness(at: Assignment): string {
  const values = [...at].map(([variable, value]) => `${variable.name} = ${value}`);
  return values.length === 0 ? '' : ` where ${values.join(' and ')}`;
}

const here = new URL('.', import.meta.url);
const languageFolder = fileURLToPath(here);
const projectFolder = fileURLToPath(new URL('../..', here));

/** The innermost line that is not the language itself, as `hdl-gen/blocks/rescaler.ts:41`. */
export function callerLocation(): string {
  const limit = Error.stackTraceLimit;
  // The language may be deep in itself.
  Error.stackTraceLimit = 100;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  for (const frame of frames) {
    const match = /(?:file:\/\/)?(\/[^():]+|[A-Za-z]:[^():]+):(\d+):\d+\)?$/.exec(frame);
    const [, file, line] = match ?? [];
    if (file && line && !file.startsWith(languageFolder)) {
      return `${file.startsWith(projectFolder) ? file.slice(projectFolder.length) : file}:${line}`;
    }
  }
  return 'unknown line';
}
