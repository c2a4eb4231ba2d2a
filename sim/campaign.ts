/**
 * A regression over many configurations, on one process a core. Processes stay warm: the WebAssembly tools
 * are loaded once in each.
 */
import { runOnWorkers } from '../tools/worker-pool.ts';
import type { Configuration } from './matrix.ts';
import type { BlockResult, Effort } from './regression.ts';

export interface Task extends Configuration {
  readonly effort: Effort;
}

/** What a task comes to: the blocks, or why there are none (a tool that is missing or refuses the design). */
export type Outcome =
  | { readonly blocks: readonly BlockResult[]; readonly seconds: number }
  | { readonly error: string };

export interface ConfigurationResult {
  readonly configuration: Configuration;
  readonly outcome: Outcome;
}

/** A configuration is right when every block compares equal and has seen all of its cases. */
export function passed({ outcome }: ConfigurationResult): boolean {
  return (
    'blocks' in outcome &&
    outcome.blocks.every(({ failure, emptyBins }) => failure === undefined && emptyBins.length === 0)
  );
}

/**
 * Runs all configurations, `jobs` at a time, and reports each as it ends.
 *
 * @returns the results in the order of the configurations
 */
export async function runCampaign(
  configurations: readonly Configuration[],
  effort: Effort,
  jobs: number,
  onResult: (result: ConfigurationResult) => void,
): Promise<readonly ConfigurationResult[]> {
  // The file has the extension of this one: .ts in the sources, .js in the package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new URL(`./campaign-worker${extension}`, import.meta.url);
  const tasks = configurations.map((configuration): Task => ({ ...configuration, effort }));
  const outcomes = new Map<Task, Outcome>();
  await runOnWorkers<Task, Outcome>(worker, tasks, jobs, async (task, ended) => {
    const outcome = 'died' in ended ? { error: `the simulation died: ${ended.died}` } : ended.result;
    outcomes.set(task, outcome);
    onResult({ configuration: configurationOf(task), outcome });
  });
  return tasks.map((task) => ({
    configuration: configurationOf(task),
    outcome: outcomes.get(task) ?? { error: 'not run' },
  }));
}

function configurationOf({ options, simulator }: Task): Configuration {
  return { options, simulator };
}
