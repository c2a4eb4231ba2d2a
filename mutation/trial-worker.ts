/** One process that tries the mutants of a block. */
import { NetlistError } from '../formal/netlist.ts';
import { multiplierFormat } from '../golden/index.ts';
import { designOf } from '../hdl-gen/design.ts';
import { type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import type { Bench } from '../sim/bench.ts';
import { benchesOf } from '../sim/regression.ts';
import { pipelinedRescalerBench } from '../sim/rescaler-bench.ts';
import { serve } from '../tools/worker-pool.ts';
import { ToolError } from '../tools/yowasp.ts';
import type { TrialAnswer, TrialTask } from './campaign.ts';
import { tryMutants } from './trial.ts';

serve(async ({ options, module, effort, cacheDirectory }: TrialTask): Promise<TrialAnswer> => {
  const format = multiplierFormat(options.k, { leadingOne: options.leadingOne });
  try {
    return await tryMutants(benchOf(options, module), format, effort, cacheDirectory);
  } catch (error) {
    if (error instanceof ToolError || error instanceof NetlistError) return { error: error.message };
    throw error;
  }
});

/** The pipelined rescaler is verified inside of the unit; alone, it takes the rescaler's many more cases. */
function benchOf(options: GenerateOptions, module: string): Bench {
  const { k, leadingOne, pipeline } = options;
  const known = benchesOf(options).find(({ design }) => design.top === module);
  return (
    known ??
    pipelinedRescalerBench(designOf(generate(options), module), multiplierFormat(k, { leadingOne }), pipeline)
  );
}
