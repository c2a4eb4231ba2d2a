/** A file that is not a model which this project runs: one line that names operator, tensor and reason. */
export class ModelError extends Error {
  override readonly name = 'ModelError';
}
