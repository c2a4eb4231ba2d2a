/** Progress of long work: a line that is rewritten on a terminal, nothing in a pipe, where results are lines. */

export class Progress {
  readonly #total: number;
  readonly #effort: number;
  readonly #started = performance.now();
  #done = 0;
  #spent = 0;

  /** @param effort of all steps together, where some take longer than others */
  constructor(total: number, effort = total) {
    this.#total = total;
    this.#effort = effort;
    this.#draw();
  }

  /** Prints a line of results above the progress. */
  line(text: string): void {
    this.#clear();
    console.log(text);
    this.#draw();
  }

  /** @param effort of this step, less what `advance` has counted */
  step(effort = 1): void {
    this.#done += 1;
    this.advance(effort);
  }

  /** @param effort spent on a step that is not done yet */
  advance(effort: number): void {
    this.#spent += effort;
    this.#clear();
    this.#draw();
  }

  end(): void {
    this.#clear();
  }

  #clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #draw(): void {
    if (!process.stderr.isTTY || this.#done === this.#total) return;
    const elapsed = (performance.now() - this.#started) / 1000;
    const left =
      this.#spent === 0 ? '' : `, ${duration((elapsed / this.#spent) * (this.#effort - this.#spent))} left`;
    process.stderr.write(`${this.#done} of ${this.#total}${left}`);
  }
}

/** `45 s`, `3 min 20 s`, `1 h 2 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
