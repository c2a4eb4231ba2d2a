/** The rescale table of a model as files: for spreadsheets, for programs, and for `$readmemh`. */

import { type MultiplierFormat, maxShift, type OutputRange, storedMultiplier } from '../golden/index.ts';
import { ModelError } from './model-error.ts';
import { type LayerTable, type RescaleTable, relativeError } from './rescale-table.ts';
import { describeTensor, printable } from './tensors.ts';

export const TABLE_FORMATS = ['csv', 'json', 'mem'] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

export interface TableFile {
  readonly name: string;
  readonly text: string;
}

interface Layer extends OutputRange {
  readonly layer: number;
  readonly op: string;
  /** Position of the operator in the model. */
  readonly operator: number;
  /** Of the output tensor. */
  readonly name: string;
  readonly inputZeroPoint: number;
  /** Address of the layer's first channel: the channels of all layers follow one another. */
  readonly base: number;
  readonly channels: readonly Channel[];
}

interface Channel {
  /** What the hardware's port carries: m, without its leading one where that is hidden. */
  readonly multiplier: number;
  readonly shift: number;
  readonly effectiveBias: number;
  /** M. */
  readonly factor: number;
  readonly relativeError: number;
}

/** @throws ModelError where a channel has no multiplier in the table's format */
export function tableFiles(table: RescaleTable, as: TableFormat): readonly TableFile[] {
  const { format } = table;
  let base = 0;
  const layers = table.layers.map((layer, index) => {
    const channels = channelsOf(layer, format);
    const { outputZeroPoint, activationMin, activationMax } = layer.operator.outputRange;
    const { op, index: operator, input, output } = layer.operator;
    const described: Layer = {
      layer: index,
      op,
      operator,
      name: printable(output.name),
      inputZeroPoint: input.zeroPoint,
      outputZeroPoint,
      activationMin,
      activationMax,
      base,
      channels,
    };
    base += channels.length;
    return described;
  });
  switch (as) {
    case 'csv':
      return csvFiles(layers);
    case 'json':
      return [{ name: 'rescale.json', text: `${JSON.stringify({ ...format, layers }, undefined, 2)}\n` }];
    case 'mem':
      return memFiles(layers, format);
  }
}

function channelsOf({ operator, channels }: LayerTable, format: MultiplierFormat): readonly Channel[] {
  return channels.map(({ quantized, factor, effectiveBias }, channel) => {
    if ('problem' in quantized) {
      throw new ModelError(
        `${operator.op} (operator ${operator.index}), ${describeTensor(operator.output)}, channel ${channel}: ${quantized.problem}`,
      );
    }
    return {
      multiplier: storedMultiplier(quantized, format),
      shift: quantized.shift,
      effectiveBias,
      factor,
      relativeError: relativeError(factor, quantized),
    };
  });
}

function csvFiles(layers: readonly Layer[]): readonly TableFile[] {
  const channelRows = layers.flatMap(({ layer, base, channels }) =>
    channels.map((row, channel) => [
      layer,
      channel,
      base + channel,
      row.multiplier,
      row.shift,
      row.effectiveBias,
      row.factor,
      row.relativeError,
    ]),
  );
  const layerRows = layers.map((one) => [
    one.layer,
    one.op,
    one.operator,
    `"${one.name.replaceAll('"', '""')}"`,
    one.base,
    one.channels.length,
    one.inputZeroPoint,
    one.outputZeroPoint,
    one.activationMin,
    one.activationMax,
  ]);
  return [
    {
      name: 'channels.csv',
      text: csv('layer,channel,address,multiplier,shift,effective_bias,factor,relative_error', channelRows),
    },
    {
      name: 'layers.csv',
      text: csv(
        'layer,op,operator,name,base,channels,input_zero_point,output_zero_point,activation_min,activation_max',
        layerRows,
      ),
    },
  ];
}

function csv(header: string, rows: readonly (readonly (string | number)[])[]): string {
  return [header, ...rows.map((row) => row.join(','))].map((line) => `${line}\n`).join('');
}

/**
 * One memory a port of the hardware, one word a line in hexadecimal, two's complement. multiplier.mem, shift.mem
 * and bias.mem have a word for each output channel of the model; zero_point.mem, act_min.mem and act_max.mem one
 * for each layer. Before a layer stands its address, `@` and hexadecimal, and what it is, as a comment.
 */
function memFiles(
  layers: readonly Layer[],
  { k, leadingOne, rounding }: MultiplierFormat,
): readonly TableFile[] {
  const format = { k, leadingOne, rounding };
  const shiftBits = Math.ceil(Math.log2(maxShift(format) + 1));
  const made = `k = ${k}, ${rounding}, leading one ${leadingOne}`;
  const perChannel = (name: string, bits: number, what: string, value: (channel: Channel) => number) => ({
    name: `${name}.mem`,
    text: [
      `// ${what}; ${bits} bit${bits === 1 ? '' : 's'} a word, one word an output channel; ${made}`,
      ...layers.flatMap((layer) => [
        `@${layer.base.toString(16)} // ${heading(layer)}, ${layer.channels.length} channel${layer.channels.length === 1 ? '' : 's'}`,
        ...layer.channels.map((channel) => hex(value(channel), bits)),
      ]),
      '',
    ].join('\n'),
  });
  const perLayer = (name: string, what: string, value: (layer: Layer) => number) => ({
    name: `${name}.mem`,
    text: [
      `// ${what}; 8 bits a word, one word a layer`,
      ...layers.map((layer) => `${hex(value(layer), 8)} // ${heading(layer)}`),
      '',
    ].join('\n'),
  });
  const stored = leadingOne === 'hidden' ? 'multiplier m without its leading one' : 'multiplier m';
  return [
    perChannel('multiplier', k, stored, ({ multiplier }) => multiplier),
    perChannel('shift', shiftBits, 'shift s', ({ shift }) => shift),
    perChannel(
      'bias',
      32,
      'effective bias, bias - Zx * sum(w); padding is then fed as Zx',
      ({ effectiveBias }) => effectiveBias,
    ),
    perLayer('zero_point', 'output zero point', ({ outputZeroPoint }) => outputZeroPoint),
    perLayer('act_min', 'least output', ({ activationMin }) => activationMin),
    perLayer('act_max', 'greatest output', ({ activationMax }) => activationMax),
  ];
}

function heading({ layer, op, operator }: Layer): string {
  return `layer ${layer}: ${op}, operator ${operator}`;
}

function hex(value: number, bits: number): string {
  const unsigned = value < 0 ? value + 2 ** bits : value;
  return unsigned.toString(16).padStart(Math.ceil(bits / 4), '0');
}
