/**
 * The dot-product unit on an iCE40: synth_ice40, then nextpnr with several seeds.
 *
 * The unit is synthesized by itself, and what is counted is that netlist. The very same netlist is then put
 * into a frame of registers (ice40/wrapper.ts) and placed and routed; the cells of the frame are known and
 * taken off. The clock that nextpnr reaches varies by some percent from seed to seed, hence the median and
 * the range.
 */
import { createHash } from 'node:crypto';
import { designOf } from '../hdl-gen/design.ts';
import { generate } from '../hdl-gen/generate.ts';
import { cached, contentKey } from '../tools/cache.ts';
import { bytesOf, packageVersion, type SourceFile, textOf, treeOf, yosys } from '../tools/yowasp.ts';
import { boundPeriodNs, longestDspChain } from './ice40/dsp-timing.ts';
import {
  DEVICES,
  type Device,
  nextpnrArguments,
  type Placement,
  placeAndRoute,
  requireNextpnr,
} from './ice40/nextpnr.ts';
import { INSTANCE, WRAPPER, wrapperVerilog } from './ice40/wrapper.ts';
import type { Ice40Metrics, Provenance, SweepPoint, SweepResult, Target } from './result.ts';

export { NextpnrError, requireNextpnr } from './ice40/nextpnr.ts';

export type Ice40Point = SweepPoint & { readonly target: Extract<Target, { kind: 'ice40' }> };

export interface Ice40Options {
  /** One placement each. */
  readonly seeds: readonly number[];
  /** Where each placement is kept, as minutes go into one; `false` keeps none. */
  readonly cacheDirectory: string | false;
}

export const DEFAULT_SEEDS: readonly number[] = [1, 2, 3, 4, 5];

const DEFAULT_OPTIONS: Ice40Options = { seeds: DEFAULT_SEEDS, cacheDirectory: false };

/** Synthesizes, places and routes one point. Never rejects: what went wrong is in the result. */
export async function runIce40(
  point: Ice40Point,
  options: Ice40Options = DEFAULT_OPTIONS,
): Promise<SweepResult> {
  try {
    const metrics = await measure(point, options);
    return { ...point, status: 'done', metrics, provenance: ice40Provenance(point, options) };
  } catch (error) {
    return { ...point, status: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * All that a result depends on, known before it is computed: the key under which it may be kept.
 *
 * @throws NextpnrError when nextpnr is not installed
 */
export function ice40Provenance(
  point: Ice40Point,
  { seeds }: Pick<Ice40Options, 'seeds'> = DEFAULT_OPTIONS,
): Provenance {
  const { files, script, device } = plan(point);
  return {
    tools: [packageVersion('@yowasp/yosys'), requireNextpnr()],
    script: `${script}\nnextpnr-ice40 ${nextpnrArguments(device, seeds.join('|')).join(' ')}\n`,
    inputs: Object.fromEntries(files.map(({ name, text }) => [name, sha256(text)])),
  };
}

const WRAPPER_FILE = `${WRAPPER}.v`;

interface Plan {
  readonly device: Device;
  readonly files: readonly SourceFile[];
  readonly script: string;
}

function plan({ target, ...options }: Ice40Point): Plan {
  const design = designOf(generate({ ...options, units: 1 }), 'dot_product_unit');
  const device = DEVICES[target.device];
  const synth = `synth_ice40 -device ${device.family}${target.dsp ? ' -dsp' : ''}`;
  const script = [
    `read_verilog ${design.files.map(({ name }) => name).join(' ')}`,
    `${synth} -top ${design.top}`,
    'tee -o unit-stat.json stat -json',
    'design -stash unit',
    '# The frame, around a black box.',
    `read_verilog ${WRAPPER_FILE}`,
    `${synth} -top ${WRAPPER}`,
    'tee -o wrapper-stat.json stat -json',
    '# The netlist of the unit in its place.',
    `delete =${design.top}`,
    `design -copy-from unit ${design.top}`,
    `hierarchy -check -top ${WRAPPER}`,
    'flatten',
    'clean',
    'write_json wrapped.json',
  ].join('\n');
  return { device, files: [...design.files, { name: WRAPPER_FILE, text: wrapperVerilog(design) }], script };
}

async function measure(point: Ice40Point, { seeds, cacheDirectory }: Ice40Options): Promise<Ice40Metrics> {
  requireNextpnr();
  if (seeds.length === 0) throw new Error('no seeds to place with');
  const { device, files, script } = plan(point);
  if (point.target.dsp && device.dsps === 0) throw new Error(`${device.name} has no DSPs`);
  const commands = script.split('\n').filter((line) => !line.startsWith('#'));
  const { files: netlists } = await yosys(commands.join('; '), treeOf(files), { quiet: true });
  const unit = countsOf(textOf(netlists, 'unit-stat.json'));
  const wrapper = countsOf(textOf(netlists, 'wrapper-stat.json'));
  // No register of the frame has logic before it but the last, which takes the parity.
  const wrapperCells = wrapper.flipFlops + wrapper.luts - 1;
  requireRoom(unit, wrapperCells, device);

  const placements = [];
  for (const seed of seeds) {
    placements.push(await placement(bytesOf(netlists, 'wrapped.json'), device, seed, cacheDirectory));
  }
  if (!placements.every(({ criticalCells }) => criticalCells.some(isOfUnit))) {
    throw new Error('the slowest path is one of the wrapper, so fmax says nothing of the unit');
  }
  const chain = unit.dsps === 0 ? 0 : longestDspChain(textOf(netlists, 'wrapped.json'), WRAPPER);
  const fmax = placements.map(({ pieces }) => 1000 / boundPeriodNs(pieces, chain)).sort((a, b) => a - b);
  return {
    logicCells: Math.max(...placements.map(({ logicCells }) => logicCells)) - wrapperCells,
    carryCells: unit.carries,
    flipFlops: unit.flipFlops,
    dsps: unit.dsps,
    fmaxMhzMedian: median(fmax),
    fmaxMhzMin: fmax[0] ?? Number.NaN,
    fmaxMhzMax: fmax.at(-1) ?? Number.NaN,
    seeds: seeds.length,
  };
}

/** Out of the cache where it has been made before. */
async function placement(
  netlist: Uint8Array,
  device: Device,
  seed: number,
  cacheDirectory: string | false,
): Promise<Placement> {
  const invocation = [requireNextpnr(), ...nextpnrArguments(device, seed)];
  const content = await cached(cacheDirectory, contentKey([...invocation, sha256(netlist)]), async () =>
    Buffer.from(JSON.stringify(await placeAndRoute(netlist, device, seed))),
  );
  return JSON.parse(Buffer.from(content).toString()) as Placement;
}

interface CellCounts {
  readonly luts: number;
  readonly carries: number;
  readonly flipFlops: number;
  readonly dsps: number;
}

/** From what `stat -json` prints. */
function countsOf(text: string): CellCounts {
  const { design } = JSON.parse(text) as {
    readonly design: { readonly num_cells_by_type: Readonly<Record<string, number>> };
  };
  const count = (kind: RegExp) =>
    Object.entries(design.num_cells_by_type).reduce((sum, [type, n]) => sum + (kind.test(type) ? n : 0), 0);
  return {
    luts: count(/^SB_LUT4$/),
    carries: count(/^SB_CARRY$/),
    flipFlops: count(/^SB_DFF/),
    dsps: count(/^SB_MAC16$/),
  };
}

/** Says at once what nextpnr would find out after minutes: a logic cell holds one look-up table. */
function requireRoom(unit: CellCounts, wrapperCells: number, device: Device): void {
  if (unit.dsps > device.dsps) {
    throw new Error(`does not fit: ${unit.dsps} DSPs, ${device.name} has ${device.dsps}`);
  }
  const least = unit.luts + wrapperCells;
  if (least > device.logicCells) {
    throw new Error(
      `does not fit: at least ${least} logic cells with the wrapper, ${device.name} has ${device.logicCells}`,
    );
  }
}

function isOfUnit(cell: string): boolean {
  return cell.startsWith(`${INSTANCE}.`);
}

function median(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
