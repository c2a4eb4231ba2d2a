#!/usr/bin/env node
/** The command line: picks the command, and turns failures into one line and an exit code. */
import nodeModule from 'node:module';
import { Command } from 'commander';
import { GENERATOR } from '../hdl-gen/version.ts';
import { defaultCacheDirectory } from '../tools/cache.ts';
import { makeFolder } from '../tools/folder.ts';
import { endWithPipe } from './closed-pipe.ts';
import { report } from './failure.ts';

/** Each pulls in its own part of the house, so the one that is asked for is loaded alone. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['gen', async () => (await import('./gen.ts')).gen],
  ['cosim', async () => (await import('./cosim.ts')).cosim],
  ['signoff', async () => (await import('./signoff.ts')).signoff],
  ['synth-sweep', async () => (await import('./synth-sweep.ts')).synthSweep],
  ['inspect', async () => (await import('./inspect.ts')).inspect],
  ['accuracy', async () => (await import('./accuracy.ts')).accuracy],
  ['fold', async () => (await import('./fold.ts')).fold],
  ['data', async () => (await import('./data.ts')).data],
  ['train', async () => (await import('./train.ts')).train],
  ['rat', async () => (await import('./rat.ts')).rat],
]);

keepCompiledCode(`${defaultCacheDirectory()}/code`);

// Help, and a name with a typing error, need all of them.
const asked = COMMANDS.get(process.argv[2] ?? '');
const loaders = asked === undefined ? COMMANDS.values() : [asked];

const program = new Command('npu-rescaler')
  .description('Generates and verifies the rescaler of an int8 NPU.')
  .version(GENERATOR.version);
for (const load of loaders) program.addCommand(await load());

for (const command of [program, ...program.commands]) {
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .allowExcessArguments(false);
  askForMissingLast(command);
}

endWithPipe();

// With a handler an interrupt waits for the file that is being written, and clean-up at exit runs.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error, program.name());
}

/** Where Node can keep what it compiles, a second start takes half as long; elsewhere all works as well. */
function keepCompiledCode(folder: string): void {
  try {
    makeFolder(folder);
  } catch {
    return;
  }
  nodeModule.enableCompileCache?.(folder);
}

/** Commander asks for the options that are missing before it names one that it does not know; here it is after. */
function askForMissingLast(command: Command): void {
  const needed = command.options.filter(({ mandatory }) => mandatory);
  for (const option of needed) option.makeOptionMandatory(false);
  command.hook('preAction', () => {
    const missing = needed.find((option) => command.getOptionValue(option.attributeName()) === undefined);
    if (missing) command.error(`error: required option '${missing.flags}' not specified`);
  });
}
