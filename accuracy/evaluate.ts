/** The answers of a model under several arithmetics, kept as they come so that an interrupted run goes on. */
import { createHash } from 'node:crypto';
import { type Arithmetic, describeArithmetic, type Elements, startThreads } from '../infer/index.ts';
import { type Model, readModel } from '../litert/index.ts';
import { contentKey, keep, lookUp } from '../tools/cache.ts';
import { DataError } from './data-error.ts';
import type { Samples } from './samples.ts';

export interface EvaluationOptions {
  readonly threads: number;
  /** Where answers are kept; `false`: nowhere. */
  readonly cacheDirectory: string | false;
  /** Called as samples of one arithmetic are done, those found in the cache included. */
  readonly onProgress?: (samples: number) => void;
  /** Called when an arithmetic has answered all samples, in the order of the arithmetics. */
  readonly onAnswers?: (answers: Answers) => void;
}

export interface Answers {
  readonly arithmetic: Arithmetic;
  /** The class of each sample: the greatest output, of equals the one with the lowest index. */
  readonly predictions: Int32Array;
}

/** Samples are read in parts of about this size; each part of each arithmetic is one entry of the cache. */
const PART_BYTES = 2 ** 28;
const PART_SAMPLES = 2500;

/** Part of every key; to be changed with anything that changes answers. */
const REVISION = 'answers 1';

/**
 * @param file a model with one input and one output of at least two elements
 * @throws DataError where samples cannot be read, or the model does not classify
 * @throws RangeError, naming the operator, where an arithmetic cannot have a factor of the model
 */
export async function evaluate(
  file: Uint8Array,
  samples: Samples,
  arithmetics: readonly Arithmetic[],
  options: EvaluationOptions,
): Promise<readonly Answers[]> {
  const model = readModel(file);
  const classes = classesOf(model);
  const { cacheDirectory, onProgress, onAnswers } = options;
  const modelHash = sha256([file]);
  const answers = arithmetics.map((arithmetic) => ({
    arithmetic,
    predictions: new Int32Array(samples.count),
  }));
  const threads = await startThreads(model, options.threads);
  try {
    const size = partSize(model);
    for (let start = 0; start < samples.count; start += size) {
      const end = Math.min(samples.count, start + size);
      const inputs = await samples.load(start, end);
      const inputHash = sha256(inputs);
      for (const answer of answers) {
        const key = contentKey([REVISION, modelHash, describeArithmetic(answer.arithmetic), inputHash]);
        const known = predictionsIn(await lookUp(cacheDirectory, key), inputs.length, classes);
        let done = 0;
        const predictions =
          known ??
          (
            await threads.run(
              answer.arithmetic,
              inputs.map((input) => [input]),
              (now) => {
                onProgress?.(now - done);
                done = now;
              },
            )
          ).map(([output]) => greatest(output));
        answer.predictions.set(predictions, start);
        if (known === undefined) await keep(cacheDirectory, key, bytesOf(predictions));
        else onProgress?.(inputs.length);
        if (end === samples.count) onAnswers?.(answer);
      }
    }
  } finally {
    await threads.close();
  }
  return answers;
}

/** @throws DataError unless the model has one output of at least two elements, and every class is one of them */
export function requireClasses(model: Model, classes: readonly number[]): void {
  const count = classesOf(model);
  const wrong = classes.findIndex((label) => label >= count);
  if (wrong !== -1) {
    throw new DataError(
      `sample ${wrong} has class ${classes[wrong]}, but the model has ${count}, 0..${count - 1}; check the labels`,
    );
  }
}

function classesOf({ outputs }: Model): number {
  const [output] = outputs;
  if (output === undefined || outputs.length !== 1 || output.size < 2) {
    throw new DataError(
      `the model has ${outputs.length === 1 ? 'an output of one element' : `${outputs.length} outputs`}; top-1 accuracy needs one output with an element for each class`,
    );
  }
  return output.size;
}

function partSize({ inputs }: Model): number {
  const bytes = inputs.reduce((sum, { size }) => sum + size, 0);
  return Math.max(1, Math.min(PART_SAMPLES, Math.floor(PART_BYTES / bytes)));
}

function greatest(output: Elements = new Int8Array()): number {
  let best = 0;
  for (let i = 1; i < output.length; i++) if ((output[i] ?? 0) > (output[best] ?? 0)) best = i;
  return best;
}

function bytesOf(predictions: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(predictions).buffer);
}

function predictionsIn(
  bytes: Uint8Array | undefined,
  count: number,
  classes: number,
): readonly number[] | undefined {
  if (bytes?.length !== 4 * count) return undefined;
  const predictions = [...new Int32Array(Uint8Array.from(bytes).buffer)]; // aligned
  return predictions.every((label) => label >= 0 && label < classes) ? predictions : undefined;
}

function sha256(parts: readonly Elements[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
