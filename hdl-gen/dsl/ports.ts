/**
 * What a module shows to the outside: parameters, and ports with direction, sign and symbolic width.
 */
import { callerLocation } from './diagnostics.ts';
import { Dimension, type DimensionLike, type Variable } from './dimension.ts';
import type { Sign } from './expression.ts';
import type { Signal } from './signal.ts';
import type { Statement } from './statement.ts';

/** A parameter that the emitted module keeps, with the values for which it is proven. */
export interface ParameterSpec {
  readonly minimum: number;
  readonly maximum: number;
  readonly default: number;
  readonly description: string;
}

export interface PortSpec<D extends Direction = Direction, S extends Sign = Sign> {
  readonly direction: D;
  readonly sign: S;
  readonly width: Dimension;
  readonly description: string;
  /** The line that declares it, for messages. */
  readonly location: string;
}

export type Direction = 'input' | 'output';
export type ParameterSpecs = Readonly<Record<string, ParameterSpec>>;
export type PortSpecs = Readonly<Record<string, PortSpec>>;

/** The dimensions that stand for the parameters inside a module. */
export type ParameterDimensions<P extends ParameterSpecs> = { readonly [N in keyof P]: Dimension };

/** What goes into a module, by port name. */
export type InputSignals<T extends PortSpecs> = {
  readonly [N in keyof T as T[N]['direction'] extends 'input' ? N : never]: Signal<T[N]['sign']>;
};

/** What comes out of a module, by port name. */
export type OutputSignals<T extends PortSpecs> = {
  readonly [N in keyof T as T[N]['direction'] extends 'output' ? N : never]: Signal<T[N]['sign']>;
};

/** A described module: enough to print it, to instantiate it, and to write its manifest. */
export interface Module<P extends ParameterSpecs = ParameterSpecs, T extends PortSpecs = PortSpecs> {
  readonly name: string;
  readonly description: string;
  readonly parameters: P;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly ports: T;
  readonly statements: readonly Statement[];
}

/** Any module, where its ports need no types: printing and manifests. */
export type AnyModule = Module<ParameterSpecs, PortSpecs>;

export const input = {
  signed: (width: DimensionLike, description: string) => port('input', 'signed', width, description),
  unsigned: (width: DimensionLike, description: string) => port('input', 'unsigned', width, description),
};

export const output = {
  signed: (width: DimensionLike, description: string) => port('output', 'signed', width, description),
  unsigned: (width: DimensionLike, description: string) => port('output', 'unsigned', width, description),
};

function port<D extends Direction, S extends Sign>(
  direction: D,
  sign: S,
  width: DimensionLike,
  description: string,
): PortSpec<D, S> {
  return { direction, sign, width: Dimension.of(width), description, location: callerLocation() };
}
