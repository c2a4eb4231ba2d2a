/** Many claims, decided on processes of their own: each verdict is kept as soon as it is there. */
import { keep, lookUp } from '../tools/cache.ts';
import { runOnWorkers } from '../tools/worker-pool.ts';
import { type Claim, claimKey, type Judgement } from './claims.ts';

/** What a process is sent. */
export interface ClaimTask {
  readonly claim: Claim;
  /** Its process ends when it takes longer. */
  readonly limitSeconds: number;
}

/** What a process answers. */
export type ClaimAnswer = Judgement | { readonly error: string };

/** A claim is decided, or it stays open. */
export type ClaimOutcome = Judgement | { readonly open: string };

export interface ClaimCampaign {
  readonly claims: readonly Claim[];
  /** Where verdicts are kept; `false` keeps none. */
  readonly cacheDirectory: string | false;
  readonly limitSeconds: number;
  readonly jobs: number;
  /** Called for every claim; `cached` where an earlier run has found the verdict. */
  readonly onOutcome: (claim: Claim, outcome: ClaimOutcome, cached: boolean) => void;
}

export async function decideAll({
  claims,
  cacheDirectory,
  limitSeconds,
  jobs,
  onOutcome,
}: ClaimCampaign): Promise<void> {
  const missing: ClaimTask[] = [];
  for (const claim of claims) {
    const known = await lookUp(cacheDirectory, claimKey(claim));
    if (known) onOutcome(claim, JSON.parse(Buffer.from(known).toString()) as Judgement, true);
    else missing.push({ claim, limitSeconds });
  }
  // The file has the extension of this one: .ts in the sources, .js in the package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new URL(`./claim-worker${extension}`, import.meta.url);
  await runOnWorkers<ClaimTask, ClaimAnswer>(worker, missing, jobs, async ({ claim }, ended) => {
    if ('died' in ended) {
      return onOutcome(claim, { open: `no verdict within ${limitSeconds} s, or ${ended.died}` }, false);
    }
    if ('error' in ended.result) return onOutcome(claim, { open: ended.result.error }, false);
    await keep(cacheDirectory, claimKey(claim), Buffer.from(JSON.stringify(ended.result)));
    onOutcome(claim, ended.result, false);
  });
}
