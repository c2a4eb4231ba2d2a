/**
 * verilator --lint-only -Wall over every file of the whole matrix, as generated and with the parameters of
 * the default file overridden. Prints a line for each pair of sizes, and what is wrong; exits with 1 if
 * anything is.
 */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { UsageError } from '../../cli/failure.ts';
import { ARCHITECTURES, LEADING_ONES, PIPELINE_DEPTHS } from '../../hdl-gen/blocks/parameters.ts';
import type { GenerateOptions } from '../../hdl-gen/generate.ts';
import { describeOptions, generated } from '../support/generated.ts';
import { type LintMode, lint } from '../support/lint.ts';
import { isInstalled } from '../support/tools.ts';
import { runCommand } from './command.ts';

const MACS = [1, 3, 4, 8, 16, 32];
const K = [1, 2, 3, 4, 8, 16, 32];
/** A chain of one, and one of several. */
const unitsFor = (macs: number): number => (macs % 2 === 0 ? 2 : 1);

const variants = ARCHITECTURES.flatMap((arch) =>
  PIPELINE_DEPTHS.flatMap((pipeline) => LEADING_ONES.map((leadingOne) => ({ arch, pipeline, leadingOne }))),
);
const sizes = MACS.flatMap((macs) => K.map((k) => ({ macs, k, units: unitsFor(macs) })));

/** Runs `work` on every item, as many at a time as there are processors. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = [...items];
  const worker = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

interface Complaint {
  readonly options: GenerateOptions;
  readonly mode: LintMode;
  readonly text: string;
}

/** @returns the exit code */
async function main({ json }: { readonly json?: true }): Promise<number> {
  if (!isInstalled('verilator')) throw new UsageError('verilator is not on the PATH');
  const print = json ? () => {} : console.log;
  const start = performance.now();
  let tops = 0;
  const complaints: Complaint[] = [];
  for (const [index, size] of sizes.entries()) {
    await eachOf(variants, async (variant) => {
      const options: GenerateOptions = { ...size, ...variant };
      for (const mode of ['generated', 'overridden'] satisfies LintMode[]) {
        tops += generated(options).blocks.length;
        for (const text of await lint(options, mode)) {
          complaints.push({ options, mode, text });
          print(`macs ${size.macs}, k ${size.k}, ${describeOptions(variant)}, ${mode}:\n${text}`);
        }
      }
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    print(
      `${index + 1}/${sizes.length}  macs ${size.macs}, k ${size.k}: ${tops} tops, ${complaints.length} complaints, ${seconds} s`,
    );
  }
  print(
    `${tops} tops of ${sizes.length * variants.length} configurations in 2 modes: ${complaints.length} complaints`,
  );
  if (json) console.log(JSON.stringify({ tops, complaints }, undefined, 2));
  return complaints.length === 0 ? 0 : 1;
}

await runCommand(
  new Command('lint:verilog')
    .description(
      'Lints every file of the whole matrix with verilator, its parameters as generated and overridden.',
    )
    .option('--json', 'print the results as JSON')
    .addHelpText('after', '\nExample:\n  npm run lint:verilog')
    .action(async (flags: { readonly json?: true }) => {
      process.exitCode = await main(flags);
    }),
);
