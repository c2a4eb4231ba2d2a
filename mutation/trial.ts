/** The mutants of one block on trial: killed by a vector, or to be shown equivalent. */
import type { Claim } from '../formal/claims.ts';
import { NetlistError } from '../formal/netlist.ts';
import type { MultiplierFormat } from '../golden/index.ts';
import type { Bench } from '../sim/bench.ts';
import { type Effort, stimuliOf, vectorsKey } from '../sim/regression.ts';
import { inputLayout } from '../sim/simulators/rows.ts';
import { cached, contentKey } from '../tools/cache.ts';
import { packageVersion } from '../tools/yowasp.ts';
import { equivalenceClaim } from './equivalence.ts';
import { firstMismatches, LANES, type LaneCircuit, laneCircuit } from './lanes.ts';
import { type Mutant, mutatedBlock, singleMutants, switchOf } from './mutants.ts';

export interface Trial {
  readonly module: string;
  /** Of its bench. */
  readonly vectors: number;
  readonly mutants: readonly TriedMutant[];
  readonly seconds: number;
}

export interface TriedMutant {
  readonly mutant: Mutant;
  /** The vector, counted from the first directed one; or the claim that nothing could. */
  readonly outcome: { readonly killedBy: number } | { readonly claim: Claim };
}

export interface TrialEffort extends Effort {
  /** Mutants of the module, if it has as many. */
  readonly mutants: number;
}

/** To be raised when the same mutants or vectors come to something else. */
const FORMAT = 3;

/**
 * Mutates the block of the bench, but not those that it instantiates, and runs all vectors.
 *
 * @throws ToolError, NetlistError if the block itself differs from golden
 */
export async function tryMutants(
  bench: Bench,
  format: MultiplierFormat,
  effort: TrialEffort,
  cacheDirectory: string | false,
): Promise<Trial> {
  const key = contentKey([
    'mutation',
    `${FORMAT}`,
    packageVersion('@yowasp/yosys'),
    JSON.stringify({ format, design: bench.design, effort }),
    vectorsKey(bench, effort),
  ]);
  const content = await cached(cacheDirectory, key, async () =>
    Buffer.from(JSON.stringify(await run(bench, format, effort))),
  );
  return JSON.parse(Buffer.from(content).toString()) as Trial;
}

async function run(bench: Bench, format: MultiplierFormat, effort: TrialEffort): Promise<Trial> {
  const started = performance.now();
  const block = await mutatedBlock(bench.design, effort.mutants, effort.seed);
  const { mutants, netlist } = block;
  const { killed, vectors } = runVectors(laneCircuit(netlist, bench.design), bench, effort, mutants.length);
  const alive = mutants.filter((_, i) => killed[i] === undefined);
  const circuits = await singleMutants(block, alive);
  const claims = new Map(
    alive.map((mutant, i) => {
      const circuit = circuits[i];
      if (circuit === undefined) throw new Error(`no netlist of mutant ${i}`);
      return [mutant, equivalenceClaim(describeMutant(mutant), circuit, switchOf(0), format)] as const;
    }),
  );
  const tried = mutants.flatMap((mutant, i): readonly TriedMutant[] => {
    const [killedBy, claim] = [killed[i], claims.get(mutant)];
    if (killedBy !== undefined) return [{ mutant, outcome: { killedBy } }];
    return claim === undefined ? [] : [{ mutant, outcome: { claim } }];
  });
  const seconds = (performance.now() - started) / 1000;
  return { module: bench.design.top, vectors, mutants: tried, seconds };
}

/** `inv A of $_AND_ $auto$simplemap.cc:83:simplemap_bitop$2361 near floor[3] (rescaler.v:127.30-127.42)`. */
export function describeMutant({ mode, pin, cell, cellType, wire, source }: Mutant): string {
  const near = wire === undefined ? '' : ` near ${wire}`;
  return `${mode} ${pin} of ${cellType} ${cell}${near} (${source ?? 'no source line'})`;
}

function runVectors(
  circuit: LaneCircuit,
  bench: Bench,
  effort: Effort,
  count: number,
): { readonly killed: readonly (number | undefined)[]; readonly vectors: number } {
  const killed: (number | undefined)[] = Array.from({ length: count });
  let vectors = 0;
  for (const stimulus of stimuliOf(bench, effort)) {
    const expectation = bench.expect(stimulus);
    const alive = [...killed.keys()].filter((mutant) => killed[mutant] === undefined);
    for (let first = 0; first < alive.length; first += LANES) {
      const group = alive.slice(first, first + LANES);
      const [wrong, ...rows] = firstMismatches(circuit, stimulus, expectation, group.map(switchOf));
      if (wrong !== undefined) {
        throw new NetlistError(`without a mutant, an output is wrong in row ${vectors + wrong}`);
      }
      for (const [i, mutant] of group.entries()) {
        const row = rows[i];
        if (row !== undefined) killed[mutant] = vectors + row;
      }
    }
    vectors += stimulus.length / inputLayout(bench.design).words;
  }
  return { killed, vectors };
}
