/**
 * Every control register has a reset.
 *
 * A register is control, whatever its name, if it depends on nothing but control inputs (of one bit at every
 * parameter: valid, last, reset), or if `out_valid` or the enable of a register depends on it. Others carry
 * data, which means nothing before a beat and its valid bit have come.
 */
import { filesOf } from '../formal/elaborate.ts';
import { type Bit, type Cell, type Netlist, parseNetlist } from '../formal/netlist.ts';
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import type { Manifest } from '../hdl-gen/verilog/manifest.ts';
import { textOf, treeOf, yosys } from '../tools/yowasp.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

/** Every block as the top, flat. */
export async function checkControlRegisters(blocks: readonly GeneratedBlock[]): Promise<CheckResult> {
  const started = performance.now();
  const files = filesOf(blocks);
  const found: Record<string, Registers> = {};
  for (const { manifest } of blocks) {
    const script = [
      `read_verilog ${files.map(({ name }) => name).join(' ')}; hierarchy -check -top ${manifest.module}`,
      // Resets and enables become pins of the registers.
      'proc -noopt; flatten -noscopeinfo; opt_dff; opt_clean; write_json netlist.json',
    ].join('; ');
    const { files: written } = await yosys(script, treeOf(files), { quiet: true });
    found[manifest.module] = registersIn(
      parseNetlist(textOf(written, 'netlist.json'), manifest.module),
      manifest,
    );
  }
  const findings = Object.entries(found).flatMap(([module, { unreset }]) =>
    unreset.map((name) => `${module}: ${name} is control, and has no reset by rst`),
  );
  const count = Object.values(found).reduce((sum, { control }) => sum + control.length, 0);
  const check = 'every control register has a reset';
  return {
    check,
    method: `what ${count} registers depend on, and what depends on them, in the flat netlist of Yosys`,
    status: findings.length === 0 ? 'pass' : 'fail',
    seconds: (performance.now() - started) / 1000,
    findings,
    evidenceFile: evidenceFileOf(check),
    evidence: { blocks: found, findings },
  };
}

interface Registers {
  readonly control: readonly string[];
  /** Of the control registers. */
  readonly unreset: readonly string[];
  readonly data: readonly string[];
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
  const control = cells.filter(isControl);
  return {
    control: named(control),
    unreset: named(control.filter((cell) => !isReset(cell))),
    data: named(cells.filter((cell) => !isControl(cell))),
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
  for (const cell of Object.values(cells)) {
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
