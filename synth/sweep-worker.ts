/** One process of a sweep: computes the points that it is given. */
import { serve } from '../tools/worker-pool.ts';
import { runAsic } from './asic.ts';
import { runIce40 } from './ice40.ts';
import type { PointRunner } from './sweep.ts';

const run: PointRunner = async ({ point, library }) => {
  const { target } = point;
  if (target.kind === 'ice40') return runIce40({ ...point, target });
  if (library === undefined) throw new Error(`no library for ${target.library}`);
  return runAsic({ ...point, target }, library);
};

serve(run);
