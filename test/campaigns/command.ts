/** Runs the command of a campaign, with the exit codes of the command line: 2 for the user's mistakes. */
import type { Command } from 'commander';
import { endWithPipe } from '../../cli/closed-pipe.ts';
import { report } from '../../cli/failure.ts';

export async function runCommand(command: Command): Promise<void> {
  endWithPipe();
  try {
    await command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .parseAsync();
  } catch (error) {
    process.exitCode = report(error, command.name());
  }
}
