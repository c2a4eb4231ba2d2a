/**
 * What the files in operators/ read an operator from: its tensors by role, each checked once for the whole
 * model, its options, and the ways to refuse it.
 */

import type { StoredOperator } from './file.ts';
import type { Slots, Table } from './flatbuffer.ts';
import type {
  Activation,
  Bias,
  Int8Activation,
  Operator,
  OperatorName,
  Parameter,
  Tensor,
  Weights,
} from './model.ts';
import { ModelError } from './model-error.ts';
import { describeTensor, type Tensors } from './tensors.ts';

/** How one kind of operator is read. */
export interface OperatorReader {
  readonly name: OperatorName;
  /** BuiltinOperator of the schema. */
  readonly code: number;
  /** The highest version whose meaning is known here. */
  readonly maxVersion: number;
  readonly read: (source: OperatorSource) => Operator;
}

export class OperatorSource {
  readonly index: number;
  readonly #name: string;
  readonly #stored: StoredOperator;
  readonly #tensors: Tensors;

  constructor(name: string, stored: StoredOperator, tensors: Tensors) {
    this.index = stored.index;
    this.#name = name;
    this.#stored = stored;
    this.#tensors = tensors;
  }

  /** Refuses the operator, because of a tensor where one is given. */
  refuse(reason: string, tensor?: Tensor): never {
    const place = tensor === undefined ? this.#label : `${this.#label}, ${describeTensor(tensor)}`;
    throw new ModelError(`${place}: ${reason}`);
  }

  /** The operator's options; all defaults where there are none. `union` is their number in BuiltinOptions. */
  options<S extends Slots>(union: number, slots: S): OperatorOptions<S> {
    const { optionsType } = this.#stored;
    if (optionsType !== union && optionsType !== 0) {
      this.refuse(`its options are of kind ${optionsType}, not ${union}`);
    }
    const table = optionsType === 0 ? undefined : this.#stored.options(slots, `${this.#label}: options`);
    return new OperatorOptions(this, table);
  }

  requireInputs(minimum: number, maximum = minimum): void {
    const { length } = this.#stored.inputs;
    if (length < minimum || length > maximum) {
      const expected = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
      this.refuse(`it has ${length} inputs instead of ${expected}`);
    }
  }

  /** Whether the input is there: neither behind the last one nor left out as -1. */
  hasInput(position: number): boolean {
    return (this.#stored.inputs[position] ?? -1) !== -1;
  }

  activation(position: number): Activation {
    return this.#tensors.readable(this.#input(position), this.#label);
  }

  int8(position: number): Int8Activation {
    return this.#requireInt8(this.activation(position));
  }

  weights(position: number, axis: number, rank: number): Weights {
    return this.#tensors.weights(this.#input(position), axis, rank, this.#label);
  }

  /** Undefined where the operator has none. */
  bias(position: number, channels: number): Bias | undefined {
    if (!this.hasInput(position)) return undefined;
    return this.#tensors.bias(this.#input(position), channels, this.#label);
  }

  parameter(position: number): Parameter {
    return this.#tensors.parameter(this.#input(position), this.#label);
  }

  /** The only output, which this call marks as written: take it after the inputs. */
  output(): Activation {
    const { outputs } = this.#stored;
    const [output] = outputs;
    if (output === undefined || outputs.length > 1) {
      this.refuse(`it has ${outputs.length} outputs instead of 1`);
    }
    return this.#tensors.written(output, this.#label);
  }

  int8Output(): Int8Activation {
    return this.#requireInt8(this.output());
  }

  requireShape(tensor: Tensor, expected: readonly number[], from: string): void {
    if (!sameShape(tensor.shape, expected)) {
      this.refuse(`its shape [${tensor.shape}] is not [${expected}], which ${from} yields`, tensor);
    }
  }

  requireRank(tensor: Tensor, rank: number, layout: string): void {
    if (tensor.shape.length !== rank) {
      this.refuse(`its shape [${tensor.shape}] is not of the form ${layout}`, tensor);
    }
  }

  /** LiteRT's tolerance for operators that copy or compare values without rescaling them. */
  requireSameQuantization(input: Activation, output: Activation): void {
    if (Math.abs(input.scale - output.scale) > 1e-6 || input.zeroPoint !== output.zeroPoint) {
      this.refuse(
        `its scale ${output.scale} and zero point ${output.zeroPoint} are not those of the input, ${input.scale} and ${input.zeroPoint}`,
        output,
      );
    }
  }

  /** A factor that becomes an integer multiplier: beyond `below`, LiteRT aborts or is undefined. */
  requireFactor(factor: number, described: string, below = 2 ** 31): void {
    if (!(factor > 0 && factor < below)) {
      this.refuse(`the factor ${described} = ${factor} is not between 0 and ${below}; check the scales`);
    }
  }

  get #label(): string {
    return `${this.#name} (operator ${this.index})`;
  }

  #input(position: number): number {
    const index = this.#stored.inputs[position] ?? -1;
    if (index === -1) this.refuse(`input ${position} is missing`);
    return index;
  }

  #requireInt8(tensor: Activation): Int8Activation {
    if (tensor.type !== 'int8') this.refuse(`is ${tensor.type} where int8 is expected`, tensor);
    return tensor;
  }
}

export class OperatorOptions<S extends Slots> {
  readonly #source: OperatorSource;
  readonly #table: Table<S> | undefined;

  constructor(source: OperatorSource, table: Table<S> | undefined) {
    this.#source = source;
    this.#table = table;
  }

  /** A whole number in 1..65536, which keeps sums of such within 32 bits. */
  positive(field: keyof S & string, absent = 0): number {
    const value = this.#table?.number(field, 'int32', absent) ?? absent;
    if (value < 1 || value > 65_536) this.#source.refuse(`${field} = ${value} is outside of 1..65536`);
    return value;
  }

  flag(field: keyof S & string): boolean {
    return (this.#table?.number(field, 'uint8') ?? 0) !== 0;
  }

  float(field: keyof S & string): number {
    return this.#table?.number(field, 'float32') ?? 0;
  }

  int32s(field: keyof S & string): readonly number[] | undefined {
    return this.#table?.vector(field, 'int32')?.values;
  }

  /** An enumeration by its names, in the order of their values from 0 on. */
  choice<const T extends string>(field: keyof S & string, names: readonly T[]): T {
    const value = this.#table?.number(field, 'int8') ?? 0;
    const name = names[value];
    if (name === undefined) {
      this.#source.refuse(
        `${field} = ${value} is not supported, only ${names.map((known, i) => `${i} (${known})`).join(', ')}`,
      );
    }
    return name;
  }
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
