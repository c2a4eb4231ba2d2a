/** A worker for tests: answers with its process, or dies as told. */
import { serve } from '../../tools/worker-pool.ts';

serve(async (task) => {
  if (task === 'exit') process.exit(3);
  if (task === 'kill') process.kill(process.pid, 'SIGKILL');
  if (task === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
  return { task, pid: process.pid };
});
