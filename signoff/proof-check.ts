/** From proofs and the verdicts on their claims to checks of a sign-off. */
import type { ClaimOutcome } from '../formal/campaign.ts';
import type { Claim } from '../formal/claims.ts';
import type { Proof } from '../formal/proofs.ts';
import { type CheckResult, type CheckStatus, evidenceFileOf } from './result.ts';

export interface Decided {
  readonly claim: Claim;
  readonly outcome: ClaimOutcome;
  /** From an earlier run. */
  readonly cached: boolean;
}

/** @param decided of all claims of the proof */
export function proofCheck({ name, method, claims }: Proof, decided: readonly Decided[]): CheckResult {
  const about = { check: name, method, evidenceFile: evidenceFileOf(name) };
  if ('missing' in claims) {
    return { ...about, status: 'open', seconds: 0, findings: [claims.missing], evidence: claims };
  }
  const statuses = decided.map(({ outcome }) => statusOf(outcome));
  return {
    ...about,
    status: statuses.find((status) => status === 'fail') ?? statuses.find((one) => one === 'open') ?? 'pass',
    seconds: decided.reduce((sum, { outcome }) => sum + ('open' in outcome ? 0 : outcome.seconds), 0),
    cached: decided.filter(({ cached }) => cached).length,
    findings: decided.flatMap(({ claim, outcome }) => findingOf(claim, outcome)),
    evidence: {
      claims: decided.map(({ claim: { name: claim, setting, given, holds }, outcome }) => ({
        claim,
        ...outcome,
        verilog: { setting, given, holds },
      })),
    },
  };
}

function statusOf(outcome: ClaimOutcome): CheckStatus {
  if ('open' in outcome) return 'open';
  return outcome.verdict.kind === 'proven' ? 'pass' : 'fail';
}

function findingOf({ name }: Claim, outcome: ClaimOutcome): readonly string[] {
  if ('open' in outcome) return [`${name}: ${outcome.open}`];
  if (outcome.verdict.kind === 'proven') return [];
  const inputs = Object.entries(outcome.verdict.counterexample)
    .filter(([, value]) => /[^0]/.test(value))
    .map(([input, value]) => `${input}=0x${value}`);
  return [`${name}: does not hold for ${inputs.join(' ')} and 0 elsewhere`];
}
