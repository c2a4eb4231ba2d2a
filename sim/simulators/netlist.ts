/** What the cxxrtl backend asks of a design's netlist, as Yosys' write_json gives it. */
import type { Hierarchy } from './cxxrtl-harness.ts';
import { type Design, type Port, SimulatorError } from './simulator.ts';

type Bit = number | string;

interface Cell {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly connections: Readonly<Record<string, readonly Bit[]>>;
}

export interface Netlist {
  readonly ports: Readonly<Record<string, { readonly direction: string; readonly bits: readonly Bit[] }>>;
  readonly cells: Readonly<Record<string, Cell>>;
}

/** @throws SimulatorError if the netlist has no such module. */
export function parseNetlist(json: string, top: string): Netlist {
  const { modules } = JSON.parse(json) as { modules: Readonly<Record<string, Netlist>> };
  const netlist = modules[top];
  if (netlist === undefined) throw new SimulatorError(`Yosys found no module ${top}`);
  return netlist;
}

/** @throws SimulatorError if the Verilog has other ports than the design says. */
export function checkPorts({ top, ports }: Design, netlist: Netlist): void {
  for (const port of ports) {
    const found = netlist.ports[port.name];
    if (found === undefined) throw new SimulatorError(`${top}: the Verilog has no port '${port.name}'`);
    const actual = describe({ ...port, direction: found.direction, width: found.bits.length });
    if (actual !== describe(port)) {
      throw new SimulatorError(`${top}: the Verilog has ${actual}, the design says ${describe(port)}`);
    }
  }
  const listed = new Set(ports.map(({ name }) => name));
  const missing = Object.keys(netlist.ports).find((name) => !listed.has(name));
  if (missing !== undefined) throw new SimulatorError(`${top}: the design does not list port '${missing}'`);
}

function describe({ name, direction, width }: Omit<Port, 'direction'> & { direction: string }): string {
  return `${direction} '${name}' of ${width} bit${width === 1 ? '' : 's'}`;
}

/**
 * CXXRTL sees edges of inputs, but misses those of clocks which the design makes itself.
 * @throws SimulatorError for a design with such a clock.
 */
export function checkClocks({ top }: Design, { ports, cells }: Netlist): void {
  const inputs = Object.values(ports).filter(({ direction }) => direction === 'input');
  const bits: ReadonlySet<Bit> = new Set(inputs.flatMap((port) => port.bits));
  for (const { connections } of Object.values(cells)) {
    const clocks = Object.entries(connections).filter(([pin]) => pin.endsWith('CLK'));
    // Constants, which are strings, stand at the clocks of unclocked memory ports.
    const derived = clocks
      .flatMap(([, pins]) => pins)
      .some((bit) => typeof bit === 'number' && !bits.has(bit));
    if (derived) {
      throw new SimulatorError(
        `${top}: a register takes its clock from logic inside, which cxxrtl cannot simulate; use verilator or icarus`,
      );
    }
  }
}

/** The ports of a design and what Yosys' `expose` has added to them, as outputs; copies of the clock apart. */
export function exposedHierarchy(design: Design, { ports }: Netlist): Hierarchy {
  const listed = new Set(design.ports.map(({ name }) => name));
  const added = Object.entries(ports).filter(([name]) => !listed.has(name));
  const clockBit = design.clock === undefined ? undefined : ports[design.clock]?.bits[0];
  const isClock = (bits: readonly Bit[]) => bits.length === 1 && bits[0] === clockBit;
  const output = ([name, { bits }]: (typeof added)[number]): Port => {
    return { name, direction: 'output', signed: false, width: bits.length };
  };
  return {
    ports: [...design.ports, ...added.filter(([, { bits }]) => !isClock(bits)).map(output)],
    clocks: Object.keys(ports).filter((name) => isClock(ports[name]?.bits ?? [])),
  };
}

/** Whether the design holds state of any kind. */
export function hasState({ cells }: Netlist): boolean {
  return Object.values(cells).some(isStateful);
}

/**
 * Whether all state is in registers that take the rising edge of `clock` itself and nothing else, and nothing
 * but registers sees the clock.
 */
export function isSynchronousTo(clock: string, { cells, ports }: Netlist): boolean {
  const clockBit = ports[clock]?.bits[0];
  if (clockBit === undefined) return false;
  const isClocked = ({ type, connections, parameters }: Cell) => {
    const { CLK } = connections;
    const { CLK_POLARITY } = parameters;
    return SYNCHRONOUS_REGISTERS.has(type) && CLK?.[0] === clockBit && CLK_POLARITY?.endsWith('1') === true;
  };
  const sees = (bits: readonly Bit[]) => bits.includes(clockBit);
  const seesAsData = ({ connections }: Cell) =>
    Object.entries(connections).some(([pin, bits]) => pin !== 'CLK' && sees(bits));
  return (
    Object.values(cells).every((cell) => (!isStateful(cell) || isClocked(cell)) && !seesAsData(cell)) &&
    !Object.values(ports).some(({ direction, bits }) => direction === 'output' && sees(bits))
  );
}

const SYNCHRONOUS_REGISTERS: ReadonlySet<string> = new Set(['$dff', '$dffe', '$sdff', '$sdffe', '$sdffce']);

/** Registers and latches have an output Q; memories, $print and $check a clock or an enable. */
const STATE_PINS = ['Q', 'CLK', 'RD_CLK', 'EN'];

function isStateful({ type, connections }: Cell): boolean {
  return !type.startsWith('$') || STATE_PINS.some((pin) => pin in connections);
}
