/** Timing without assertions: alternating repeats, median and range. */

/** Seconds of every repeat. */
export type Times = readonly number[];

export interface Statistics {
  readonly median: number;
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Times the candidates one after another, `repeats` times, so that whatever else the machine does hits all of
 * them. One round before is not counted: in it the engine compiles its code.
 */
export async function alternate<Name extends string>(
  repeats: number,
  candidates: Readonly<Record<Name, () => unknown>>,
): Promise<Readonly<Record<Name, Times>>> {
  const names = Object.keys(candidates) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= repeats; round += 1) {
    for (const name of names) {
      const seconds = await secondsOf(candidates[name]);
      if (round > 0) times[name].push(seconds);
    }
  }
  return times;
}

export async function secondsOf(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

/** @param values at least one */
export function statistics(values: readonly number[]): Statistics {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const last = sorted.length - 1;
  return {
    median: (at(Math.floor(last / 2)) + at(Math.ceil(last / 2))) / 2,
    minimum: at(0),
    maximum: at(last),
  };
}
