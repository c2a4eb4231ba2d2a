/** `npu-rescaler inspect`: a model's layers, their factors, and the tables that the hardware loads. */
import { basename } from 'node:path';
import { Argument, Command } from 'commander';
import { multiplierFormat } from '../golden/index.ts';
import { DEFAULT_OPTIONS } from '../hdl-gen/generate.ts';
import {
  type FactorReport,
  type ModelReport,
  type OperatorReport,
  reportModel,
  rescaleTable,
  TABLE_FORMATS,
  type TableFormat,
  type TensorReport,
  tableFiles,
} from '../litert/index.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { writeFiles } from './files.ts';
import { DEFAULT_MODEL, orUsageError, readModelFile } from './model-file.ts';
import { integer, K, LEADING_ONE, oneOf, place, single } from './options.ts';
import { alignedLines } from './table.ts';

interface InspectFlags {
  readonly k: number;
  readonly multiplier: 'truncate' | 'nearest';
  readonly leadingOne: 'explicit' | 'hidden';
  readonly layer?: number;
  readonly export?: TableFormat;
  readonly out: string;
  readonly json?: true;
}

const MULTIPLIER = oneOf('multiplier', ['truncate', 'nearest']);
const LAYER = integer('layer', { minimum: 0, maximum: 1_000_000 });
const EXPORT = oneOf('export', TABLE_FORMATS);

export const inspect = new Command('inspect')
  .summary('show layers, scales and k-bit multipliers of a .tflite model; export them for hardware')
  .description(
    'Shows the operators of an int8 LiteRT model with their shapes, scales and rescale factors M, and what becomes of M with a multiplier of k bits. --export writes multiplier, shift and effective bias of each output channel as the hardware loads them: csv (channels.csv, layers.csv), json (rescale.json) or mem (one $readmemh file for each port of dot_product_unit; each begins with a line that says what a word is).',
  )
  .addArgument(
    new Argument('[model]', 'a .tflite file').default(DEFAULT_MODEL.path, DEFAULT_MODEL.description),
  )
  .addOption(single(K, 'width of the multiplier in bits').default(DEFAULT_OPTIONS.k))
  .addOption(single(MULTIPLIER, 'how M becomes m').default('nearest'))
  .addOption(single(LEADING_ONE, 'leading one of the multiplier').default('explicit'))
  .addOption(single(LAYER, 'show each output channel of the operator with this number'))
  .addOption(single(EXPORT, 'write the tables that the hardware loads'))
  .addOption(single(place('out', 'dir'), 'folder for --export').default('rescale-tables'))
  .option('--json', 'print everything, each channel too, as JSON')
  .addHelpText(
    'after',
    '\nExample:\n  npu-rescaler inspect model.tflite --k 4 --export mem --out build/tables',
  )
  .action(run);

function run(path: string, flags: InspectFlags): void {
  const { k, multiplier: rounding, leadingOne, layer, out, json } = flags;
  const { model } = readModelFile(path);
  const format = multiplierFormat(k, { rounding, leadingOne });
  const report = reportModel(model, format);
  const operator = layer === undefined ? undefined : report.operators[layer];
  if (layer !== undefined && operator === undefined) {
    throw new UsageError(`layer = ${layer} is outside 0..${report.operators.length - 1} (--layer)`);
  }
  const { export: as } = flags;
  const files = as === undefined ? [] : orUsageError(path, () => tableFiles(rescaleTable(model, format), as));
  const written = writeFiles(out, files);
  if (json) {
    console.log(JSON.stringify({ file: path, written, ...report }, undefined, 2));
    return;
  }
  const text = operator === undefined ? overview(basename(path), report) : channels(operator);
  console.log([...text, ...written.map((file) => `wrote ${file}`)].join('\n'));
}

function overview(name: string, report: ModelReport): readonly string[] {
  const { description, parameters, macs, operators, shifts, format } = report;
  const count = (value: number) => value.toLocaleString('en-US');
  const problems = operators.flatMap(({ factors }) => factors.filter(({ problem }) => problem !== undefined));
  return [
    `${name}${description === '' ? '' : ` (${description})`}: ${counted(operators.length, 'operator')}, ${count(parameters)} parameters, ${count(macs)} MACs`,
    ...report.inputs.map((tensor) => `input   ${describe(tensor)}`),
    ...report.outputs.map((tensor) => `output  ${describe(tensor)}`),
    '',
    ...operatorTable(operators),
    '',
    `k = ${format.k}, ${format.rounding}, leading one ${format.leadingOne}; output channels at each shift:`,
    ...alignedLines(
      [
        ['s', 'channels', 'share'],
        ...shifts.map(({ shift, channels: number, share }) => [
          shift === undefined ? 'none' : `${shift}`,
          count(number),
          percent(share),
        ]),
      ],
      ['right', 'right', 'right'],
    ),
    ...problems
      .slice(0, 1)
      .map(({ problem }) => `${problems.length} without multiplier, the first: ${problem}`),
  ];
}

function describe({ name, type, shape, scale, zeroPoint }: TensorReport): string {
  return `${type} [${shape}], scale ${short(scale)}, zero point ${zeroPoint}, "${name}"`;
}

const OPERATOR_COLUMNS = [
  '#',
  'operator',
  'input',
  'weights',
  'output',
  'Sx, Zx',
  'Sy, Zy',
  'clamp',
  'M',
  's',
  'error of M',
] as const;

function operatorTable(operators: readonly OperatorReport[]): readonly string[] {
  return alignedLines([OPERATOR_COLUMNS, ...operators.map(operatorRow)], ['right']);
}

function operatorRow({ index, op, inputs, weights, output, outputRange, factors }: OperatorReport): string[] {
  return [
    `${index}`,
    op,
    inputs.map(({ shape }) => `[${shape}]`).join(' '),
    weights === undefined ? '' : `[${weights.shape}]`,
    `[${output.shape}]`,
    inputs.map(({ scale, zeroPoint }) => `${short(scale)}, ${zeroPoint}`).join('; '),
    `${short(output.scale)}, ${output.zeroPoint}`,
    outputRange === undefined ? '' : `${outputRange.activationMin}..${outputRange.activationMax}`,
    range(factors.map(({ factor }) => factor).map((factor) => ({ value: factor, text: short(factor) }))),
    range(factors.flatMap(({ shift }) => (shift === undefined ? [] : [{ value: shift, text: `${shift}` }]))),
    worstError(factors),
  ];
}

/** '3..5', or '3' where all are the same. */
function range(values: readonly { readonly value: number; readonly text: string }[]): string {
  const sorted = values.toSorted((a, b) => a.value - b.value);
  const [least, greatest] = [sorted[0]?.text ?? '', sorted.at(-1)?.text ?? ''];
  return least === greatest ? least : `${least}..${greatest}`;
}

function worstError(factors: readonly FactorReport[]): string {
  const errors = factors.flatMap(({ relativeError }) => (relativeError === undefined ? [] : [relativeError]));
  const worst = errors.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  return errors.length === 0 ? '' : signedPercent(worst);
}

function channels({ index, op, factors, weights }: OperatorReport): readonly string[] {
  const rows = factors.map((row, channel) => [
    row.name ?? `${channel}`,
    short(weights?.scales[channel] ?? weights?.scales[0]),
    short(row.factor),
    `${row.multiplier ?? ''}`,
    `${row.shift ?? ''}`,
    row.relativeError === undefined ? '' : signedPercent(row.relativeError),
    `${row.effectiveBias ?? ''}`,
    row.problem ?? '',
  ]);
  const header = ['channel', 'Sw', 'M', 'm', 's', 'error of M', 'effective bias', ''];
  return [
    `operator ${index}: ${op}`,
    ...alignedLines([header, ...rows], ['right', 'right', 'right', 'right', 'right', 'right', 'right']),
  ];
}

function short(value: number | undefined): string {
  return value === undefined ? '' : `${Number(value.toPrecision(4))}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function signedPercent(share: number): string {
  // Rounded before the sign is chosen: what rounds to zero has none to lose.
  const percents = Math.round(1e4 * share) / 100;
  return `${percents < 0 ? '' : '+'}${percents.toFixed(2)} %`;
}
