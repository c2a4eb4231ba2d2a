/** First and second moments of what a layer reads: all that the best rounding of its weights depends on. */

/** Rows that are added at once, so that a sum of products is read and written once for all of them. */
const BATCH = 4;

/** Sums over rows of `size` numbers. */
export class Moments {
  readonly size: number;
  #rows = 0;
  readonly #sums: Float64Array;
  /** Lower triangle, row by row. */
  readonly #products: Float64Array;
  /** Rows that `#products` does not have yet; zeros behind the last. */
  readonly #batch: readonly [Float64Array, Float64Array, Float64Array, Float64Array];

  constructor(size: number) {
    this.size = size;
    this.#sums = new Float64Array(size);
    this.#products = new Float64Array((size * (size + 1)) / 2);
    const row = () => new Float64Array(size);
    this.#batch = [row(), row(), row(), row()];
  }

  /** @param row integers; their sums are exact below 2^53 */
  add(row: Int16Array): void {
    this.#batch[this.#rows % BATCH]?.set(row);
    this.#rows += 1;
    for (let i = 0; i < row.length; i++) this.#sums[i] = (this.#sums[i] ?? 0) + (row[i] ?? 0);
    if (this.#rows % BATCH === 0) this.#flush();
  }

  mean(): Float64Array {
    return this.#sums.map((sum) => sum / Math.max(1, this.#rows));
  }

  /** The covariance, size x size, symmetric. */
  covariance(): Float64Array {
    this.#flush();
    const { size } = this;
    const mean = this.mean();
    const covariance = new Float64Array(size * size);
    for (let i = 0, at = 0; i < size; i++) {
      for (let j = 0; j <= i; j++, at++) {
        const value = (this.#products[at] ?? 0) / Math.max(1, this.#rows) - (mean[i] ?? 0) * (mean[j] ?? 0);
        covariance[i * size + j] = value;
        covariance[j * size + i] = value;
      }
    }
    return covariance;
  }

  #flush(): void {
    const [a, b, c, d] = this.#batch;
    for (let i = 0, start = 0; i < this.size; start += ++i) {
      const [ai, bi, ci, di] = [a[i] ?? 0, b[i] ?? 0, c[i] ?? 0, d[i] ?? 0];
      // ReLU leaves many zeros.
      if (ai === 0 && bi === 0 && ci === 0 && di === 0) continue;
      for (let j = 0; j <= i; j++) {
        const products = ai * (a[j] ?? 0) + bi * (b[j] ?? 0) + ci * (c[j] ?? 0) + di * (d[j] ?? 0);
        this.#products[start + j] = (this.#products[start + j] ?? 0) + products;
      }
    }
    for (const row of this.#batch) row.fill(0);
  }
}
