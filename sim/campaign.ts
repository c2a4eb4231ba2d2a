/**
 * A regression over many configurations, on one process a core. Processes stay warm: the WebAssembly tools
 * are loaded once in each.
 */
import { Tinypool } from 'tinypool';
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
  const pool = new Tinypool({
    filename: new URL(`./campaign-worker${extension}`, import.meta.url).href,
    runtime: 'child_process',
    // Tinypool gives its processes an empty environment, where no tool is found and no cache.
    env: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    minThreads: 0,
    maxThreads: Math.min(jobs, configurations.length),
  });
  try {
    return await Promise.all(
      configurations.map(async (configuration) => {
        const task: Task = { ...configuration, effort };
        const outcome = await (pool.run(task) as Promise<Outcome>).catch((error: unknown) => ({
          error: `the worker process died: ${error instanceof Error ? error.message : String(error)}`,
        }));
        const result = { configuration, outcome };
        onResult(result);
        return result;
      }),
    );
  } finally {
    await pool.destroy();
  }
}
