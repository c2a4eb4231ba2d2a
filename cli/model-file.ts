/** A `.tflite` file named on the command line. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Option } from 'commander';
import { type Model, ModelError, readModel } from '../litert/index.ts';
import { UsageError } from './failure.ts';
import { place, single } from './options.ts';

/** From the sources, and from dist/. */
const ROOT = import.meta.url.endsWith('.ts') ? '..' : '../..';

/** What commands run on where no model is named: a small one of our own, see models/README.md. */
export const DEFAULT_MODEL = {
  path: fileURLToPath(new URL(`${ROOT}/models/fashion_small_cnn_int8.tflite`, import.meta.url)),
  description: 'one of our own, trained on Fashion-MNIST',
} as const;

export function modelOption(): Option {
  return single(place('model', 'file'), 'a .tflite file').default(
    DEFAULT_MODEL.path,
    DEFAULT_MODEL.description,
  );
}

export interface ModelOnDisk {
  readonly bytes: Uint8Array;
  readonly model: Model;
}

/** @throws UsageError where the file cannot be read or is not a model that is supported */
export function readModelFile(path: string): ModelOnDisk {
  const bytes = readBytes(path);
  return { bytes, model: orUsageError(path, () => readModel(bytes)) };
}

/** What is wrong with a model is the user's to mend: adds the path to it. */
export function orUsageError<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof ModelError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

function readBytes(path: string): Uint8Array {
  try {
    // Devices and pipes may never end.
    if (!statSync(path).isFile()) throw new Error('it is not a regular file');
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
