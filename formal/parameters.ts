/**
 * One file serves every parameter value: a file whose parameters are overridden is the circuit of the file
 * that was generated for those values.
 *
 * Both have the same ports and, by name, the same registers of the one clock. The claim is that from equal
 * inputs and equal registers come equal outputs and equal next values, so the two stay equal for ever once
 * they are. Registers without a reset are taken to start equal.
 */
import { type GeneratedBlock, type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import { type Claim, freeInputs, instance } from './claims.ts';
import { elaborate, filesOf } from './elaborate.ts';
import { type Netlist, NetlistError, portsOf, registersOf, requireClock, takeOut } from './netlist.ts';

/** Values of Verilog parameters, by name. */
export type ParameterValues = Readonly<Record<string, number>>;

/** The ends of the range of K, and sizes that are no powers of two; MACS and UNITS as far as it stays quick. */
const SAMPLES: readonly (readonly [top: string, ParameterValues])[] = [
  ['rescaler', { K: 1 }],
  ['rescaler', { K: 32 }],
  ['dot_product_unit', { MACS: 1, K: 32 }],
  ['dot_product_unit', { MACS: 12, K: 1 }],
  ['systolic_array', { UNITS: 1, MACS: 1, K: 7 }],
  ['systolic_array', { UNITS: 3, MACS: 3, K: 2 }],
];

/**
 * The files of a configuration, overridden, at a few other sizes.
 *
 * @throws NetlistError, ToolError
 */
export async function parameterClaims(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (const [top, values] of SAMPLES) {
    const { MACS: macs = options.macs, K: k = options.k, UNITS: units = options.units } = values;
    claims.push(await overrideClaim(top, values, generate({ ...options, macs, k, units }), blocks));
  }
  return claims;
}

/**
 * @param top a module that both have
 * @param generated for these values
 * @param other generated for any values
 * @throws NetlistError where ports or registers differ, ToolError
 */
export async function overrideClaim(
  top: string,
  values: ParameterValues,
  generated: readonly GeneratedBlock[],
  other: readonly GeneratedBlock[],
): Promise<Claim> {
  const gold = await openCircuit(top, generated, {});
  const gate = await openCircuit(top, other, values);
  const sizes = Object.entries(values).map(([name, value]) => `${name} = ${value}`);
  const name = `${top} with ${sizes.join(', ')}`;
  if (gold.shape !== gate.shape)
    throw new NetlistError(`${name} has other ports or registers than generated`);
  const equal = portsOf(gold.netlist, 'output').map(([port]) => `(gold_${port} == gate_${port})`);
  return {
    name,
    circuits: { generated: gold.netlist, overridden: gate.netlist },
    inputs: freeInputs(gold.netlist),
    setting: [
      instance(gold.netlist, 'generated', 'gold_'),
      instance(gate.netlist, 'overridden', 'gate_'),
    ].join('\n'),
    holds: equal.join(' && '),
  };
}

interface OpenCircuit {
  /** Without its registers, which are ports in the order of their names. */
  readonly netlist: Netlist;
  /** Directions and widths of ports, and names of registers. */
  readonly shape: string;
}

async function openCircuit(
  top: string,
  blocks: readonly GeneratedBlock[],
  parameters: ParameterValues,
): Promise<OpenCircuit> {
  const closed = await elaborate({ files: filesOf(blocks), top, parameters });
  const registers = registersOf(closed);
  requireClock(closed, 'clk', registers);
  // A name such as lane[0].unit.acc is none for a port; its place among the others is.
  const ordered = Object.entries(registers).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const netlist = takeOut(
    closed,
    Object.fromEntries(ordered.map(([, cell], place) => [`register${place}`, cell])),
  );
  const ports = Object.entries(netlist.ports).map(
    ([name, { direction, bits }]) => `${direction} ${name} ${bits.length}`,
  );
  return { netlist, shape: JSON.stringify([ports.toSorted(), ordered.map(([name]) => name)]) };
}
