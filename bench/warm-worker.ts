/** Synthesizes the point that it is sent, as a worker of a sweep does, and tells what that takes. */
import { runAsic } from '../synth/asic.ts';
import { serve } from '../tools/worker-pool.ts';
import { secondsOf } from './measure.ts';
import type { WarmRun, WarmTask } from './synthesis.ts';

serve<WarmTask, WarmRun>(async ({ point, library }) => {
  const seconds = await secondsOf(() => runAsic(point, library));
  // Of the process so far.
  return { seconds, peakMb: process.resourceUsage().maxRSS / 1024 };
});
