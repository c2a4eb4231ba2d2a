/**
 * Plants bugs of different kinds, one at a time, and prints which check of the sign-off catches each, as
 * Markdown. Exits with 1 if a bug gets through all of them, or the unchanged files do not.
 */
import { Command } from 'commander';
import { generate } from '../../hdl-gen/generate.ts';
import { CHECKS, NEGATIVE_OPTIONS, NEGATIVES, NOT_RUN, planted, type Suspect } from '../support/negatives.ts';
import { runCommand } from './command.ts';

type CheckName = keyof typeof CHECKS;
const names = Object.keys(CHECKS) as readonly CheckName[];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

interface Row {
  readonly planted: string;
  readonly module: string | undefined;
  readonly found: Readonly<Partial<Record<CheckName, string>>>;
}

async function rowOf(name: string, suspect: Suspect): Promise<Row> {
  const found: Partial<Record<CheckName, string>> = {};
  for (const check of names) {
    const finding = await CHECKS[check](suspect);
    if (finding !== undefined) found[check] = finding;
  }
  return { planted: name, module: suspect.module, found };
}

/** Found where there is something, and not where there is nothing. */
function isRight({ module, found }: Row): boolean {
  return Object.values(found).some((finding) => finding !== NOT_RUN) === (module !== undefined);
}

/** @returns the exit code */
async function main({ json }: { readonly json?: true }): Promise<number> {
  const print = json ? () => {} : console.log;
  const { macs, k, units, arch, pipeline } = NEGATIVE_OPTIONS;
  print(`macs ${macs}, k ${k}, units ${units}, ${arch}, pipeline ${pipeline}; - finds nothing\n`);
  print(line(['planted', 'in', ...names]));
  print(line(['planted', 'in', ...names].map(() => '---')));
  const suspects: readonly (readonly [string, Suspect])[] = [
    ['nothing', { blocks: generate(NEGATIVE_OPTIONS) }],
    ...Object.entries(NEGATIVES).map(
      ([name, negative]) => [name, { blocks: planted(negative), module: negative.module }] as const,
    ),
  ];
  const rows: Row[] = [];
  for (const [name, suspect] of suspects) {
    const row = await rowOf(name, suspect);
    rows.push(row);
    print(line([name, row.module ?? '-', ...names.map((check) => row.found[check] ?? '-')]));
  }
  const wrong = rows.filter((row) => !isRight(row)).length;
  print(
    wrong === 0
      ? `\n${rows.length - 1} bugs: each is caught, and nothing is found without one.`
      : `\n${wrong} of ${rows.length} rows are not what they should be.`,
  );
  if (json) console.log(JSON.stringify({ options: NEGATIVE_OPTIONS, wrong, rows }, undefined, 2));
  return wrong === 0 ? 0 : 1;
}

await runCommand(
  new Command('signoff:negatives')
    .description(
      'Plants bugs of different kinds, and prints which check of the sign-off catches each, as Markdown.',
    )
    .option('--json', 'print the results as JSON')
    .addHelpText('after', '\nExample:\n  npm run signoff:negatives')
    .action(async (flags: { readonly json?: true }) => {
      process.exitCode = await main(flags);
    }),
);
