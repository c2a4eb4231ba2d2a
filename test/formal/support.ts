/** The claims of one proof, on generated blocks or on blocks with a planted bug. */
import { chainClaim } from '../../formal/array.ts';
import { type Claim, decide } from '../../formal/claims.ts';
import { NetlistError } from '../../formal/netlist.ts';
import { pipelineClaim } from '../../formal/pipeline.ts';
import { rescalerCircuit, rescalerClaims } from '../../formal/rescaler.ts';
import { sumClaims } from '../../formal/sum-of-products.ts';
import { controlClaims, openUnit } from '../../formal/unit.ts';
import {
  DEFAULT_OPTIONS,
  type GeneratedBlock,
  type GenerateOptions,
  generate,
} from '../../hdl-gen/generate.ts';

export type ProofName = 'rescaler' | 'pipeline' | 'sum' | 'control' | 'chain';

const CLAIMS: Readonly<
  Record<
    ProofName,
    (options: GenerateOptions, blocks: readonly GeneratedBlock[]) => Promise<readonly Claim[]>
  >
> = {
  rescaler: async (options, blocks) => rescalerClaims(await rescalerCircuit(options, blocks)),
  pipeline: async (options, blocks) => [
    await pipelineClaim(options, blocks, await rescalerCircuit(options, blocks)),
  ],
  sum: async (options, blocks) => sumClaims(await openUnit(options, blocks), options),
  control: async (options, blocks) =>
    controlClaims(await openUnit(options, blocks), 2 + options.pipeline, options.pipeline),
  chain: async (options, blocks) => [await chainClaim(options, blocks)],
};

export function optionsOf(some: Partial<GenerateOptions>): GenerateOptions {
  return { ...DEFAULT_OPTIONS, macs: 2, k: 2, units: 1, ...some };
}

/** Of one proof: the claims that do not hold, up to the first; or why there is no proof. */
export async function faults(
  proof: ProofName,
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[] = generate(options),
): Promise<readonly string[]> {
  try {
    for (const claim of await CLAIMS[proof](options, blocks)) {
      if ((await decide(claim)).verdict.kind === 'refuted') return [claim.name];
    }
    return [];
  } catch (error) {
    if (error instanceof NetlistError) return [error.message];
    throw error;
  }
}
