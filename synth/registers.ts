/**
 * Names of registers in a mapped netlist, out of Yosys' dump of its flip-flops and inverters.
 *
 * ABC sees wires. A path begins at a port or at the output of a flip-flop, and ends at a port or at the wire
 * into one, which has a name of Yosys' making. The register that it stands for is the named wire at the
 * flip-flop's output, maybe behind an inverter.
 */

export interface Registers {
  /** For the wire at the output of a flip-flop, the register. */
  readonly byOutput: ReadonlyMap<string, string>;
  /** For the wire at the input of a flip-flop, the register. */
  readonly byInput: ReadonlyMap<string, string>;
}

/** @param outputPins of the flip-flops of the library, by cell */
export function registersOf(
  dump: string,
  outputPins: Readonly<Record<string, readonly string[]>>,
): Registers {
  const cells = [...dump.matchAll(/^ *cell (\S+) \S+\n(.*?)^ *end$/gms)].map(([, type = '', body = '']) => ({
    type: type.replace(/^\\/, ''),
    pins: [...body.matchAll(/^ *connect \\(\S+) (.*)$/gm)].map(([, pin = '', wire = '']) => ({ pin, wire })),
  }));
  const inverted = new Map<string, string>();
  for (const { type, pins } of cells) {
    if (type !== '$_NOT_') continue;
    const [input, output] = ['A', 'Y'].map((name) => pins.find(({ pin }) => pin === name)?.wire);
    if (input !== undefined && output !== undefined && isNamed(output)) inverted.set(input, output);
  }
  const byOutput = new Map<string, string>();
  const byInput = new Map<string, string>();
  for (const { type, pins } of cells) {
    const outputs = outputPins[type];
    if (outputs === undefined) continue;
    const wires = pins.filter(({ pin }) => outputs.includes(pin)).map(({ wire }) => wire);
    const register = wires.map((wire) => (isNamed(wire) ? wire : inverted.get(wire))).find(Boolean);
    if (register === undefined) continue;
    for (const wire of wires) byOutput.set(wire, register);
    for (const { pin, wire } of pins) if (!outputs.includes(pin)) byInput.set(wire, register);
  }
  return { byOutput, byInput };
}

export function startPointName(wire: string, { byOutput }: Registers): string {
  return plain(byOutput.get(wire) ?? wire);
}

/** A port keeps its name where it is also the wire into no register. */
export function endPointName(wire: string, { byInput }: Registers): string {
  return plain(byInput.get(wire) ?? wire);
}

/** Named in the Verilog, not by Yosys. */
function isNamed(wire: string): boolean {
  return wire.startsWith('\\');
}

/** `\acc [5]` of RTLIL as `acc[5]`. */
function plain(wire: string): string {
  return wire.replace(/^\\/, '').replace(/ \[/, '[');
}
