/**
 * Modules: parameters, typed ports, and a body that describes the hardware between them.
 *
 * The body returns one signal per output port, so that TypeScript refuses a module with an output missing
 * or of the wrong sign; widths are checked for every declared parameter value while the body runs.
 */
import { describeError } from './diagnostics.ts';
import { Dimension, type Variable } from './dimension.ts';
import { within } from './elaboration.ts';
import { requireIdentifier } from './identifier.ts';
import type {
  InputSignals,
  Module,
  OutputSignals,
  ParameterDimensions,
  ParameterSpecs,
  PortSpecs,
} from './ports.ts';
import { Scope } from './scope.ts';
import { type AnySignal, fitted, named } from './signal.ts';

/**
 * Describes a module.
 *
 * @throws HardwareDescriptionError where a width, an index or a name is wrong
 */
export function defineModule<P extends ParameterSpecs, T extends PortSpecs>(definition: {
  readonly name: string;
  readonly description: string;
  readonly parameters: P;
  readonly ports: (parameters: ParameterDimensions<P>) => T;
  readonly body: (
    scope: Scope,
    inputs: InputSignals<T>,
    parameters: ParameterDimensions<P>,
  ) => OutputSignals<T>;
}): Module<P, T> {
  const { name, description, parameters } = definition;
  requireIdentifier(name, 'module');
  const variables = new Map<string, Variable>();
  for (const [parameter, { minimum, maximum }] of Object.entries(parameters)) {
    requireIdentifier(parameter, `${name}: parameter`);
    variables.set(parameter, {
      kind: 'parameter',
      name: parameter,
      minimum: Dimension.constant(minimum),
      maximum: Dimension.constant(maximum),
    });
  }
  const dimensions = Object.fromEntries(
    [...variables].map(([parameter, variable]) => [parameter, Dimension.variable(variable)]),
  ) as ParameterDimensions<P>;
  const ports = definition.ports(dimensions);
  const inputs = Object.fromEntries(
    Object.entries(ports)
      .filter(([, { direction }]) => direction === 'input')
      .map(([text, spec]) => [text, named(text, spec)]),
  ) as InputSignals<T>;
  const names = new Set(variables.keys());
  for (const text of Object.keys(ports)) {
    requireIdentifier(text, `${name}: port`);
    if (names.has(text)) throw describeError(`${name}.${text} is declared twice`, 'choose another name');
    names.add(text);
  }
  const statements = within({ module: name, guards: [], names }, (list) => {
    const scope = new Scope(names);
    const outputs: Readonly<Record<string, AnySignal>> = definition.body(scope, inputs, dimensions);
    scope.finish();
    for (const [target, { direction, sign, width, location }] of Object.entries(ports)) {
      const value = direction === 'output' ? outputs[target] : undefined;
      if (!value) continue;
      list.push({
        kind: 'assign',
        target: named(target, { sign, width }),
        value: fitted(`${name}.${target}`, value, width, location),
      });
    }
  });
  return { name, description, parameters, variables, ports, statements };
}
