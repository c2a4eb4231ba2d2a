/**
 * Described modules on simulators: one top module holds an instance for each wanted set of parameter values,
 * so that a single compilation shows what the same text does under all of them.
 */
import { type AnyModule, Dimension } from '../../hdl-gen/dsl/index.ts';
import { printModule } from '../../hdl-gen/verilog/module.ts';
import {
  createRows,
  type Design,
  fieldOf,
  getField,
  inputLayout,
  outputLayout,
  type Port,
  type Simulator,
  setField,
} from '../../sim/simulators/index.ts';

export type Parameters = Readonly<Record<string, number>>;
/** Values of ports by name. */
export type Values = Readonly<Record<string, bigint>>;

export interface Bench {
  readonly instances: readonly Instance[];
  readonly design: Design;
}

export interface Instance {
  readonly name: string;
  readonly module: AnyModule;
  readonly parameters: Parameters;
  /** Without the clock, under the module's own names. */
  readonly ports: readonly Port[];
}

/**
 * @param modules what to instantiate, each with the sets of parameter values; what they instantiate, too
 * @param clock name of the clock port, if any of the modules has one
 */
export function benchOf(
  modules: readonly { readonly module: AnyModule; readonly parameters: readonly Parameters[] }[],
  { clock }: { readonly clock?: string } = {},
): Bench {
  const instances = modules.flatMap(({ module, parameters }) =>
    parameters.map((values, index) => ({
      name: `${module.name}_${index}`,
      module,
      parameters: values,
      ports: portsOf(module, values).filter(({ name }) => name !== clock),
    })),
  );
  const outer = instances.flatMap(({ name, ports }) =>
    ports.map((port) => ({ ...port, name: `${name}_${port.name}` })),
  );
  const files = modules.map(({ module }) => ({
    name: `${module.name}.v`,
    text: verilogOf(module),
  }));
  const design: Design = {
    top: 'bench',
    files: [...files, { name: 'bench.v', text: benchText(instances, outer, clock) }],
    ports: [
      ...(clock === undefined ? [] : [{ name: clock, direction: 'input', signed: false, width: 1 } as const]),
      ...outer,
    ],
    ...(clock === undefined ? {} : { clock }),
  };
  return { instances, design };
}

/** The text of a module with the defaults that it declares. */
export function verilogOf(module: AnyModule): string {
  const defaults = Object.fromEntries(
    Object.entries(module.parameters).map(([name, spec]) => [name, spec.default]),
  );
  return printModule(module, defaults, 'Made by a test.');
}

export function portsOf(module: AnyModule, parameters: Parameters): readonly Port[] {
  const values = new Map(
    [...module.variables].map(([name, variable]) => [variable, Dimension.of(parameters[name] ?? Number.NaN)]),
  );
  return Object.entries(module.ports).map(([name, { direction, sign, width }]) => ({
    name,
    direction,
    signed: sign === 'signed',
    width: width.substitute(values).constantValue ?? Number.NaN,
  }));
}

function benchText(
  instances: readonly Instance[],
  outer: readonly Port[],
  clock: string | undefined,
): string {
  const clockPort = clock === undefined ? [] : [`input wire ${clock}`];
  const declared = outer.map(
    ({ name, direction, signed, width }) =>
      `${direction} wire ${signed ? 'signed ' : ''}[${width - 1}:0] ${name}`,
  );
  const bodies = instances.map(({ name, module, parameters, ports }) => {
    const values = Object.entries(parameters).map(([parameter, value]) => `.${parameter}(${value})`);
    const pins = [
      ...(clock !== undefined && clock in module.ports ? [`.${clock}(${clock})`] : []),
      ...ports.map((port) => `.${port.name}(${name}_${port.name})`),
    ];
    return `    ${module.name} ${values.length > 0 ? `#(${values.join(', ')}) ` : ''}${name} (${pins.join(', ')});`;
  });
  return `module bench (\n${[...clockPort, ...declared].join(',\n')}\n);\n${bodies.join('\n')}\nendmodule\n`;
}

/** For each instance, its outputs row by row; `undefined` where a simulator with four states knows no value. */
export type Outputs = ReadonlyMap<Instance, readonly Readonly<Record<string, bigint | undefined>>[]>;

/** Runs every instance beside the others, each with rows of inputs of its own, all equally many. */
export async function simulate(
  simulator: Simulator,
  { design, instances }: Bench,
  inputs: ReadonlyMap<Instance, readonly Values[]>,
): Promise<Outputs> {
  const into = inputLayout(design);
  const from = outputLayout(design);
  const count = Math.max(...[...inputs.values()].map((rows) => rows.length));
  const stimulus = createRows(into, count);
  for (const instance of instances) {
    for (const [row, values] of (inputs.get(instance) ?? []).entries()) {
      for (const [name, value] of Object.entries(values)) {
        setField(into, stimulus, row, fieldOf(into, `${instance.name}_${name}`), value);
      }
    }
  }
  const compiled = await simulator.compile(design);
  try {
    const { outputs, unknown } = await compiled.run(stimulus);
    return new Map(
      instances.map((instance) => {
        const names = instance.ports
          .filter(({ direction }) => direction === 'output')
          .map(({ name }) => name);
        const rows = Array.from({ length: count }, (_, row) =>
          Object.fromEntries(
            names.map((name) => {
              const field = fieldOf(from, `${instance.name}_${name}`);
              const known = unknown === undefined || getField(from, unknown, row, field) === 0n;
              return [name, known ? getField(from, outputs, row, field) : undefined];
            }),
          ),
        );
        return [instance, rows] as const;
      }),
    );
  } finally {
    await compiled.dispose();
  }
}
