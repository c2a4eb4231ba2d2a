/**
 * The proofs of rescaler, pipeline, control and chain, for many k at once: prints a table in Markdown of what
 * closed and how long it took. Exits with 1 if anything is open or refuted. Verdicts are kept, as those of
 * the sign-off: an interrupted run goes on where it stopped, and both take what the other has found.
 */
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { UsageError } from '../../cli/failure.ts';
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

interface Flags {
  readonly k: readonly number[];
  readonly jobs: number;
  readonly limit: number;
}

const LIMIT = integer('limit', { minimum: 1, maximum: 1_000_000 });

/** One row of the table: k, arch and leading one. */
interface Row {
  readonly options: GenerateOptions;
  /** By column. */
  readonly cells: Readonly<Record<Column, Claim[]>>;
}

const COLUMNS = {
  product: 'product of acc and m',
  rescale: 'rounding to clamp',
  pipeline: 'pipeline 1, 2, 3',
  control: 'control at pipeline 0 to 3',
  chain: 'chain of two',
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

function cellText(claims: readonly Claim[], outcomes: ReadonlyMap<Claim, ClaimOutcome>): string {
  const seconds = claims.map((claim) => {
    const outcome = outcomes.get(claim);
    if (outcome === undefined || 'open' in outcome) return Number.NaN;
    return outcome.verdict.kind === 'proven' ? outcome.seconds : Number.POSITIVE_INFINITY;
  });
  const sum = seconds.reduce((a, b) => a + b, 0);
  if (Number.isNaN(sum)) return '**open**';
  if (sum === Number.POSITIVE_INFINITY) return '**refuted**';
  return `${claims.length}: ${sum.toFixed(1)} s`;
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** @returns the exit code */
async function prove({ k: widths, jobs, limit }: Flags): Promise<number> {
  const outcomes = new Map<Claim, ClaimOutcome>();
  const rows: Row[] = [];
  const started = performance.now();
  console.log(
    'Claims and the processor time that they took together, all proven unless it says otherwise.\n',
  );
  const head = ['k', 'arch', 'leading one', ...columns.map((column) => COLUMNS[column])];
  console.log(line(head));
  console.log(line(head.map(() => '---')));
  for (const k of widths) {
    const some: Row[] = [];
    for (const arch of ARCHITECTURES) {
      for (const leadingOne of LEADING_ONES) {
        some.push(await rowOf({ ...DEFAULT_OPTIONS, macs: 1, units: 2, k, arch, leadingOne }));
      }
    }
    await decideAll({
      claims: some.flatMap(({ cells }) => columns.flatMap((column) => cells[column])),
      cacheDirectory: `${defaultCacheDirectory()}/formal`,
      limitSeconds: limit,
      jobs,
      onOutcome: (claim, outcome) => outcomes.set(claim, outcome),
    });
    for (const { options, cells } of some) {
      const texts = columns.map((column) => cellText(cells[column], outcomes));
      console.log(line([`${k}`, options.arch, options.leadingOne, ...texts]));
    }
    rows.push(...some);
  }
  const open = [...outcomes.values()].filter(
    (outcome) => 'open' in outcome || outcome.verdict.kind !== 'proven',
  ).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    `\n${outcomes.size} claims in ${rows.length} rows, ${open} not proven; this run took ${seconds} s.`,
  );
  return open === 0 ? 0 : 1;
}

const command = new Command('proofs')
  .description('Proves rescaler, pipelines, control and chain for many k, and prints a table in Markdown.')
  .addOption(several(K, 'widths of the multiplier').default([1, 2, 3, 4, 5, 6, 7, 8, 16, 32]))
  .addOption(single(JOBS, 'processes').default(availableParallelism()))
  .addOption(single(LIMIT, 'seconds for one claim; what takes longer is open').default(900))
  .addHelpText('after', '\nExample:\n  npm run proofs -- --k 4,8 --jobs 2')
  .action(async (flags: Flags) => {
    process.exitCode = await prove(flags);
  });

try {
  await command.parseAsync();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`proofs: ${error.message}`);
  process.exitCode = 2;
}
