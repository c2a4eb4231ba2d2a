/** A worker for tests: answers with its process, or dies as told; says when a long task has begun. */
import { writeSync } from 'node:fs';
import { serve } from '../../tools/worker-pool.ts';

serve(async (task) => {
  if (task === 'exit') process.exit(3);
  if (task === 'kill') process.kill(process.pid, 'SIGKILL');
  if (task === 'busy' || task === 'hang') writeSync(1, 'begun');
  if (task === 'busy') for (const start = Date.now(); Date.now() - start < 500; );
  if (task === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
  return { task, pid: process.pid };
});
