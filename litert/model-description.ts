/** Models as they are written down: what a model says, without what follows from it. */

import type { Fields } from './flatbuffer-writer.ts';
import type { Model, Parameter, Tensor } from './model.ts';

/** What `readModel` works out from the rest. */
type Derived =
  | 'index'
  | 'size'
  | 'channels'
  | 'paddingTop'
  | 'paddingLeft'
  | 'outputRange'
  | 'depthMultiplier'
  | 'batches';

/** A part of a model without what follows from the rest; the part itself is one, too. */
export type Given<T> = T extends Int8Array | Uint8Array | Int32Array
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Given<Element>[]
    : T extends object
      ? { readonly [Key in keyof T as Key extends Derived ? never : Key]: Given<T[Key]> }
      : T;

/**
 * What `writeModel` takes. A tensor is one object wherever the model uses it, which is what tells it from others.
 * The parameters of operators have no objects here, nor is there a list of tensors.
 */
export type ModelDescription = Given<Omit<Model, 'tensors'>>;

/** What is stored of an operator, besides its kind and its output. */
export interface WrittenOperator {
  /** The lowest that has what the operator needs, as LiteRT's converter chooses it (tools/versioning/op_version.cc). */
  readonly version: number;
  /** In the order of the file; undefined is an optional one that is left out. */
  readonly inputs: readonly (Given<Tensor> | undefined)[];
  /** BuiltinOptions: which table the options are; 0 is none. */
  readonly optionsType: number;
  readonly options: Fields;
}

export function parameter(
  name: string,
  shape: readonly number[],
  values: readonly number[],
): Given<Parameter> {
  return { role: 'parameter', type: 'int32', name, shape, data: Int32Array.from(values) };
}
