/**
 * The clock period of a unit whose multiplications are in DSPs.
 *
 * nextpnr takes every port of an SB_MAC16 for that of a register, clocked by the constant at its unused clock
 * pin, so that no path is seen in one piece: what it reports are the worst pieces into the DSPs, between them
 * and out of them. Put together with the delay of the DSP itself, along the longest chain of DSPs in the
 * netlist, they bound the period from above: the worst pieces need not meet on one path.
 */

/** Slowest arc from an operand to an output without registers, rounded up, of icestorm's up5k data (7.66 ns). */
const DSP_NS = 8;

/** The slowest pieces in ns; 0 where there are none. */
export interface Pieces {
  readonly registerToRegister: number;
  readonly registerToDsp: number;
  readonly dspToDsp: number;
  readonly dspToRegister: number;
}

/** @param chain how many DSPs a path goes through at most */
export function boundPeriodNs(pieces: Pieces, chain: number): number {
  if (chain === 0) return pieces.registerToRegister;
  const through =
    pieces.registerToDsp + chain * DSP_NS + (chain - 1) * pieces.dspToDsp + pieces.dspToRegister;
  return Math.max(pieces.registerToRegister, through);
}

/** Most DSPs in a row between registers, in a netlist as write_json writes it. */
export function longestDspChain(netlist: string, top: string): number {
  const { modules } = JSON.parse(netlist) as Netlist;
  const cells = Object.values(modules[top]?.cells ?? {}).filter(({ type }) => COMBINATIONAL.has(type));
  const driver = new Map<number, Cell>();
  for (const cell of cells) {
    for (const bit of bitsOf(cell, 'output')) driver.set(bit, cell);
  }
  const known = new Map<Cell, number>();
  const chainTo = (cell: Cell): number => {
    const found = known.get(cell);
    if (found !== undefined) return found;
    known.set(cell, 0);
    let before = 0;
    for (const bit of bitsOf(cell, 'input')) {
      const source = driver.get(bit);
      if (source) before = Math.max(before, chainTo(source));
    }
    const chain = before + (cell.type === DSP ? 1 : 0);
    known.set(cell, chain);
    return chain;
  };
  return cells.reduce((longest, cell) => Math.max(longest, chainTo(cell)), 0);
}

const DSP = 'SB_MAC16';
const COMBINATIONAL: ReadonlySet<string> = new Set([DSP, 'SB_LUT4', 'SB_CARRY']);

interface Netlist {
  readonly modules: Readonly<Record<string, { readonly cells: Readonly<Record<string, Cell>> }>>;
}

interface Cell {
  readonly type: string;
  readonly port_directions: Readonly<Record<string, string>>;
  /** Numbers of nets; constants are strings. */
  readonly connections: Readonly<Record<string, readonly (number | string)[]>>;
}

function bitsOf(cell: Cell, direction: 'input' | 'output'): readonly number[] {
  return Object.entries(cell.connections).flatMap(([port, bits]) =>
    cell.port_directions[port] === direction ? bits.filter((bit) => typeof bit === 'number') : [],
  );
}
