/**
 * The systolic array is a row of dot-product units with delayed inputs.
 *
 * The units are taken out: what they get and what they give are ports. What is left, the chain between them,
 * is compared with delays that are written here from the interface's description. One relation is shown to be
 * inductive, as in unit.ts: a cycle with reset establishes it, whatever was in the registers before, and a
 * cycle without keeps it; where it holds
 *
 * - unit u gets in_valid, in_last and x as they were u cycles ago, in_valid 0 where a reset has come since.
 *   Without in_valid the other two may be anything, which the unit does not look at (control proof);
 * - unit u gets its own part of every other input, of this very cycle;
 * - out_valid[u] and element u of out are what unit u gives.
 *
 * With what is proven of a unit, out_valid[u] follows a last beat by u cycles and the latency, and no value
 * from power-up reaches an output after a reset.
 */
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { type Claim, freeInputs, instance } from './claims.ts';
import { elaborate, filesOf } from './elaborate.ts';
import { type Netlist, NetlistError, registerOf, registersOf, requireClock, takeOut } from './netlist.ts';

/** Inputs of which every unit has its own part. */
const OWN = ['w', 'bias', 'multiplier', 'shift', 'zero_point', 'act_min', 'act_max'] as const;

/** @throws NetlistError, ToolError */
export async function chainClaim(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<Claim> {
  const { macs, units } = options;
  const array = await openArray(options, blocks);
  const all = Array.from({ length: units }, (_, unit) => unit);
  const hops = all.slice(1);
  const state = Object.fromEntries(
    hops.flatMap((unit) => [
      [`valid${unit}`, 1],
      [`last${unit}`, 1],
      [`x${unit}`, 8 * macs],
    ]),
  );
  /** What the delays hold for a unit, and what unit 0 gets. */
  const valid = (unit: number): string => (unit === 0 ? 'in_valid' : `valid${unit}`);
  const last = (unit: number): string => (unit === 0 ? 'in_last' : `last${unit}`);
  const x = (unit: number): string => (unit === 0 ? 'x' : `x${unit}`);
  const part = (port: string, unit: number): string => {
    const width = (array.ports[port]?.bits.length ?? 0) / units;
    return `${port}[${width * (unit + 1) - 1}:${width * unit}]`;
  };
  const related = hops.map(
    (unit) =>
      `control${unit}_q[1] == ${valid(unit)} && (!${valid(unit)} || control${unit}_q[0] == ${last(unit)} && beat${unit}_q == ${x(unit)})`,
  );
  const relatedNext = hops.map(
    (unit) =>
      `chain_control${unit}_d[1] == (!rst && ${valid(unit - 1)}) && (rst || !${valid(unit - 1)} || chain_control${unit}_d[0] == ${last(unit - 1)} && chain_beat${unit}_d == ${x(unit - 1)})`,
  );
  const asked = all.flatMap((unit) => [
    `chain_unit${unit}_rst == rst && chain_unit${unit}_in_valid == ${valid(unit)}`,
    `!${valid(unit)} || chain_unit${unit}_in_last == ${last(unit)} && chain_unit${unit}_x == ${x(unit)}`,
    ...OWN.map((port) => `chain_unit${unit}_${port} == ${part(port, unit)}`),
    `chain_out_valid[${unit}] == unit${unit}_out_valid && chain_${part('out', unit)} == unit${unit}_out`,
  ]);
  return {
    name: 'chain',
    circuits: { chain: array },
    inputs: { ...freeInputs(array), ...state },
    setting: [
      instance(array, 'chain', 'chain_'),
      `wire related = ${conjunction(related)};`,
      `wire related_next = ${conjunction(relatedNext)};`,
      `wire asked = ${conjunction(asked)};`,
    ].join('\n'),
    given: 'rst || related',
    holds: 'related_next && (!related || asked)',
  };
}

/** Without units and registers: `unit<u>_<port>`, `control<u>_q`, `beat<u>_d` are ports. */
async function openArray(
  { macs, k, units }: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<Netlist> {
  const netlist = await elaborate({
    files: filesOf(blocks),
    top: 'systolic_array',
    parameters: { UNITS: units, MACS: macs, K: k },
    keep: 'dot_product_unit',
  });
  const all = Array.from({ length: units }, (_, unit) => unit);
  const cells = Object.fromEntries(all.map((unit) => [`unit${unit}`, `lane[${unit}].unit`]));
  for (const [unit, cell] of Object.entries(cells)) {
    // These say which MACS and K it has.
    const { x = [], multiplier = [] } = netlist.cells[cell]?.connections ?? {};
    if (x.length !== 8 * macs || multiplier.length !== k) {
      throw new NetlistError(`${unit} has not MACS = ${macs}, K = ${k}`);
    }
  }
  const registers = Object.fromEntries(
    all.slice(1).flatMap((unit) => [
      [`control${unit}`, registerOf(netlist, `lane[${unit}].control`)],
      [`beat${unit}`, registerOf(netlist, `lane[${unit}].beat`)],
    ]),
  );
  const others = Object.keys(registersOf(netlist)).length - Object.keys(registers).length;
  if (others !== 0) throw new NetlistError('the chain has registers that delay neither control nor beats');
  requireClock(netlist, 'clk', { ...registers, ...cells });
  return takeOut(netlist, { ...registers, ...cells });
}

function conjunction(parts: readonly string[]): string {
  return parts.length === 0 ? "1'b1" : parts.map((part) => `(${part})`).join(' && ');
}
