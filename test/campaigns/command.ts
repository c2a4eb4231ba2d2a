/** Runs the command of a campaign, with the exit codes of the command line: 2 for the user's mistakes. */
import { type Command, CommanderError } from 'commander';
import { endWithPipe } from '../../cli/closed-pipe.ts';
import { UsageError } from '../../cli/failure.ts';

export async function runCommand(command: Command): Promise<void> {
  endWithPipe();
  try {
    await command.exitOverride().parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    if (!(error instanceof UsageError)) throw error;
    console.error(`${command.name()}: ${error.message}`);
    process.exitCode = 2;
  }
}
