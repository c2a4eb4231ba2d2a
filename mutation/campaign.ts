/** All mutants of one configuration: trials of its blocks on processes of their own, then proofs of what is left. */
import { type ClaimOutcome, decideAll } from '../formal/campaign.ts';
import type { Claim } from '../formal/claims.ts';
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { runOnWorkers } from '../tools/worker-pool.ts';
import type { Mutant } from './mutants.ts';
import type { Trial, TrialEffort, TriedMutant } from './trial.ts';

/** What a process is sent. */
export interface TrialTask {
  readonly options: GenerateOptions;
  readonly module: string;
  readonly effort: TrialEffort;
  readonly cacheDirectory: string | false;
}

/** What a process answers. */
export type TrialAnswer = Trial | { readonly error: string };

/**
 * - killed: an output was wrong
 * - equivalent: proven to change nothing, so that no vector can tell
 * - survived: neither; why not
 */
export type Fate =
  | { readonly kind: 'killed'; readonly vector: number }
  | { readonly kind: 'equivalent'; readonly seconds: number }
  | { readonly kind: 'survived'; readonly reason: string };

export interface MutationResult {
  readonly trials: readonly JudgedTrial[];
  /** Modules without a trial, and why. */
  readonly failures: readonly string[];
  /** In all processes together. */
  readonly seconds: number;
}

export interface JudgedTrial extends Omit<Trial, 'mutants'> {
  readonly mutants: readonly { readonly mutant: Mutant; readonly fate: Fate }[];
}

export interface MutationCampaign {
  readonly options: GenerateOptions;
  /** Generated with these options. */
  readonly blocks: readonly GeneratedBlock[];
  /** `mutants` of all modules together. */
  readonly effort: TrialEffort;
  readonly cacheDirectory: string | false;
  /** Of one proof. */
  readonly limitSeconds: number;
  readonly jobs: number;
  /** A trial has ended, of as many as there are blocks. */
  readonly onTrial: () => void;
}

export async function runMutation(campaign: MutationCampaign): Promise<MutationResult> {
  const { options, blocks, effort, cacheDirectory, jobs, onTrial } = campaign;
  const mutants = Math.ceil(effort.mutants / blocks.length);
  const tasks = (effort.mutants === 0 ? [] : blocks).map(
    ({ manifest }): TrialTask => ({
      options,
      module: manifest.module,
      effort: { ...effort, mutants },
      cacheDirectory,
    }),
  );
  const trials: Trial[] = [];
  const failures: string[] = [];
  // The file has the extension of this one: .ts in the sources, .js in the package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new URL(`./trial-worker${extension}`, import.meta.url);
  await runOnWorkers<TrialTask, TrialAnswer>(worker, tasks, jobs, async ({ module }, ended) => {
    if ('died' in ended) failures.push(`${module}: ${ended.died}`);
    else if ('error' in ended.result) failures.push(`${module}: ${ended.result.error}`);
    else trials.push(ended.result);
    onTrial();
  });
  return { ...(await judge(trials, campaign)), failures };
}

/** Decides which mutants that no vector killed are equivalent. */
export async function judge(
  trials: readonly Trial[],
  { cacheDirectory, limitSeconds, jobs }: Pick<MutationCampaign, 'cacheDirectory' | 'limitSeconds' | 'jobs'>,
): Promise<Omit<MutationResult, 'failures'>> {
  const claims = trials
    .flatMap(({ mutants }) => mutants)
    .flatMap(({ outcome }) => ('claim' in outcome ? [outcome.claim] : []));
  const outcomes = new Map<Claim, ClaimOutcome>();
  const onOutcome = (claim: Claim, outcome: ClaimOutcome): void => {
    outcomes.set(claim, outcome);
  };
  await decideAll({ claims, cacheDirectory, limitSeconds, jobs, onOutcome });
  const fate = ({ outcome }: TriedMutant): Fate =>
    'claim' in outcome ? fateOf(outcomes.get(outcome.claim)) : { kind: 'killed', vector: outcome.killedBy };
  return {
    trials: trials.map((trial) => ({
      ...trial,
      mutants: trial.mutants.map((tried) => ({ mutant: tried.mutant, fate: fate(tried) })),
    })),
    seconds:
      trials.reduce((sum, { seconds }) => sum + seconds, 0) +
      [...outcomes.values()].reduce((sum, one) => sum + ('open' in one ? 0 : one.seconds), 0),
  };
}

function fateOf(outcome: ClaimOutcome = { open: 'not decided' }): Fate {
  if ('open' in outcome) return { kind: 'survived', reason: `not proven equivalent: ${outcome.open}` };
  const { verdict, seconds } = outcome;
  if (verdict.kind === 'proven') return { kind: 'equivalent', seconds };
  const inputs = Object.entries(verdict.counterexample)
    .filter(([, value]) => /[^0]/.test(value))
    .map(([input, value]) => `${input}=0x${value}`);
  return { kind: 'survived', reason: `it shows at ${inputs.join(' ')} and 0 elsewhere` };
}
