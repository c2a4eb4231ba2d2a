/**
 * Expressions as plain data: what signals are made of and hdl-gen/verilog prints.
 */
import type { Dimension } from './dimension.ts';

export type Sign = 'signed' | 'unsigned';

/** Width and sign of a vector. */
export interface VectorType<S extends Sign = Sign> {
  readonly sign: S;
  readonly width: Dimension;
}

/** A value with its type. */
export interface Vector<S extends Sign = Sign> extends VectorType<S> {
  readonly expression: Expression;
}

/** How a value comes about. Operands know their sign and width. */
export type Expression =
  | { readonly kind: 'name'; readonly text: string }
  | { readonly kind: 'slice'; readonly base: string; readonly low: Dimension }
  | { readonly kind: 'literal'; readonly value: bigint }
  | { readonly kind: 'arithmetic'; readonly operator: '+' | '-' | '*'; readonly operands: Pair }
  /** The low bits of an operation that would grow: it may not be computed wider than it is. */
  | { readonly kind: 'modulo'; readonly operand: Vector }
  | { readonly kind: 'bitwise'; readonly operator: '&' | '|' | '^'; readonly operands: Pair }
  | {
      readonly kind: 'compare';
      readonly operator: Comparison;
      readonly operands: Pair;
      /** Width at which the operands are compared. */
      readonly width: Dimension;
    }
  | { readonly kind: 'not'; readonly operand: Vector }
  | { readonly kind: 'reduce'; readonly operator: '&' | '|' | '^'; readonly operand: Vector }
  | { readonly kind: 'shift'; readonly operator: '<<' | '>>'; readonly operands: Pair }
  /** Left by a known amount, within the width. */
  | { readonly kind: 'place'; readonly operand: Vector; readonly amount: Dimension }
  | { readonly kind: 'select'; readonly condition: Vector; readonly operands: Pair }
  | { readonly kind: 'concat'; readonly parts: readonly Vector[] }
  | { readonly kind: 'repeat'; readonly count: Dimension; readonly operand: Vector }
  | { readonly kind: 'extend'; readonly operand: Vector }
  | { readonly kind: 'reinterpret'; readonly operand: Vector };

export type Pair = readonly [Vector, Vector];
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';
