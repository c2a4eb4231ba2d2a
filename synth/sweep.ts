/**
 * A sweep: points on as many processes as there are cores, each result kept as soon as it is there.
 *
 * Results are addressed by all that they depend on. So a second sweep takes seconds, and one that was
 * interrupted goes on where it stopped.
 */
import { contentKey, keep, lookUp } from '../tools/cache.ts';
import { runOnWorkers } from '../tools/worker-pool.ts';
import { asicProvenance } from './asic.ts';
import { ice40Provenance } from './ice40.ts';
import type { LoadedLibrary } from './libraries.ts';
import type { Provenance, SweepPoint, SweepResult } from './result.ts';

/** What a worker is sent. */
export interface SweepTask {
  readonly point: SweepPoint;
  /** Of an ASIC point. */
  readonly library: LoadedLibrary | undefined;
}

/** Computes a point. Never rejects: what went wrong is in the result. */
export type PointRunner = (task: SweepTask) => Promise<SweepResult>;

export interface SweepOptions {
  readonly points: readonly SweepPoint[];
  readonly libraries: ReadonlyMap<string, LoadedLibrary>;
  /** Where results are kept; `false` keeps none. */
  readonly cacheDirectory: string | false;
}

/** A sweep of which the cached part is known. */
export interface Sweep {
  readonly cached: readonly SweepResult[];
  readonly missing: readonly SweepPoint[];
  /**
   * Computes what is missing, `jobs` at a time, and reports each point as it ends.
   *
   * @returns all results, in the order of the points
   */
  run(jobs: number, onResult: (result: SweepResult) => void): Promise<readonly SweepResult[]>;
}

/** To be raised whenever the same tools and inputs are made into another result. */
const FORMAT = 1;

interface Entry {
  readonly task: SweepTask;
  readonly key: string;
  readonly cached: SweepResult | undefined;
}

/** Looks up what is there already. A point that cannot even begin is among the cached, as failed. */
export async function prepareSweep({ points, libraries, cacheDirectory }: SweepOptions): Promise<Sweep> {
  const digests = new Map(
    [...libraries.values()].map((library) => [library, contentKey([JSON.stringify(library)])] as const),
  );
  const entries = await Promise.all(
    points.map(async (point): Promise<Entry> => {
      const { target } = point;
      const library = target.kind === 'asic' ? libraries.get(target.library) : undefined;
      const task = { point, library };
      try {
        const digest = library && digests.get(library);
        const inputs = JSON.stringify([point, provenanceOf(task), digest]);
        const key = contentKey(['point', `${FORMAT}`, inputs]);
        return { task, key, cached: await readResult(cacheDirectory, key) };
      } catch (error) {
        return { task, key: '', cached: { ...point, status: 'failed', reason: messageOf(error) } };
      }
    }),
  );
  const missing = entries.filter(({ cached }) => cached === undefined);
  return {
    cached: entries.flatMap(({ cached }) => cached ?? []),
    missing: missing.map(({ task }) => task.point),
    async run(jobs, onResult) {
      const computed = new Map<Entry, SweepResult>();
      // The long ones first, so that the processes end together.
      const queue = [...missing].sort((a, b) => effort(b.task.point) - effort(a.task.point));
      await runAll(queue, jobs, async (entry, result) => {
        if (result.status === 'done') {
          await keep(cacheDirectory, entry.key, Buffer.from(JSON.stringify(result)));
        }
        computed.set(entry, result);
        onResult(result);
      });
      return entries.flatMap((entry) => entry.cached ?? computed.get(entry) ?? []);
    },
  };
}

function provenanceOf({ point, library }: SweepTask): Provenance {
  const { target } = point;
  if (target.kind === 'ice40') return ice40Provenance({ ...point, target });
  if (library === undefined) throw new Error(`no library is named ${target.library}`);
  return asicProvenance({ ...point, target }, library);
}

async function readResult(cacheDirectory: string | false, key: string): Promise<SweepResult | undefined> {
  const content = await lookUp(cacheDirectory, key);
  return content && (JSON.parse(Buffer.from(content).toString()) as SweepResult);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** How long a point takes, relative to others: the multipliers of the MACs and that of the rescaler. */
export function effort({ macs, k, target }: SweepPoint): number {
  const multipliers = 64 * macs + 32 * k;
  return (500 + multipliers) * (target.kind === 'ice40' ? 10 : 1);
}

/** In the order of the queue, on `jobs` processes. */
function runAll(
  queue: readonly Entry[],
  jobs: number,
  onEnd: (entry: Entry, result: SweepResult) => Promise<void>,
): Promise<void> {
  // The file has the extension of this one: .ts in the sources, .js in the package.
  const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'));
  const worker = new URL(`./sweep-worker${extension}`, import.meta.url);
  const entryOf = new Map(queue.map((entry) => [entry.task, entry]));
  return runOnWorkers<SweepTask, SweepResult>(worker, [...entryOf.keys()], jobs, async (task, outcome) => {
    const entry = entryOf.get(task);
    const result: SweepResult =
      'result' in outcome
        ? outcome.result
        : { ...task.point, status: 'failed', reason: `its worker died: ${outcome.died}` };
    if (entry !== undefined) await onEnd(entry, result);
  });
}
