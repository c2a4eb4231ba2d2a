/** One process that generates. */
import { type GeneratedBlock, generate } from '../hdl-gen/generate.ts';
import { serve } from '../tools/worker-pool.ts';
import type { GenerationTask } from './stable-text.ts';

serve(async ({ options, before, directory }: GenerationTask): Promise<readonly GeneratedBlock[]> => {
  process.chdir(directory);
  for (const other of before) generate(other);
  return generate(options);
});
