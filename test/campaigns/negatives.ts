/**
 * Plants bugs of different kinds, one at a time, and prints which check of the sign-off catches each, as
 * Markdown. Exits with 1 if a bug gets through all of them, or the unchanged files do not.
 */
import { generate } from '../../hdl-gen/generate.ts';
import { CHECKS, NEGATIVE_OPTIONS, NEGATIVES, NOT_RUN, planted, type Suspect } from '../support/negatives.ts';

type CheckName = keyof typeof CHECKS;
const names = Object.keys(CHECKS) as readonly CheckName[];

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

async function main(): Promise<number> {
  const { macs, k, units, arch, pipeline } = NEGATIVE_OPTIONS;
  console.log(`macs ${macs}, k ${k}, units ${units}, ${arch}, pipeline ${pipeline}; - finds nothing\n`);
  console.log(line(['planted', 'in', ...names]));
  console.log(line(['planted', 'in', ...names].map(() => '---')));
  let wrong = 0;
  const suspects: readonly (readonly [string, Suspect])[] = [
    ['nothing', { blocks: generate(NEGATIVE_OPTIONS) }],
    ...Object.entries(NEGATIVES).map(
      ([name, negative]) => [name, { blocks: planted(negative), module: negative.module }] as const,
    ),
  ];
  for (const [name, suspect] of suspects) {
    const findings: (string | undefined)[] = [];
    for (const check of names) findings.push(await CHECKS[check](suspect));
    const caught = findings.some((finding) => finding !== undefined && finding !== NOT_RUN);
    if (caught !== (suspect.module !== undefined)) wrong += 1;
    console.log(line([name, suspect.module ?? '-', ...findings.map((finding) => finding ?? '-')]));
  }
  console.log(
    wrong === 0
      ? `\n${suspects.length - 1} bugs: each is caught, and nothing is found without one.`
      : `\n${wrong} of ${suspects.length} rows are not what they should be.`,
  );
  return wrong === 0 ? 0 : 1;
}

process.exitCode = await main();
