/**
 * A described module as plain data: what the language builds and hdl-gen/verilog prints.
 */
import type { Condition, Dimension, Variable } from './dimension.ts';
import type { Vector, VectorType } from './expression.ts';

export type Statement =
  | { readonly kind: 'comment'; readonly text: string }
  /** With a width it is a vector of bits, without one an integer. */
  | {
      readonly kind: 'localparam';
      readonly name: string;
      readonly value: Dimension;
      readonly width: number | undefined;
    }
  /** A wire; `value` is absent when the branches of a generate-if assign it. */
  | {
      readonly kind: 'wire';
      readonly name: string;
      readonly type: VectorType;
      readonly value: Vector | undefined;
    }
  | {
      readonly kind: 'assign';
      /** A name, or a part of one. */
      readonly target: Vector;
      readonly value: Vector;
    }
  | { readonly kind: 'register'; readonly name: string; readonly type: VectorType }
  | {
      readonly kind: 'clocked';
      readonly clock: Vector;
      readonly reset: Vector | undefined;
      readonly enable: Vector | undefined;
      readonly updates: readonly Update[];
    }
  | {
      readonly kind: 'instance';
      readonly module: string;
      readonly name: string;
      readonly parameters: ReadonlyMap<string, Dimension>;
      readonly connections: readonly Connection[];
    }
  | {
      readonly kind: 'for';
      readonly label: string;
      readonly genvar: Variable;
      readonly descending: boolean;
      readonly body: readonly Statement[];
    }
  | {
      readonly kind: 'if';
      readonly cases: readonly (Block & { readonly condition: Condition })[];
      readonly otherwise: Block;
    }
  /** Bits that a narrowing operation dropped on purpose, read here so that lint knows. */
  | { readonly kind: 'dropped'; readonly name: string; readonly value: Vector };

/** A branch of a generate-if. */
export interface Block {
  readonly label: string;
  readonly body: readonly Statement[];
}

export interface Update {
  readonly register: string;
  readonly type: VectorType;
  readonly resetValue: Vector | undefined;
  readonly next: Vector;
}

/** A port of an instance with what is connected to it. */
export interface Connection {
  readonly port: string;
  readonly type: VectorType;
  readonly signal: Vector;
}
