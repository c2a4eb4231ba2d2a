/** One process that tries the mutants of a block. */
import { NetlistError } from '../formal/netlist.ts';
import { multiplierFormat } from '../golden/index.ts';
import { benchesOf } from '../sim/regression.ts';
import { serve } from '../tools/worker-pool.ts';
import { ToolError } from '../tools/yowasp.ts';
import type { TrialAnswer, TrialTask } from './campaign.ts';
import { tryMutants } from './trial.ts';

serve(async ({ options, module, effort, cacheDirectory }: TrialTask): Promise<TrialAnswer> => {
  const benches = benchesOf(options);
  // A block without a bench of its own is part of the unit.
  const bench = benches.find(({ design }) => design.top === module) ?? benches[1];
  const format = multiplierFormat(options.k, { leadingOne: options.leadingOne });
  try {
    return await tryMutants(module, bench, format, effort, cacheDirectory);
  } catch (error) {
    if (error instanceof ToolError || error instanceof NetlistError) return { error: error.message };
    throw error;
  }
});
