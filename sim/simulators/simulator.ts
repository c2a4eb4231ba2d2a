/**
 * The interface behind which three simulators run the same Verilog text.
 *
 * A stimulus and a response are tables of 32-bit words, one row for each clock cycle (see rows.ts). In row t
 * the inputs are applied, the logic settles, the outputs are sampled, and then the clock rises: outputs show
 * the state before the edge of their own row. Every run starts from power-up, which is zero (or the value of
 * an `initial` block) on simulators with two states and X on Icarus.
 */

export type SimulatorName = 'cxxrtl' | 'verilator' | 'icarus';

export interface Port {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly signed: boolean;
  /** In bits, at least 1. */
  readonly width: number;
}

export interface SourceFile {
  /** Relative path, as it should appear in error messages. */
  readonly name: string;
  readonly text: string;
}

export interface Design {
  /** Name of the top module. */
  readonly top: string;
  /** Verilog-2005. */
  readonly files: readonly SourceFile[];
  /** Every port of the top module, clock included. */
  readonly ports: readonly Port[];
  /** Name of the one-bit clock input, whose rising edge counts; absent in a combinational design. */
  readonly clock?: string;
}

export interface Response {
  /** Rows of outputs; bits that are unknown are 0 here. */
  readonly outputs: Uint32Array;
  /** Same shape, 1 where an output bit is X or Z. Only simulators with four states have it. */
  readonly unknown?: Uint32Array;
}

export interface CompiledDesign {
  /** Differs whenever anything but the stimulus differs that a response depends on: design, harness, tool. */
  readonly fingerprint: string;
  /**
   * Runs every row of the stimulus from power-up. Bits above a port's width are ignored.
   * @throws SimulatorError if the stimulus is not a whole number of rows, or the simulator fails.
   */
  run(stimulus: Uint32Array): Promise<Response>;
  /**
   * Runs the stimulus and returns a VCD text with every signal of the hierarchy. Row t lasts from 10 t to
   * 10 t + 10 ns with its outputs settled at its end, where the clock rises. The first call builds a second,
   * slower simulator. Words of memories are not in it on cxxrtl.
   */
  waveform(stimulus: Uint32Array): Promise<string>;
  /** Removes what the design holds on disk. Safe to call twice; without it, process exit does the same. */
  dispose(): Promise<void>;
}

export interface Simulator {
  readonly name: SimulatorName;
  /** @throws SimulatorError, saying what to install, if a tool that it runs is not there. */
  requireInstalled(): Promise<void>;
  /** @throws SimulatorError with the tool's own words if it is not installed, or refuses the design. */
  compile(design: Design): Promise<CompiledDesign>;
}

export interface SimulatorOptions {
  /** Where compiled simulators are kept; `false` keeps none. See `defaultCacheDirectory`. */
  readonly cacheDirectory?: string | false;
  /** Told of each tool that really ran, and for how long. A compilation out of the cache calls none. */
  readonly onStage?: (stage: string, milliseconds: number) => void;
}

/** A design or a tool is at fault; the message says which, in the tool's own words where there are any. */
export class SimulatorError extends Error {
  override readonly name = 'SimulatorError';
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_$]*$/;
const RELATIVE_PATH = /^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]*$/;

/** @throws SimulatorError if the description contradicts itself; the Verilog is the simulators' to judge. */
export function checkDesign(design: Design): void {
  const complaint = firstComplaint(design);
  if (complaint !== undefined) throw new SimulatorError(`${design.top}: ${complaint}`);
}

function firstComplaint({ top, files, ports, clock }: Design): string | undefined {
  if (!IDENTIFIER.test(top)) return `'${top}' is not a plain Verilog identifier`;
  if (files.length === 0) return 'there are no source files';
  for (const { name } of files) {
    if (!RELATIVE_PATH.test(name))
      return `'${name}' is not a relative path of letters, digits, '_', '-' and '.'`;
  }
  const names = new Set<string>();
  for (const { name, width } of ports) {
    if (!IDENTIFIER.test(name)) return `port '${name}' is not a plain Verilog identifier`;
    if (names.has(name)) return `port '${name}' is listed twice`;
    if (!Number.isSafeInteger(width) || width < 1) return `port '${name}' has a width of ${width} bits`;
    names.add(name);
  }
  if (!ports.some(({ direction }) => direction === 'output')) return 'there are no outputs to observe';
  if (clock === undefined) return undefined;
  const port = ports.find(({ name }) => name === clock);
  if (port?.direction !== 'input' || port.width !== 1) return `clock '${clock}' is not a one-bit input`;
  return undefined;
}
