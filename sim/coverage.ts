/**
 * Functional coverage: which of the cases that matter a run has really seen. A run with an empty bin fails.
 */

/** Counts by name of the case. */
export class Coverage {
  readonly #counts: Map<string, number>;

  constructor(bins: readonly string[]) {
    this.#counts = new Map(bins.map((bin) => [bin, 0]));
  }

  /** Counts a case; one that is not among the bins is not asked for in this configuration. */
  hit(bin: string): void {
    const count = this.#counts.get(bin);
    if (count !== undefined) this.#counts.set(bin, count + 1);
  }

  /** Adds what another one of the same bins has counted. */
  add(other: Coverage): void {
    for (const [bin, count] of other.#counts) this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + count);
  }

  get bins(): number {
    return this.#counts.size;
  }

  empty(): readonly string[] {
    return [...this.#counts].filter(([, count]) => count === 0).map(([bin]) => bin);
  }
}
