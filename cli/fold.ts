/** `npu-rescaler fold`: a model that keeps its accuracy with multipliers of k bits. */
import { basename, dirname } from 'node:path';
import { Command } from 'commander';
import { type FoldOptions, type FoldReport, foldModel, type LayerReport } from '../fold/index.ts';
import { loadKernels } from '../infer/index.ts';
import { isDotProduct, type Model, ModelError } from '../litert/index.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { requireWritable, writeFiles } from './files.ts';
import { modelOption, readModelFile } from './model-file.ts';
import { integer, oneOf, place, single } from './options.ts';
import { Progress } from './progress.ts';
import { orDataError, type SampleFlags, samplesFor, withSampleOptions } from './samples.ts';
import { alignedLines } from './table.ts';

interface FoldFlags extends Omit<SampleFlags, 'data' | 'labels'> {
  readonly model: string;
  readonly k: number;
  readonly scope: 'dot' | 'all';
  readonly out: string;
  readonly data?: string;
  readonly json?: true;
}

const K = integer('k', { minimum: 1, maximum: 16 });
const SCOPE = oneOf('scope', ['dot', 'all']);

/** Enough to tell how the inputs of a layer go together. */
const DEFAULT_COUNT = 64;

export const fold = withSampleOptions(
  new Command('fold')
    .summary('rewrite a .tflite model so that multipliers of k bits represent its factors exactly')
    .description(
      'Replaces each rescale factor M by a number M’ of k bits and makes the weights of its output channel up for the difference, rounding them again. Nothing is trained, the graph stays, and stock LiteRT computes the same with the new file. --scope all also finds scales of activations that make the factors of ADD, MUL, MEAN and SOFTMAX exact. With sample inputs (--data, no labels needed) the weights are rounded so that the output of each layer changes least, instead of each weight for itself.',
    )
    .addOption(modelOption())
    .addOption(single(K, 'width of the multiplier in bits').makeOptionMandatory())
    .addOption(single(SCOPE, 'operators that have k bits: only those with weights, or all').default('dot'))
    .addOption(single(place('out', 'file'), 'the folded model').makeOptionMandatory())
    .addOption(
      single(
        place('data', 'path'),
        'sample inputs: a folder of images, a file of tensors, test_batch.bin, or a data set, whose training images are taken',
      ),
    ),
)
  .option('--json', 'print the report as JSON')
  .addHelpText(
    'after',
    '\nExamples:\n  npu-rescaler fold --k 1 --out folded.tflite\n  npu-rescaler fold --model mobilenet.tflite --k 1 --out folded.tflite --data images --fit crop --count 64',
  )
  .action(run);

async function run(flags: FoldFlags): Promise<void> {
  const { k, scope, out, json } = flags;
  const { bytes, model } = readModelFile(flags.model);
  requireWritable(dirname(out));
  const samples = await sampleInputs(model, flags);
  const steps = (samples.samples?.inputs.length ?? 0) + model.operators.filter(isDotProduct).length;
  const progress = new Progress(steps);
  const { file, report } = await foldModel(bytes, { k, scope, ...samples, onStep: () => progress.step() })
    .catch((error: unknown) => {
      if (error instanceof ModelError) throw new UsageError(`${flags.model}: ${error.message}`);
      throw error;
    })
    .finally(() => progress.end());
  const written = writeFiles(dirname(out), [{ name: basename(out), bytes: file }]);
  if (json) {
    console.log(JSON.stringify({ model: flags.model, written, ...report }, undefined, 2));
    return;
  }
  console.log([...text(report), ...written.map((path) => `wrote ${path}`)].join('\n'));
}

async function sampleInputs(
  model: Model,
  { data, count = DEFAULT_COUNT, ...flags }: FoldFlags,
): Promise<Pick<FoldOptions, 'samples'>> {
  if (data === undefined) return {};
  const { samples } = await samplesFor(model, { ...flags, data, count }, 'train');
  const inputs = await orDataError(() => samples.load(0, samples.count));
  return { samples: { inputs, kernels: await loadKernels() } };
}

function text({ k, scope, layers, activations, factors }: FoldReport): readonly string[] {
  const left = layers.filter((layer) => layer.left !== undefined);
  return [
    `k = ${k}, scope ${scope}: ${factors.exactAfter} of ${counted(factors.total, 'factor')} have ${counted(k, 'bit')}, ${factors.exactBefore} before`,
    '',
    ...alignedLines(
      [LAYER_COLUMNS, ...layers.map(layerRow), totalRow(layers)],
      ['right', 'left', ...LAYER_COLUMNS.slice(2).map(() => 'right' as const)],
    ),
    ...(activations.length === 0
      ? []
      : [
          '',
          ...alignedLines(
            [
              ['tensor', 'scale', 'new', 'ratio', 'zero point', 'new', ''],
              ...activations.map(({ tensor, name, scale, zeroPoint }) => [
                `${tensor}`,
                short(scale.before),
                short(scale.after),
                (scale.after / scale.before).toFixed(3),
                `${zeroPoint.before}`,
                `${zeroPoint.after}`,
                `"${name.length > 50 ? `${name.slice(0, 47)}...` : name}"`,
              ]),
            ],
            ['right', 'right', 'right', 'right', 'right', 'right'],
          ),
        ]),
    ...(left.length === 0
      ? []
      : ['', ...left.map((layer) => `operator ${layer.operator} is as it was: ${layer.left}`)]),
    '',
  ];
}

const LAYER_COLUMNS = ['#', 'operator', 'weights', 'changed', 'mean |change|', 'relative', "M'/M"] as const;

function layerRow(layer: LayerReport): readonly string[] {
  const { operator, op, weights, leastRatio, greatestRatio } = layer;
  return [
    `${operator}`,
    op,
    weights.toLocaleString('en-US'),
    ...changeCells(layer),
    leastRatio === greatestRatio
      ? leastRatio.toFixed(2)
      : `${leastRatio.toFixed(2)}..${greatestRatio.toFixed(2)}`,
  ];
}

/** Over all layers, each weight counting alike. */
function totalRow(layers: readonly LayerReport[]): readonly string[] {
  const sum = (value: (layer: LayerReport) => number) =>
    layers.reduce((total, layer) => total + value(layer), 0);
  const weights = sum((layer) => layer.weights);
  return [
    '',
    'all',
    weights.toLocaleString('en-US'),
    ...changeCells({
      weights,
      changed: sum((layer) => layer.changed),
      meanCodeChange: sum((layer) => layer.meanCodeChange * layer.weights) / weights,
      relativeWeightChange: Math.sqrt(
        sum((layer) => layer.relativeWeightChange ** 2 * layer.weights) / weights,
      ),
    }),
  ];
}

function changeCells({
  weights,
  changed,
  meanCodeChange,
  relativeWeightChange,
}: Pick<LayerReport, 'weights' | 'changed' | 'meanCodeChange' | 'relativeWeightChange'>): readonly string[] {
  return [
    `${((100 * changed) / Math.max(weights, 1)).toFixed(1)} %`,
    meanCodeChange.toFixed(2),
    `${(100 * relativeWeightChange).toFixed(2)} %`,
  ];
}

function short(value: number): string {
  return `${Number(value.toPrecision(4))}`;
}
