/**
 * The proofs of rescaler, pipeline, control and chain, for many k at once: prints a table in Markdown of what
 * closed and how long it took. Exits with 1 if anything is open or refuted. Verdicts are kept, as those of
 * the sign-off: an interrupted run goes on where it stopped, and both take what the other has found.
 */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { canKeep } from '../../cli/files.ts';
import { integer, JOBS, K, several, single } from '../../cli/options.ts';
import { chainClaim } from '../../formal/array.ts';
import { type ClaimOutcome, decideAll } from '../../formal/campaign.ts';
import type { Claim } from '../../formal/claims.ts';
import { pipelineClaim } from '../../formal/pipeline.ts';
import { rescalerCircuit, rescalerClaims } from '../../formal/rescaler.ts';
import { controlClaims, openUnit } from '../../formal/unit.ts';
import { ARCHITECTURES, LEADING_ONES, PIPELINE_DEPTHS } from '../../hdl-gen/blocks/parameters.ts';
import { DEFAULT_OPTIONS, type GenerateOptions, generate } from '../../hdl-gen/generate.ts';
import { defaultCacheDirectory } from '../../tools/cache.ts';
import { runCommand } from './command.ts';

interface Flags {
  readonly k: readonly number[];
  readonly jobs: number;
  readonly limit: number;
  readonly json?: true;
}

const LIMIT = integer('limit', { minimum: 1, maximum: 1_000_000 });

/** One row of the table: k, arch and leading one. */
interface Row {
  readonly options: GenerateOptions;
  /** By column. */
  readonly cells: Readonly<Record<Column, Claim[]>>;
}

const COLUMNS = {
  product: {
    title: 'product of acc and m',
    method:
      'SAT: the product is acc * m; of `fast` in parts: each row is a digit of m times acc, each adder keeps the sum, the last addition adds',
  },
  rescale: {
    title: 'rounding to clamp',
    method:
      'SAT over all products that acc * m can be: the output is that of Algorithm 1; of `plain` in three steps',
  },
  pipeline: {
    title: 'pipeline 1, 2, 3',
    method: 'the same number of registers counted on every path, and SAT: without them it is the rescaler',
  },
  control: {
    title: 'control at pipeline 0 to 3',
    method: 'induction over one cycle, SAT, the datapath abstract: first, last, valid, reset, latency',
  },
  chain: { title: 'chain of two', method: 'induction over one cycle, SAT, the units abstract' },
} as const;
type Column = keyof typeof COLUMNS;
const columns = Object.keys(COLUMNS) as readonly Column[];

async function rowOf(options: GenerateOptions): Promise<Row> {
  const cells: Row['cells'] = { product: [], rescale: [], pipeline: [], control: [], chain: [] };
  for (const pipeline of PIPELINE_DEPTHS) {
    const one = { ...options, pipeline };
    const blocks = generate(one);
    const rescaler = await rescalerCircuit(one, blocks);
    if (pipeline > 0) cells.pipeline.push(await pipelineClaim(one, blocks, rescaler));
    cells.control.push(...controlClaims(await openUnit(one, blocks), 2 + pipeline, pipeline));
    if (pipeline > 0) continue;
    for (const claim of await rescalerClaims(rescaler)) {
      const output = ['rescale', 'rounded', 'quotient', 'output'].includes(claim.name);
      cells[output ? 'rescale' : 'product'].push(claim);
    }
    cells.chain.push(await chainClaim(one, blocks));
  }
  return { options, cells };
}

interface Cell {
  readonly result: 'proven' | 'refuted' | 'open';
  readonly claims: number;
  /** Of the processor. */
  readonly seconds: number;
}

function cellOf(claims: readonly Claim[], outcomes: ReadonlyMap<Claim, ClaimOutcome>): Cell {
  const judged = claims.flatMap((claim) => {
    const outcome = outcomes.get(claim);
    return outcome === undefined || 'open' in outcome ? [] : [outcome];
  });
  const refuted = judged.some(({ verdict }) => verdict.kind === 'refuted');
  return {
    result: refuted ? 'refuted' : judged.length < claims.length ? 'open' : 'proven',
    claims: claims.length,
    seconds: judged.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

const cellText = ({ result, claims, seconds }: Cell): string =>
  result === 'proven' ? `${claims}: ${seconds.toFixed(1)} s` : `**${result}**`;

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** @returns the exit code */
async function prove({ k: widths, jobs, limit, json }: Flags): Promise<number> {
  const print = json ? () => {} : console.log;
  const cacheDirectory = `${defaultCacheDirectory()}/formal`;
  await canKeep(cacheDirectory);
  const results: object[] = [];
  let claims = 0;
  let open = 0;
  for (const column of columns) print(`- **${COLUMNS[column].title}**: ${COLUMNS[column].method}.`);
  print('\nThe number of claims, and the time of the processor that they took together.\n');
  const head = ['k', 'arch', 'leading one', ...columns.map((column) => COLUMNS[column].title)];
  print(line(head));
  print(line(head.map(() => '---')));
  for (const k of widths) {
    const rows: Row[] = [];
    for (const arch of ARCHITECTURES) {
      for (const leadingOne of LEADING_ONES) {
        rows.push(await rowOf({ ...DEFAULT_OPTIONS, macs: 1, units: 2, k, arch, leadingOne }));
      }
    }
    const outcomes = new Map<Claim, ClaimOutcome>();
    await decideAll({
      claims: rows.flatMap(({ cells }) => columns.flatMap((column) => cells[column])),
      cacheDirectory,
      limitSeconds: limit,
      jobs,
      onOutcome: (claim, outcome) => outcomes.set(claim, outcome),
    });
    for (const { options, cells } of rows) {
      const found = columns.map((column) => [column, cellOf(cells[column], outcomes)] as const);
      const { arch, leadingOne } = options;
      print(line([`${k}`, arch, leadingOne, ...found.map(([, cell]) => cellText(cell))]));
      results.push({ k, arch, leadingOne, ...Object.fromEntries(found) });
      open += found.filter(([, { result }]) => result !== 'proven').length;
    }
    claims += outcomes.size;
  }
  print(
    `\n${claims} claims in ${results.length} rows, ${open === 0 ? 'all proven' : `${open} cells not proven`}.`,
  );
  if (json) console.log(JSON.stringify({ claims, open, results }, undefined, 2));
  return open === 0 ? 0 : 1;
}

const command = new Command('proofs')
  .description('Proves rescaler, pipelines, control and chain for many k, and prints a table in Markdown.')
  .addOption(several(K, 'widths of the multiplier').default([1, 2, 3, 4, 5, 6, 7, 8, 16, 32]))
  .addOption(single(JOBS, 'processes').default(availableParallelism()))
  .addOption(single(LIMIT, 'seconds for one claim; what takes longer is open').default(900))
  .option('--json', 'print the results as JSON')
  .addHelpText('after', '\nExample:\n  npm run proofs -- --k 4,8 --jobs 2')
  .action(async (flags: Flags) => {
    process.exitCode = await prove(flags);
  });

await runCommand(command);
