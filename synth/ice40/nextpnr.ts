/**
 * nextpnr-ice40 as it comes from npm, compiled to WebAssembly. The package is optional, because it weighs
 * 223 MB and nothing else needs it.
 */
import { type Command, packageVersion } from '../../tools/yowasp.ts';
import type { Pieces } from './dsp-timing.ts';

const PACKAGE = '@yowasp/nextpnr-ice40';

/** nextpnr is not installed, or did not place and route; the message says which, in its own words. */
export class NextpnrError extends Error {
  override readonly name = 'NextpnrError';
}

export interface Device {
  readonly name: 'hx8k' | 'up5k';
  readonly package: string;
  /** As synth_ice40 names the family. */
  readonly family: 'hx' | 'u';
  readonly logicCells: number;
  readonly dsps: number;
}

export const DEVICES: Readonly<Record<Device['name'], Device>> = {
  hx8k: { name: 'hx8k', package: 'ct256', family: 'hx', logicCells: 7680, dsps: 0 },
  up5k: { name: 'up5k', package: 'sg48', family: 'u', logicCells: 5280, dsps: 8 },
};

/** One placement. */
export interface Placement {
  readonly pieces: Pieces;
  readonly logicCells: number;
  /** Cells on the slowest path between registers. */
  readonly criticalCells: readonly string[];
}

/**
 * Name and version of the package.
 *
 * @throws NextpnrError, saying what to install, when it is not there
 */
export function requireNextpnr(): string {
  try {
    return packageVersion(PACKAGE);
  } catch {
    throw new NextpnrError(
      `the target ice40 needs ${PACKAGE}, which is not installed: npm install ${PACKAGE} (223 MB)`,
    );
  }
}

export function nextpnrArguments(device: Device, seed: number | string): readonly string[] {
  const part = [`--${device.name}`, '--package', device.package];
  return [
    ...part,
    '--json',
    'wrapped.json',
    '--seed',
    `${seed}`,
    '--timing-allow-fail',
    '--report',
    'report.json',
  ];
}

/**
 * Places and routes a netlist as Yosys' write_json writes it.
 *
 * @throws NextpnrError when the package is missing, or the netlist does not fit
 */
export async function placeAndRoute(
  netlist: Uint8Array | string,
  device: Device,
  seed: number,
): Promise<Placement> {
  requireNextpnr();
  // Not a literal, so that the project compiles without the package.
  const { runNextpnrIce40 } = (await import(PACKAGE)) as { readonly runNextpnrIce40: Command };
  const printed: Uint8Array[] = [];
  const print = (bytes: Uint8Array | null) => {
    if (bytes !== null) printed.push(bytes.slice());
  };
  try {
    const files = { 'wrapped.json': netlist };
    const options = { stdout: print, stderr: print, decodeASCII: false };
    const results = (await runNextpnrIce40([...nextpnrArguments(device, seed)], files, options)) ?? {};
    const report = results['report.json'];
    if (!(report instanceof Uint8Array)) throw new Error('no report');
    return placementOf(JSON.parse(Buffer.from(report).toString()) as TimingReport);
  } catch (error) {
    throw new NextpnrError(explain(Buffer.concat(printed).toString(), error, device));
  }
}

/** What is read of nextpnr's JSON report. */
interface TimingReport {
  readonly fmax: Readonly<Record<string, { readonly achieved: number }>>;
  readonly utilization: { readonly ICESTORM_LC: { readonly used: number } };
  /** The slowest path between each two clocks. */
  readonly critical_paths: readonly CriticalPath[];
}

interface CriticalPath {
  readonly from: string;
  readonly to: string;
  readonly path: readonly {
    readonly delay: number;
    readonly from: { readonly cell: string };
    readonly to: { readonly cell: string };
  }[];
}

function placementOf({ fmax, utilization, critical_paths: paths }: TimingReport): Placement {
  const [clock, ...others] = Object.keys(fmax).filter((name) => !name.startsWith(DSP_CLOCK));
  if (clock === undefined || others.length > 0) throw new Error('the report has not exactly one clock');
  const between = (from: string, to: string) =>
    paths.find((path) => path.from.startsWith(`posedge ${from}`) && path.to.startsWith(`posedge ${to}`));
  const nanoseconds = (path?: CriticalPath) => (path?.path ?? []).reduce((sum, { delay }) => sum + delay, 0);
  const slowest = between(clock, clock);
  return {
    pieces: {
      registerToRegister: 1000 / (fmax[clock]?.achieved ?? 0),
      registerToDsp: nanoseconds(between(clock, DSP_CLOCK)),
      dspToDsp: nanoseconds(between(DSP_CLOCK, DSP_CLOCK)),
      dspToRegister: nanoseconds(between(DSP_CLOCK, clock)),
    },
    logicCells: utilization.ICESTORM_LC.used,
    criticalCells: (slowest?.path ?? []).flatMap(({ from, to }) => [from.cell, to.cell]),
  };
}

/** What nextpnr takes for the clock of DSPs without registers. */
const DSP_CLOCK = '$PACKER_GND_NET';

/** A netlist that is too large ends in a trap instead of an error, but the usage is printed before that. */
function explain(output: string, error: unknown, device: Device): string {
  for (const [, resource, used, available] of output.matchAll(/^Info:\s+(\w+):\s*(\d+)\/\s*(\d+)/gm)) {
    if (Number(used) > Number(available)) {
      return `does not fit: ${used} ${resource} with the wrapper, ${device.name} has ${available}`;
    }
  }
  const errors = output.split('\n').filter((line) => /^ERROR:/.test(line));
  if (errors.length > 0) return `nextpnr failed: ${errors.join('; ')}`;
  return `nextpnr failed: ${error instanceof Error ? error.message : String(error)}`;
}
