/** From the fates of mutants to a check of a sign-off. */
import type { Fate, JudgedTrial, MutationResult } from '../mutation/campaign.ts';
import { describeMutant } from '../mutation/trial.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

export function mutationCheck({ trials, failures, seconds }: MutationResult): CheckResult {
  const check = 'mutation';
  const all = trials.flatMap(({ mutants }) => mutants);
  const count = (kind: Fate['kind']): number => all.filter(({ fate }) => fate.kind === kind).length;
  const [killed, equivalent, survived] = [count('killed'), count('equivalent'), count('survived')];
  const findings = [...failures, ...trials.flatMap(survivorsOf)];
  if (all.length === 0) findings.push('there are no mutants (--mutants)');
  return {
    check,
    method: `Yosys mutate on gates: ${killed} of ${killed + survived} mutants killed; ${equivalent} more proven equivalent by SAT`,
    status: findings.length === 0 ? 'pass' : 'open',
    seconds,
    findings,
    evidenceFile: evidenceFileOf(check),
    evidence: {
      score: { mutants: all.length, killed, equivalent, survived },
      modules: trials.map((trial) => ({
        module: trial.module,
        vectors: trial.vectors,
        score: tally(trial.mutants.map(({ fate }) => fate.kind)),
        kindsOfCells: tally(trial.mutants.map(({ mutant }) => mutant.cellType)),
        modes: tally(trial.mutants.map(({ mutant }) => mutant.mode)),
      })),
      mutants: trials.flatMap(({ module, mutants }) =>
        mutants.map(({ mutant, fate }) => ({ ...fate, module, ...mutant })),
      ),
    },
  };
}

function survivorsOf({ module, vectors, mutants }: JudgedTrial): readonly string[] {
  return mutants.flatMap(({ mutant, fate }) =>
    fate.kind === 'survived'
      ? [`${module}: ${describeMutant(mutant)} survives ${vectors} vectors; ${fate.reason}`]
      : [],
  );
}

function tally(items: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[item] = (counts[item] ?? 0) + 1;
  return counts;
}
