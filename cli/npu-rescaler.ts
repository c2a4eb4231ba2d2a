#!/usr/bin/env node
/** The command line: picks the command, and turns failures into one line and an exit code. */
import { Command, CommanderError } from 'commander';
import { GENERATOR } from '../hdl-gen/version.ts';
import { accuracy } from './accuracy.ts';
import { cosim } from './cosim.ts';
import { data } from './data.ts';
import { UsageError } from './failure.ts';
import { fold } from './fold.ts';
import { gen } from './gen.ts';
import { inspect } from './inspect.ts';
import { rat } from './rat.ts';
import { signoff } from './signoff.ts';
import { synthSweep } from './synth-sweep.ts';
import { train } from './train.ts';

const program = new Command('npu-rescaler')
  .description('Generates and verifies the rescaler of an int8 NPU.')
  .version(GENERATOR.version)
  .addCommand(gen)
  .addCommand(cosim)
  .addCommand(signoff)
  .addCommand(synthSweep)
  .addCommand(inspect)
  .addCommand(accuracy)
  .addCommand(fold)
  .addCommand(data)
  .addCommand(train)
  .addCommand(rat);

for (const command of [program, ...program.commands]) {
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .allowExcessArguments(false);
}

// The reader of a pipe may have seen enough: `| head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// With a handler an interrupt waits for the file that is being written, and clean-up at exit runs.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** @returns the exit code: 0 after help, 2 for the user's mistakes, 1 for ours */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2;
    console.error(`npu-rescaler: ${oneLine(error.message.replace(/^error: /, ''))}`);
    return 2;
  }
  if (error instanceof UsageError) {
    console.error(`npu-rescaler: ${oneLine(error.message)}`);
    return 2;
  }
  throw error;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, ' ');
}
