/** One process of a sweep: computes the points that it is given. */
import { defaultCacheDirectory } from '../tools/cache.ts';
import { serve } from '../tools/worker-pool.ts';
import { runAsic } from './asic.ts';
import { DEFAULT_SEEDS, runIce40 } from './ice40.ts';
import type { PointRunner } from './sweep.ts';

const run: PointRunner = async ({ point, library }) => {
  const { target } = point;
  if (target.kind === 'ice40') {
    const cacheDirectory = `${defaultCacheDirectory()}/synth`;
    return runIce40({ ...point, target }, { seeds: DEFAULT_SEEDS, cacheDirectory });
  }
  if (library === undefined) throw new Error(`no library for ${target.library}`);
  return runAsic({ ...point, target }, library);
};

serve(run);
