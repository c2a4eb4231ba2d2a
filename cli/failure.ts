/** Failures that are the user's to mend: one line on stderr, exit code 2. */
import { CommanderError } from 'commander';

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Prints what went wrong, where that is the user's to mend.
 *
 * @param program as whose message it is printed
 * @returns the exit code: 0 after help, else 2
 * @throws any other error
 */
export function report(error: unknown, program: string): number {
  const isCommander = error instanceof CommanderError;
  if (isCommander && error.exitCode === 0) return 0;
  if (isCommander && error.code === 'commander.help') return 2;
  if (!isCommander && !(error instanceof UsageError)) throw error;
  console.error(`${program}: ${oneLine(error.message.replace(/^error: /, ''))}`);
  return 2;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
