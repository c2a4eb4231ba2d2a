/**
 * Which registers of a block are control, and which have a reset.
 *
 * A register is control, whatever its name, if it depends on nothing but control inputs (of one bit at every
 * parameter: valid, last, reset), or if `out_valid` or the enable of a register depends on it. Others carry
 * data, which means nothing before a beat and its valid bit have come.
 */
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import type { Manifest } from '../hdl-gen/verilog/manifest.ts';
import { textOf, treeOf, yosys } from '../tools/yowasp.ts';
import { filesOf } from './elaborate.ts';
import { type Bit, type Cell, type Netlist, parseNetlist } from './netlist.ts';

/** By name. */
export interface Registers {
  readonly control: readonly string[];
  readonly data: readonly string[];
  /** Of both: set by `rst` to a constant, at the rising edge. */
  readonly reset: readonly string[];
}

/**
 * Of the block with all that it instantiates.
 *
 * @param without instances of this module, whose registers are not listed
 * @throws ToolError, NetlistError
 */
export async function classifyRegisters(
  blocks: readonly GeneratedBlock[],
  manifest: Manifest,
  without?: string,
): Promise<Registers> {
  const files = filesOf(blocks);
  const script = [
    `read_verilog ${files.map(({ name }) => name).join(' ')}; hierarchy -check -top ${manifest.module}`,
    ...(without === undefined ? [] : [`setattr -mod -set keep_hierarchy 1 *${without}*`]),
    // Resets and enables become pins of the registers.
    'proc -noopt; flatten -noscopeinfo; opt_dff; opt_clean; write_json netlist.json',
  ].join('; ');
  const { files: written } = await yosys(script, treeOf(files), { quiet: true });
  return registersIn(parseNetlist(textOf(written, 'netlist.json'), manifest.module), manifest);
}

function registersIn(netlist: Netlist, { ports }: Manifest): Registers {
  const bitsOf = (name: string): readonly Bit[] => netlist.ports[name]?.bits ?? [];
  const dataInputs = ports.filter(
    ({ direction, width }) => direction === 'input' && width.expression !== '1',
  );
  const carriesData = reachable(
    netlist,
    dataInputs.flatMap(({ name }) => bitsOf(name)),
    'forward',
  );
  const cells = Object.values(netlist.cells).filter(isRegister);
  const decisions = [
    ...bitsOf('out_valid'),
    ...cells.flatMap(({ connections: { EN: enable = [] } }) => enable),
  ];
  const decides = reachable(netlist, decisions, 'backward');
  const isControl = ({ connections: { Q: q = [] } }: Cell): boolean =>
    q.some((bit) => !carriesData.has(bit) || decides.has(bit));
  const [rst] = bitsOf('rst');
  const isReset = ({ connections: { SRST: reset = [] }, parameters }: Cell): boolean => {
    const { SRST_POLARITY: polarity = '' } = parameters;
    return rst !== undefined && reset[0] === rst && polarity.endsWith('1');
  };
  const names = namesOfRegisters(netlist);
  const named = (some: readonly Cell[]): readonly string[] =>
    some.map(({ connections: { Q: q = [] } }) => names.get(q.join()) ?? `a part of net ${q[0]}`).toSorted();
  return {
    control: named(cells.filter(isControl)),
    data: named(cells.filter((cell) => !isControl(cell))),
    reset: named(cells.filter(isReset)),
  };
}

/** Bits that these reach through cells, registers among them, or from which these are reached. */
function reachable(
  { cells }: Netlist,
  from: readonly Bit[],
  direction: 'forward' | 'backward',
): ReadonlySet<Bit> {
  const leads = new Map<Bit, Cell[]>();
  const [start, end] =
    direction === 'forward' ? (['input', 'output'] as const) : (['output', 'input'] as const);
  const pins = ({ connections, port_directions }: Cell, side: string): readonly Bit[] =>
    Object.entries(connections)
      .filter(([pin]) => port_directions[pin] === side && pin !== 'CLK')
      .flatMap(([, bits]) => bits);
  // What an instance that is left out does inside is not looked at.
  for (const cell of Object.values(cells).filter(({ type }) => /^\$\w+$/.test(type))) {
    for (const bit of pins(cell, start)) {
      const known = leads.get(bit);
      if (known === undefined) leads.set(bit, [cell]);
      else known.push(cell);
    }
  }
  const reached = new Set<Bit>(from);
  const passed = new Set<Cell>();
  const waiting = [...from];
  for (let bit = waiting.pop(); bit !== undefined; bit = waiting.pop()) {
    if (typeof bit !== 'number') continue;
    for (const cell of leads.get(bit) ?? []) {
      if (passed.has(cell)) continue;
      passed.add(cell);
      for (const next of pins(cell, end)) {
        if (reached.has(next)) continue;
        reached.add(next);
        waiting.push(next);
      }
    }
  }
  return reached;
}

function isRegister({ type }: Cell): boolean {
  return /^\$.*dff/.test(type);
}

/** The shortest of the names of what a register holds. */
function namesOfRegisters({ netnames }: Netlist): ReadonlyMap<string, string> {
  const names = Object.entries(netnames)
    .filter(([, { hide_name }]) => hide_name === 0)
    .toSorted(([a], [b]) => b.length - a.length);
  return new Map(names.map(([name, { bits }]) => [bits.join(), name] as const));
}
