/**
 * Parallel fault simulation: a netlist of gates on 32 lanes at once, each a bit of a machine word. All lanes
 * see the same vectors; what tells them apart is which mutant is awake. Lane 0 has none, so each run shows
 * again that the circuit itself is right.
 */
import { type Bit, type Cell, type Netlist, NetlistError, portsOf } from '../formal/netlist.ts';
import type { Design } from '../hdl-gen/design.ts';
import type { Expectation, Stimulus } from '../sim/bench.ts';
import { type Field, inputLayout, outputLayout } from '../sim/simulators/rows.ts';

/** Mutants that run at once. */
export const LANES = 31;

/** What gates compute of A, B (and S), each pin a word of lanes. */
const GATES: readonly string[] = ['$_NOT_', '$_AND_', '$_OR_', '$_XOR_', '$_XNOR_', '$_MUX_'];

const REGISTER = '$_DFF_P_';

/** A netlist, ordered so that each gate comes after those that it reads. */
export interface LaneCircuit {
  readonly nets: number;
  /** Gates of one kind that stand together: kind, first, end. */
  readonly runs: readonly (readonly [kind: number, first: number, end: number])[];
  readonly y: Int32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly s: Int32Array;
  readonly registers: readonly (readonly [q: number, d: number])[];
  readonly inputs: readonly PortBits[];
  readonly outputs: readonly PortBits[];
  readonly inputWords: number;
  readonly outputWords: number;
  /** Net of every other input. */
  readonly switches: ReadonlyMap<string, number>;
}

interface PortBits {
  /** Word of the row, and bit of the word. */
  readonly word: number;
  readonly shift: number;
  readonly net: number;
}

const ZERO = 0;
const ONE = 1;

/**
 * @param netlist of gates and registers; inputs that the design does not list are the switches of mutants
 * @throws NetlistError for another cell, or a loop
 */
export function laneCircuit(netlist: Netlist, design: Design): LaneCircuit {
  const numbers = new Map<Bit, number>([
    ['0', ZERO],
    ['1', ONE],
  ]);
  const numberOf = (bit: Bit | undefined): number => {
    if (bit === undefined) return ZERO;
    const known = numbers.get(bit);
    if (known !== undefined) return known;
    numbers.set(bit, numbers.size);
    return numbers.size - 1;
  };
  const fieldBits = ({ port, offset }: Field): readonly PortBits[] =>
    (netlist.ports[port.name]?.bits ?? []).map((bit, i) => ({
      word: offset + (i >> 5),
      shift: i & 31,
      net: numberOf(bit),
    }));
  const [inputs, outputs] = [inputLayout(design), outputLayout(design)];
  const listed = new Set(design.ports.map(({ name }) => name));
  const switches = portsOf(netlist, 'input').filter(([name]) => !listed.has(name));
  const cells = Object.values(netlist.cells);
  const registers = cells.filter(({ type }) => type === REGISTER);
  const clock = netlist.ports[design.clock ?? '']?.bits[0];
  for (const { connections } of registers) {
    const { C: c } = connections;
    if (c?.[0] !== clock)
      throw new NetlistError(`a register is not clocked by ${design.clock ?? 'anything'}`);
  }
  const gates = ordered(cells.filter(({ type }) => type !== REGISTER));
  const pin = (cell: Cell, name: string): number => numberOf(cell.connections[name]?.[0]);
  const pins = (name: string): Int32Array => Int32Array.from(gates, ({ cell }) => pin(cell, name));
  return {
    inputs: inputs.fields.flatMap(fieldBits),
    outputs: outputs.fields.flatMap(fieldBits),
    inputWords: inputs.words,
    outputWords: outputs.words,
    switches: new Map(switches.map(([name, { bits }]) => [name, numberOf(bits[0])])),
    registers: registers.map((cell) => [pin(cell, 'Q'), pin(cell, 'D')]),
    y: pins('Y'),
    a: pins('A'),
    b: pins('B'),
    s: pins('S'),
    runs: runsOf(gates),
    nets: numbers.size,
  };
}

interface Gate {
  readonly cell: Cell;
  readonly kind: number;
  /** Gates on the longest way to it. */
  readonly level: number;
}

/** By level, and within a level by kind. */
function ordered(cells: readonly Cell[]): readonly Gate[] {
  const drivers = new Map(cells.map((cell) => [outputOf(cell), cell]));
  const levels = new Map<Cell, number>();
  const visiting = new Set<Cell>();
  const levelOf = (cell: Cell): number => {
    const known = levels.get(cell);
    if (known !== undefined) return known;
    if (visiting.has(cell)) throw new NetlistError(`a loop goes through a ${cell.type}`);
    visiting.add(cell);
    let level = 0;
    for (const [name, [bit]] of Object.entries(cell.connections)) {
      const driver = name === 'Y' ? undefined : drivers.get(bit);
      if (driver !== undefined) level = Math.max(level, levelOf(driver) + 1);
    }
    levels.set(cell, level);
    return level;
  };
  return cells
    .map((cell): Gate => {
      const kind = GATES.indexOf(cell.type);
      if (kind < 0) throw new NetlistError(`a cell of type ${cell.type} is no gate`);
      return { cell, kind, level: levelOf(cell) };
    })
    .toSorted((one, other) => one.level - other.level || one.kind - other.kind);
}

function outputOf({ connections: { Y: y = [] } }: Cell): Bit | undefined {
  return y[0];
}

function runsOf(gates: readonly Gate[]): LaneCircuit['runs'] {
  const starts = gates.flatMap(({ kind, level }, i) => {
    const before = gates[i - 1];
    return before?.kind === kind && before.level === level ? [] : [i];
  });
  return starts.map((first, i) => [gates[first]?.kind ?? 0, first, starts[i + 1] ?? gates.length]);
}

/**
 * Runs the vectors from power-up, which is zero, until every mutant has shown itself or there are no more.
 *
 * @param awake up to {@link LANES} switches
 * @returns the first row with an output that is wrong, if there is one: first without a mutant, then for each
 */
export function firstMismatches(
  circuit: LaneCircuit,
  stimulus: Stimulus,
  { outputs: expected, firstChecked }: Expectation,
  awake: readonly string[],
): readonly (number | undefined)[] {
  const { inputs, outputs, inputWords, outputWords, registers, switches } = circuit;
  const values = new Int32Array(circuit.nets);
  values[ONE] = -1;
  for (const [i, name] of awake.entries()) {
    const net = switches.get(name);
    // Swept away with the gate that it was for: the mutant changes nothing.
    if (net !== undefined) values[net] = 1 << (i + 1);
  }
  const found: (number | undefined)[] = Array.from({ length: awake.length + 1 });
  // Lanes that have shown nothing yet; nobody asks for those without a mutant.
  let alive = awake.length === LANES ? -1 : (1 << (awake.length + 1)) - 1;
  const waitedFor = awake.length === 0 ? 1 : alive & ~1;
  const rows = stimulus.length / inputWords;
  const next = new Int32Array(registers.length);
  for (let row = 0; row < rows && (alive & waitedFor) !== 0; row += 1) {
    for (const { word, shift, net } of inputs) {
      values[net] = -(((stimulus[row * inputWords + word] ?? 0) >>> shift) & 1);
    }
    evaluate(circuit, values);
    if (row >= firstChecked) {
      let wrong = 0;
      for (const { word, shift, net } of outputs) {
        wrong |= (values[net] ?? 0) ^ -(((expected[row * outputWords + word] ?? 0) >>> shift) & 1);
      }
      for (let caught = wrong & alive; caught !== 0; caught &= caught - 1) {
        found[31 - Math.clz32(caught & -caught)] = row;
      }
      alive &= ~wrong;
    }
    for (const [i, [, d]] of registers.entries()) next[i] = values[d] ?? 0;
    for (const [i, [q]] of registers.entries()) values[q] = next[i] ?? 0;
  }
  return found;
}

function evaluate({ runs, y, a, b, s }: LaneCircuit, values: Int32Array): void {
  const at = (pins: Int32Array, i: number): number => values[pins[i] ?? 0] ?? 0;
  for (const [kind, first, end] of runs) {
    switch (GATES[kind]) {
      case '$_NOT_':
        for (let i = first; i < end; i += 1) values[y[i] ?? 0] = ~at(a, i);
        break;
      case '$_AND_':
        for (let i = first; i < end; i += 1) values[y[i] ?? 0] = at(a, i) & at(b, i);
        break;
      case '$_OR_':
        for (let i = first; i < end; i += 1) values[y[i] ?? 0] = at(a, i) | at(b, i);
        break;
      case '$_XOR_':
        for (let i = first; i < end; i += 1) values[y[i] ?? 0] = at(a, i) ^ at(b, i);
        break;
      case '$_XNOR_':
        for (let i = first; i < end; i += 1) values[y[i] ?? 0] = ~(at(a, i) ^ at(b, i));
        break;
      case '$_MUX_':
        for (let i = first; i < end; i += 1) {
          values[y[i] ?? 0] = (at(b, i) & at(s, i)) | (at(a, i) & ~at(s, i));
        }
        break;
    }
  }
}
