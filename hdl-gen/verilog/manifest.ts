/**
 * The manifest beside each Verilog file: the interface as data, for test benches and scripts.
 */
import type { AnyModule, Sign } from '../dsl/index.ts';
import { Dimension } from '../dsl/index.ts';
import { GENERATOR } from '../version.ts';

/** A size as the Verilog writes it, and its value at the default parameters. */
export interface ManifestWidth {
  readonly expression: string;
  readonly bits: number;
}

export interface ManifestParameter {
  readonly name: string;
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly description: string;
}

export interface ManifestPort {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly sign: Sign;
  readonly width: ManifestWidth;
  readonly description: string;
}

export interface Manifest {
  readonly module: string;
  readonly file: string;
  readonly parameters: readonly ManifestParameter[];
  readonly ports: readonly ManifestPort[];
  /** Cycles from the last beat (for a pipelined rescaler: from the input) to its output; 0: combinational. */
  readonly latencyCycles: number;
  /** Modules, directly or below, that must be compiled with it. */
  readonly instantiates: readonly string[];
  readonly options: object;
  readonly generator: { readonly name: string; readonly version: string };
}

/** @param defaults values of the parameters, which the widths in bits are for */
export function manifestOf(
  module: AnyModule,
  defaults: Readonly<Record<string, number>>,
  facts: Pick<Manifest, 'latencyCycles' | 'instantiates' | 'options'>,
): Manifest {
  const parameters = Object.entries(module.parameters).map(([name, spec]) => ({
    name,
    default: defaults[name] ?? spec.default,
    minimum: spec.minimum,
    maximum: spec.maximum,
    description: spec.description,
  }));
  const values = new Map(
    parameters.flatMap((parameter) => {
      const variable = module.variables.get(parameter.name);
      return variable ? [[variable, Dimension.constant(parameter.default)] as const] : [];
    }),
  );
  const ports = Object.entries(module.ports).map(([name, { direction, sign, width, description }]) => ({
    name,
    direction,
    sign,
    width: { expression: width.toString(), bits: width.substitute(values).constantValue ?? Number.NaN },
    description,
  }));
  return {
    module: module.name,
    file: `${module.name}.v`,
    parameters,
    ports,
    ...facts,
    generator: GENERATOR,
  };
}
