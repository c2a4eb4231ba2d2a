/**
 * Netlists as Yosys writes them, and the two operations that split a proof: to cut at wires, and to take
 * registers or instances out. Both work on nets, so every name of a net is cut at once.
 */

/** A net, or a constant: '0', '1', 'x'. */
export type Bit = number | string;

export interface Port {
  readonly direction: string;
  readonly bits: readonly Bit[];
  readonly signed?: number;
}

export interface Cell {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly attributes: Readonly<Record<string, string>>;
  readonly port_directions: Readonly<Record<string, string>>;
  readonly connections: Readonly<Record<string, readonly Bit[]>>;
}

/** One module, flattened except for instances that are left on purpose. */
export interface Netlist {
  readonly ports: Readonly<Record<string, Port>>;
  readonly cells: Readonly<Record<string, Cell>>;
  readonly netnames: Readonly<Record<string, { readonly hide_name: number; readonly bits: readonly Bit[] }>>;
}

/** The netlist is not what a proof is made for. */
export class NetlistError extends Error {
  override readonly name = 'NetlistError';
}

/** @throws NetlistError unless the design has that module, without an undefined bit */
export function parseNetlist(json: string, module: string): Netlist {
  const { modules } = JSON.parse(json) as { readonly modules: Readonly<Record<string, Netlist>> };
  const netlist = modules[module];
  if (netlist === undefined) throw new NetlistError(`Yosys wrote no module ${module}`);
  const bits = [
    ...Object.values(netlist.ports).map((port) => port.bits),
    ...Object.values(netlist.cells).map(connectedBits),
  ];
  // A solver of two values would take it for a 0.
  if (bits.flat().some((bit) => bit === 'x' || bit === 'z')) {
    throw new NetlistError(`${module} has a constant that is neither 0 nor 1`);
  }
  return netlist;
}

/** As JSON that Yosys reads: each module under its name. */
export function printNetlists(modules: Readonly<Record<string, Netlist>>): string {
  return JSON.stringify({ modules });
}

/**
 * Cuts the netlist at wires: whoever reads one reads a free input instead.
 *
 * For each wire there are new ports: the input `<port>_in`, free bits; the output `<port>_read`, what readers
 * of the wire now read; the output `<port>_made`, what its driver makes. What is true of `<port>_made` for
 * all inputs is true of the wire without the cut. Bits that are constants or inputs are not cut; one that two
 * wires have is the same free bit for both.
 *
 * @param wires for each port the name of its wire
 * @throws NetlistError where a wire is missing
 */
export function cut(netlist: Netlist, wires: Readonly<Record<string, string>>): Netlist {
  const inputs = new Set(portsOf(netlist, 'input').flatMap(([, { bits }]) => bits));
  const replaced = new Map<Bit, Bit>();
  const ports: [string, Port][] = [];
  let next = firstFreeNet(netlist);
  for (const [port, name] of Object.entries(wires)) {
    const wire = netlist.netnames[name];
    if (wire === undefined) throw new NetlistError(`the circuit has no wire ${name}`);
    const first = next;
    // A net that another wire has cut already is read here, not made.
    const made = wire.bits.map((bit) => replaced.get(bit) ?? bit);
    for (const bit of wire.bits) {
      if (typeof bit === 'number' && !inputs.has(bit) && !replaced.has(bit)) replaced.set(bit, next++);
    }
    const free = Array.from({ length: next - first }, (_, i) => first + i);
    if (free.length > 0) ports.push([`${port}_in`, { direction: 'input', bits: free }]);
    const read = wire.bits.map((bit) => replaced.get(bit) ?? bit);
    ports.push([`${port}_read`, { direction: 'output', bits: read }]);
    ports.push([`${port}_made`, { direction: 'output', bits: made }]);
  }
  const reads = (bits: readonly Bit[]): readonly Bit[] => bits.map((bit) => replaced.get(bit) ?? bit);
  return {
    netnames: {},
    cells: mapValues(netlist.cells, (cell) => ({
      ...cell,
      connections: mapValues(cell.connections, (bits, pin) =>
        cell.port_directions[pin] === 'output' ? bits : reads(bits),
      ),
    })),
    ports: {
      ...mapValues(netlist.ports, (port) =>
        port.direction === 'output' ? { ...port, bits: reads(port.bits) } : port,
      ),
      ...Object.fromEntries(ports),
    },
  };
}

/**
 * Wires as outputs, too, nothing cut.
 *
 * @param wires for each port the name of its wire
 * @throws NetlistError where a wire is missing
 */
export function show(netlist: Netlist, wires: Readonly<Record<string, string>>): Netlist {
  const shown = mapValues(wires, (name): Port => {
    const wire = netlist.netnames[name];
    if (wire === undefined) throw new NetlistError(`the circuit has no wire ${name}`);
    return { direction: 'output', bits: wire.bits };
  });
  return { ...netlist, ports: { ...netlist.ports, ...shown } };
}

/** Cells of `takenOut` become ports: their outputs inputs named `<cell>_<pin>`, their inputs outputs. */
export function takeOut(netlist: Netlist, takenOut: Readonly<Record<string, string>>): Netlist {
  const cells = { ...netlist.cells };
  const ports: Record<string, Port> = { ...netlist.ports };
  for (const [port, name] of Object.entries(takenOut)) {
    const cell = cells[name];
    if (cell === undefined) throw new NetlistError(`the circuit has no cell ${name}`);
    delete cells[name];
    for (const [pin, bits] of Object.entries(cell.connections)) {
      const direction = cell.port_directions[pin] === 'output' ? 'input' : 'output';
      ports[`${port}_${pin.toLowerCase()}`] = { direction, bits };
    }
  }
  return { ...netlist, cells, ports };
}

/** Registers by the name of what they hold. */
export function registersOf(netlist: Netlist): Readonly<Record<string, string>> {
  const names = new Map(
    Object.entries(netlist.netnames)
      .filter(([, { hide_name }]) => hide_name === 0)
      .map(([name, { bits }]) => [bits.join(), name] as const),
  );
  return Object.fromEntries(
    Object.entries(netlist.cells)
      .filter(([, { type }]) => isRegister(type))
      .map(([cell, { connections }]) => {
        const { Q: q = [] } = connections;
        const held = names.get(q.join());
        if (held === undefined) throw new NetlistError(`register ${cell} has no name`);
        return [held, cell];
      }),
  );
}

/**
 * The register that holds a wire.
 *
 * @throws NetlistError where something else drives it
 */
export function registerOf({ cells, netnames }: Netlist, wire: string): string {
  const bits = netnames[wire]?.bits.join();
  const register = Object.entries(cells).find(
    ([
      ,
      {
        type,
        connections: { Q: q = [] },
      },
    ]) => isRegister(type) && q.join() === bits,
  );
  if (register === undefined) throw new NetlistError(`no register holds ${wire}`);
  return register[0];
}

/** @throws NetlistError unless every one of these cells takes the rising edge of the input `clock` */
export function requireClock(netlist: Netlist, clock: string, cells: Readonly<Record<string, string>>): void {
  const expected = netlist.ports[clock]?.bits.join();
  for (const [name, key] of Object.entries(cells)) {
    const cell = netlist.cells[key];
    if (cell === undefined) throw new NetlistError(`the circuit has no ${name}`);
    const { CLK: pin, clk = pin } = cell.connections;
    const { CLK_POLARITY: polarity = '' } = cell.parameters;
    const rising = !isRegister(cell.type) || polarity.endsWith('1');
    if (expected === undefined || clk?.join() !== expected || !rising) {
      throw new NetlistError(`${name} is not clocked by the rising edge of ${clock}`);
    }
  }
}

/** Every register a wire: what a circuit computes whose registers are delays and nothing else. */
export function withoutRegisters({ ports, cells, netnames }: Netlist): Netlist {
  const registers = Object.values(cells).filter(({ type }) => isRegister(type));
  const before = new Map(
    registers.flatMap(({ connections: { D: d = [], Q: q = [] } }) => q.map((bit, i) => [bit, d[i] ?? bit])),
  );
  // A chain of registers is followed to its start; uniformDelay excludes that it is a ring.
  const resolve = (bit: Bit): Bit => {
    const source = before.get(bit);
    return source === undefined || source === bit ? bit : resolve(source);
  };
  const resolved = (bits: readonly Bit[]): readonly Bit[] => bits.map(resolve);
  const gates = Object.entries(cells).filter(([, { type }]) => !isRegister(type));
  return {
    ports: mapValues(ports, (port) => ({ ...port, bits: resolved(port.bits) })),
    cells: mapValues(Object.fromEntries(gates), (cell) => ({
      ...cell,
      connections: mapValues(cell.connections, resolved),
    })),
    netnames: mapValues(netnames, (wire) => ({ ...wire, bits: resolved(wire.bits) })),
  };
}

/**
 * The number of registers between the inputs (the clock apart) and the outputs, if it is the same on every
 * path; a circuit of which this is true computes at each cycle a function of the inputs that many cycles ago.
 *
 * @throws NetlistError where two paths differ, or registers and gates make a loop
 */
export function uniformDelay(netlist: Netlist, clock: string): number {
  const delays = new Map<Bit, number>();
  const drivers = new Map<Bit, Cell>();
  for (const cell of Object.values(netlist.cells)) {
    for (const bit of pins(cell, 'output')) drivers.set(bit, cell);
  }
  for (const [name, { bits }] of portsOf(netlist, 'input')) {
    if (name !== clock) for (const bit of bits) delays.set(bit, 0);
  }
  const visiting = new Set<Cell>();
  const common = (bits: readonly Bit[], where: string): number | undefined => {
    const found = new Set(bits.filter((bit) => typeof bit === 'number').flatMap((bit) => delayOf(bit) ?? []));
    if (found.size > 1) throw new NetlistError(`${where} mixes delays of ${[...found].join(' and ')} cycles`);
    return [...found][0];
  };
  // Undefined: a function of constants, which is the same at every delay.
  const delayOf = (bit: Bit): number | undefined => {
    const known = delays.get(bit);
    if (known !== undefined) return known;
    const driver = drivers.get(bit);
    if (driver === undefined) throw new NetlistError(`net ${bit} has no driver`);
    if (visiting.has(driver)) throw new NetlistError(`a loop goes through a ${driver.type}`);
    visiting.add(driver);
    const { D: d } = driver.connections;
    const delay =
      isRegister(driver.type) && d
        ? addOne(common(d, 'a register'))
        : common(pins(driver, 'input'), `a ${driver.type}`);
    visiting.delete(driver);
    if (delay !== undefined) for (const made of pins(driver, 'output')) delays.set(made, delay);
    return delay;
  };
  const outputs = portsOf(netlist, 'output').flatMap(([, { bits }]) => bits);
  return common(outputs, 'the output') ?? 0;
}

const addOne = (delay: number | undefined): number | undefined =>
  delay === undefined ? undefined : delay + 1;

/** After `dffunmap` every register, of words or of bits, has no enable and no reset, nothing but a clock. */
export function isRegister(type: string): boolean {
  return type === '$dff' || type === '$_DFF_P_';
}

function pins(cell: Cell, direction: string): readonly Bit[] {
  return Object.entries(cell.connections)
    .filter(([pin]) => cell.port_directions[pin] === direction && pin !== 'CLK')
    .flatMap(([, bits]) => bits);
}

export function portsOf(netlist: Netlist, direction: 'input' | 'output'): readonly [string, Port][] {
  return Object.entries(netlist.ports).filter(([, port]) => port.direction === direction);
}

function connectedBits({ connections }: Cell): readonly Bit[] {
  return Object.values(connections).flat();
}

function firstFreeNet({ ports, cells, netnames }: Netlist): number {
  const used = [
    ...Object.values(ports).flatMap(({ bits }) => bits),
    ...Object.values(netnames).flatMap(({ bits }) => bits),
    ...Object.values(cells).flatMap(connectedBits),
  ];
  return used.reduce<number>((most, bit) => (typeof bit === 'number' ? Math.max(most, bit + 1) : most), 2);
}

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  change: (value: A, key: string) => B,
): Readonly<Record<string, B>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
