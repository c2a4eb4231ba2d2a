/** One process that decides claims. */
import { Worker } from 'node:worker_threads';
import { serve } from '../tools/worker-pool.ts';
import { ToolError } from '../tools/yowasp.ts';
import type { ClaimAnswer, ClaimTask } from './campaign.ts';
import { decide } from './claims.ts';

serve(async ({ claim, limitSeconds }: ClaimTask): Promise<ClaimAnswer> => {
  // A solver in WebAssembly cannot be interrupted, and holds this thread: another one has to end the process.
  const watchdog = new Worker(
    `setTimeout(() => process.kill(process.pid, 'SIGKILL'), ${limitSeconds * 1000});`,
    {
      eval: true,
    },
  );
  try {
    return await decide(claim);
  } catch (error) {
    if (error instanceof ToolError) return { error: error.message };
    throw error;
  } finally {
    await watchdog.terminate();
  }
});
