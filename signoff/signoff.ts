/** All checks of one configuration. */
import { type ClaimOutcome, decideAll } from '../formal/campaign.ts';
import type { Claim } from '../formal/claims.ts';
import { type Proof, proofsOf } from '../formal/proofs.ts';
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { runMutation } from '../mutation/campaign.ts';
import { runCampaign } from '../sim/campaign.ts';
import { benchesOf } from '../sim/regression.ts';
import type { SimulatorName } from '../sim/simulators/index.ts';
import type { LoadedLibrary } from '../synth/libraries.ts';
import { checkConnections } from './connections.ts';
import { checkControlRegisters } from './control-registers.ts';
import { checkDatasheet } from './datasheet-check.ts';
import { checkGateLevel, GENERIC_FLOW, libertyFlow } from './gate-level.ts';
import { checkLint } from './lint.ts';
import { mutationCheck } from './mutation-check.ts';
import { type Decided, proofCheck } from './proof-check.ts';
import type { CheckResult } from './result.ts';
import { simulationCheck } from './simulation-check.ts';
import { checkStableText } from './stable-text.ts';
import { checkStructure } from './structure.ts';

export interface SignoffTask {
  readonly options: GenerateOptions;
  /** Generated with these options. */
  readonly blocks: readonly GeneratedBlock[];
  readonly simulators: readonly SimulatorName[];
  readonly vectors: number;
  readonly seed: number;
  /** Of all blocks together. */
  readonly mutants: number;
  /** Of the cells that the gate level is also simulated in. */
  readonly library: LoadedLibrary;
  /** Of one claim. */
  readonly limitSeconds: number;
  readonly jobs: number;
  /** Where verdicts are kept; `false` keeps none. */
  readonly cacheDirectory: string | false;
}

/** What is going on, for whoever waits. Efforts are relative, roughly seconds. */
export interface SignoffObserver {
  /** Before anything runs. */
  readonly onPlan: (steps: number, effort: number) => void;
  /** A part of a check is done. */
  readonly onStep: (effort: number) => void;
  /** A check is done. */
  readonly onCheck: (result: CheckResult) => void;
}

const SIMULATION_EFFORT = 40;
const STRUCTURE_EFFORT = 4;
const DATASHEET_EFFORT = 4;
/** Of one block. */
const MUTATION_EFFORT = 20;
/** Of one flow. */
const GATE_LEVEL_EFFORT = 20;

/** @returns the checks in the order in which they ended: the quick ones first, simulation and datasheet last */
export async function runSignoff(
  task: SignoffTask,
  observer: SignoffObserver,
): Promise<readonly CheckResult[]> {
  const { options, blocks, simulators, vectors, seed, mutants, jobs } = task;
  const proofs = await proofsOf(options, blocks);
  const claims = proofs.flatMap(claimsOf);
  const structure = [
    () => checkStructure(blocks),
    () => checkConnections(blocks),
    () => checkControlRegisters(blocks),
    () => checkStableText(options, blocks),
    () => checkLint(blocks),
  ];
  observer.onPlan(
    claims.length + blocks.length + simulators.length + structure.length + 3,
    claims.reduce((sum, claim) => sum + effortOf(claim), 0) +
      blocks.length * MUTATION_EFFORT +
      2 * GATE_LEVEL_EFFORT +
      simulators.length * SIMULATION_EFFORT +
      structure.length * STRUCTURE_EFFORT +
      DATASHEET_EFFORT,
  );
  const results: CheckResult[] = [];
  const done = (result: CheckResult, effort: number): void => {
    results.push(result);
    observer.onStep(effort);
    observer.onCheck(result);
  };
  for (const check of structure) done(await check(), STRUCTURE_EFFORT);
  await runProofs(proofs, task, observer, (result) => {
    results.push(result);
    observer.onCheck(result);
  });
  const mutation = await runMutation({
    ...task,
    effort: { rows: vectors, seed, mutants },
    onTrial: () => observer.onStep(MUTATION_EFFORT),
  });
  results.push(mutationCheck(mutation));
  observer.onCheck(mutationCheck(mutation));
  const benches = benchesOf(options, blocks);
  const effort = { rows: vectors, seed };
  for (const flow of [GENERIC_FLOW, libertyFlow(task.library)]) {
    done(await checkGateLevel(flow, benches, effort, task.cacheDirectory), GATE_LEVEL_EFFORT);
  }
  // Icarus, which interprets, takes longest: it begins.
  const slowestFirst = simulators.toSorted((a, b) => Number(b === 'icarus') - Number(a === 'icarus'));
  await runCampaign(
    slowestFirst.map((simulator) => ({ options, simulator })),
    effort,
    jobs,
    (result) => done(simulationCheck(result), SIMULATION_EFFORT),
  );
  // After the simulation, whose compiled blocks it takes.
  done(await checkDatasheet(options, blocks), DATASHEET_EFFORT);
  return results;
}

async function runProofs(
  proofs: readonly Proof[],
  { cacheDirectory, limitSeconds, jobs }: SignoffTask,
  observer: SignoffObserver,
  onCheck: (result: CheckResult) => void,
): Promise<void> {
  const decided = new Map<Claim, Decided>();
  const closed = new Set<Proof>();
  const closeWhatIsDecided = (): void => {
    for (const proof of proofs) {
      const own = claimsOf(proof).flatMap((claim) => decided.get(claim) ?? []);
      if (closed.has(proof) || own.length < claimsOf(proof).length) continue;
      closed.add(proof);
      onCheck(proofCheck(proof, own));
    }
  };
  closeWhatIsDecided();
  // The long ones first, so that the processes end together.
  const claims = proofs.flatMap(claimsOf).toSorted((a, b) => effortOf(b) - effortOf(a));
  const onOutcome = (claim: Claim, outcome: ClaimOutcome, cached: boolean): void => {
    decided.set(claim, { claim, outcome, cached });
    observer.onStep(effortOf(claim));
    closeWhatIsDecided();
  };
  await decideAll({ claims, cacheDirectory, limitSeconds, jobs, onOutcome });
}

function claimsOf({ claims }: Proof): readonly Claim[] {
  return 'missing' in claims ? [] : claims;
}

function effortOf({ effortSeconds = 1 }: Claim): number {
  return effortSeconds;
}
