/** Reproducible random numbers: the same seed, the same vectors. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  readonly #generator: ReturnType<typeof xoroshiro128plus>;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  int32(): number {
    return this.#generator.next();
  }

  /** Uniform in 0..end-1, with end up to 2^32, but for a bias below end / 2^32, which vectors can bear. */
  below(end: number): number {
    return (this.int32() >>> 0) % end;
  }

  /** Uniform in minimum..maximum. */
  between(minimum: number, maximum: number): number {
    return minimum + this.below(maximum - minimum + 1);
  }

  chance(probability: number): boolean {
    return this.int32() >>> 0 < probability * 2 ** 32;
  }

  pick<T>(choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  fill(words: Uint32Array): void {
    for (let i = 0; i < words.length; i += 1) words[i] = this.#generator.next();
  }
}
