/** Samples or labels that cannot be used: one line that names the file, the place and the remedy. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
