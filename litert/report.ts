/** What `inspect` shows of a model: tensors, factors and their multipliers, in plain values that JSON can hold. */

import { decomposeMultiplier, type MultiplierFormat, type OutputRange } from '../golden/index.ts';
import { type Activation, inputsOf, isDotProduct, type Model, type Operator, type Weights } from './model.ts';
import { namedFactors } from './rescale-factors.ts';
import {
  type ChannelRow,
  type FactorRow,
  type RescaleTable,
  relativeError,
  rescaleTable,
} from './rescale-table.ts';
import { printable } from './tensors.ts';

export interface ModelReport {
  readonly description: string;
  readonly format: MultiplierFormat;
  /** Weights and biases. */
  readonly parameters: number;
  /** Multiplications of weights with activations in one run. */
  readonly macs: number;
  readonly inputs: readonly TensorReport[];
  readonly outputs: readonly TensorReport[];
  readonly operators: readonly OperatorReport[];
  /** Of all operators with weights, ascending by shift. */
  readonly shifts: readonly ShiftShare[];
}

export interface TensorReport {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly scale: number;
  readonly zeroPoint: number;
}

export interface WeightsReport {
  readonly index: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly axis: number;
  readonly scales: readonly number[];
}

export interface OperatorReport {
  readonly index: number;
  readonly op: Operator['op'];
  readonly inputs: readonly TensorReport[];
  readonly weights?: WeightsReport;
  readonly output: TensorReport;
  readonly outputRange?: OutputRange;
  /** One for each output channel; for an operator without weights, one for each factor that it has. */
  readonly factors: readonly FactorReport[];
}

export interface FactorReport {
  /** Which of the operator's factors, where it has no channels. */
  readonly name?: string;
  /** M. */
  readonly factor: number;
  /** m with its leading one, s, and (Mq - M) / M. Absent where M cannot be quantized. */
  readonly multiplier?: number;
  readonly shift?: number;
  readonly relativeError?: number;
  /** Why it cannot. */
  readonly problem?: string;
  readonly effectiveBias?: number;
}

export interface ShiftShare {
  /** Undefined: M cannot be quantized. */
  readonly shift: number | undefined;
  readonly channels: number;
  /** Of all channels, 0..1. */
  readonly share: number;
}

export function reportModel(model: Model, format: MultiplierFormat): ModelReport {
  const table = rescaleTable(model, format);
  const rows = new Map(table.layers.map(({ operator, channels }) => [operator.index, channels]));
  const constants = model.tensors.filter(({ role }) => role === 'weights' || role === 'bias');
  return {
    description: model.description,
    format,
    parameters: constants.reduce((sum, { size }) => sum + size, 0),
    macs: model.operators.reduce((sum, operator) => sum + macsOf(operator), 0),
    inputs: model.inputs.map(tensorReport),
    outputs: model.outputs.map(tensorReport),
    operators: model.operators.map((operator) =>
      operatorReport(operator, rows.get(operator.index) ?? [], format),
    ),
    shifts: shiftShares(table),
  };
}

/** How many channels have which shift. */
export function shiftShares({ layers }: RescaleTable): readonly ShiftShare[] {
  const counts = new Map<number | undefined, number>();
  const rows = layers.flatMap(({ channels }) => channels);
  for (const { quantized } of rows) {
    const shift = 'problem' in quantized ? undefined : quantized.shift;
    counts.set(shift, (counts.get(shift) ?? 0) + 1);
  }
  return [...counts]
    .map(([shift, channels]) => ({ shift, channels, share: channels / rows.length }))
    .sort((a, b) => (a.shift ?? Infinity) - (b.shift ?? Infinity));
}

function operatorReport(
  operator: Operator,
  channels: readonly ChannelRow[],
  format: MultiplierFormat,
): OperatorReport {
  return {
    index: operator.index,
    op: operator.op,
    inputs: inputsOf(operator).map(tensorReport),
    ...(isDotProduct(operator) && { weights: weightsReport(operator.weights) }),
    output: tensorReport(operator.output),
    ...('outputRange' in operator && { outputRange: operator.outputRange }),
    factors: isDotProduct(operator)
      ? channels.map((row) => ({ ...factorReport(row), effectiveBias: row.effectiveBias }))
      : namedFactors(operator).map(({ name, factor }) => ({
          name,
          // Not the project's hardware, so its limits on the shift do not apply.
          ...factorReport({ factor, quantized: decomposeMultiplier(factor, format) }),
        })),
  };
}

function factorReport({ factor, quantized }: FactorRow): FactorReport {
  if ('problem' in quantized) return { factor, problem: quantized.problem };
  return { factor, ...quantized, relativeError: relativeError(factor, quantized) };
}

function tensorReport({ index, name, type, shape, scale, zeroPoint }: Activation): TensorReport {
  return { index, name: printable(name), type, shape, scale, zeroPoint };
}

function weightsReport({ index, name, shape, axis, scales }: Weights): WeightsReport {
  return { index, name: printable(name), shape, axis, scales };
}

/** Each weight meets each position of the output, DEPTHWISE_CONV_2D's and the others' alike. */
function macsOf(operator: Operator): number {
  return isDotProduct(operator)
    ? (operator.weights.size * operator.output.size) / operator.weights.channels
    : 0;
}
