/** One process of a campaign: verifies the configurations that it is given. */
import { serve } from '../tools/worker-pool.ts';
import { campaignAgreements } from './agreement.ts';
import type { Outcome, Task } from './campaign.ts';
import { benchesOf, verify } from './regression.ts';
import { createSimulator, SimulatorError } from './simulators/index.ts';

serve(async ({ options, simulator, effort }: Task): Promise<Outcome> => {
  const started = performance.now();
  try {
    const blocks = await verify(
      options,
      createSimulator(simulator),
      effort,
      benchesOf(options),
      campaignAgreements(),
    );
    return { blocks, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    if (error instanceof SimulatorError) return { error: error.message };
    throw error;
  }
});
