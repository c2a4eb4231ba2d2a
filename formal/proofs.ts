/**
 * All proofs of one configuration. Together they say that the dot-product unit, and every unit of the array,
 * computes Eq. (1) with Algorithm 1 for every sequence of legal inputs after a reset, its result valid exactly
 * at its latency.
 */
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { ToolError } from '../tools/yowasp.ts';
import { chainClaim } from './array.ts';
import type { Claim } from './claims.ts';
import { NetlistError } from './netlist.ts';
import { parameterClaims } from './parameters.ts';
import { pipelineClaim } from './pipeline.ts';
import { rescalerCircuit, rescalerClaims } from './rescaler.ts';
import { sumClaims } from './sum-of-products.ts';
import { controlClaims, openUnit } from './unit.ts';

/** Claims from which one property follows. */
export interface Proof {
  readonly name: string;
  /** How it is shown, in a few words. */
  readonly method: string;
  /** Or why there are none: a circuit of another structure than the proof is made for. */
  readonly claims: readonly Claim[] | { readonly missing: string };
}

/** @param blocks generated with the same options */
export async function proofsOf(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<readonly Proof[]> {
  const { arch, pipeline } = options;
  const split = arch === 'fast' ? 'at the product and at every carry-save row' : 'at the product';
  const latency = blocks.find(({ manifest }) => manifest.module === 'dot_product_unit')?.manifest
    .latencyCycles;
  return [
    {
      name: 'rescaler equals Algorithm 1',
      method: `SAT, split ${split}`,
      claims: await attempt(async () => rescalerClaims(await rescalerCircuit(options, blocks))),
    },
    ...(pipeline === 0
      ? []
      : [
          {
            name: `pipelined rescaler is the rescaler ${pipeline} cycle${pipeline === 1 ? '' : 's'} later`,
            method: 'registers counted on every path; the same gates without them',
            claims: await attempt(async () => [
              await pipelineClaim(options, blocks, await rescalerCircuit(options, blocks)),
            ]),
          },
        ]),
    {
      name: 'a beat adds its sum of products',
      method: arch === 'fast' ? 'SAT, split at every carry-save row' : 'SAT, split at every node of the tree',
      claims: await attempt(async () => sumClaims(await openUnit(options, blocks), options)),
    },
    {
      name: `control, reset, and out_valid after ${latency ?? '?'} cycles`,
      method: 'induction over one cycle, SAT; datapath abstract',
      claims: await attempt(async () =>
        controlClaims(await openUnit(options, blocks), latency ?? 0, pipeline),
      ),
    },
    {
      name: 'the array is a row of units with delayed inputs',
      method: 'induction over one cycle, SAT; units abstract',
      claims: await attempt(async () => [await chainClaim(options, blocks)]),
    },
    {
      name: 'one file serves every parameter value',
      method: 'SAT, registers matched by name; this file overridden, at samples of other sizes',
      claims: await attempt(() => parameterClaims(options, blocks)),
    },
  ];
}

async function attempt(claims: () => Promise<readonly Claim[]>): Promise<Proof['claims']> {
  try {
    return await claims();
  } catch (error) {
    if (error instanceof NetlistError || error instanceof ToolError) return { missing: error.message };
    throw error;
  }
}
