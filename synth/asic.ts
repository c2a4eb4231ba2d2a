/**
 * The dot-product unit in standard cells: Yosys and ABC with a Liberty file, the same script for every point.
 *
 * What the figures are. Pre-layout: no wires, no clock tree. Area is that of all cells after buffering and
 * sizing. The critical path is the slowest of the combinational paths, which run from an input port or a
 * register to a register or an output port. Each begins behind a driver ({@link LibraryFacts.driver}), whose
 * own delay counts only as far as the load of the path adds to it, and ends in a load of
 * {@link LibraryFacts.loadFf}. The registers are those of the unit: the accumulator, the parameters of the last
 * beat, the result, pipeline stages; x, w and bias are not registered. The clock-to-output delay of the
 * register where a path begins and the setup time of the one where it ends are not part of it.
 */
import { createHash } from 'node:crypto';
import { designOf } from '../hdl-gen/design.ts';
import { generate } from '../hdl-gen/generate.ts';
import { packageVersion, ToolError, type Tree, textOf, treeOf, yosys } from '../tools/yowasp.ts';
import type { CellLibrary } from './cell-library.ts';
import type { LoadedLibrary } from './libraries.ts';
import { endPointName, registersOf, startPointName } from './registers.ts';
import type { AsicMetrics, Provenance, SweepPoint, SweepResult, Target } from './result.ts';

export type AsicPoint = SweepPoint & { readonly target: Extract<Target, { kind: 'asic' }> };

const TOP = 'dot_product_unit';

/**
 * ABC's commands. Yosys puts reading before them and writing after; commas are spaces.
 *
 * The choice of script alone moves area and delay by tens of percent, so there is one. The logic is made
 * smaller (ifraig, scorr merge what is equal, dc2 rewrites), is given choices of structure (dch), mapped,
 * buffered, and sized up for delay and down for area. `dc2 -l` keeps the number of levels: without -l, adders
 * are rewritten into ripple chains, and the path of a plain unit with 4 MACs and k = 4 is a third longer
 * (sg13g2: 7.5 ns against 5.6 ns, area 2 % less).
 */
const ABC_SCRIPT = [
  'strash',
  'ifraig',
  'scorr',
  'dc2,-l',
  'dch,-f',
  'map,-B,0.9',
  'topo',
  'buffer,-p',
  'upsize',
  'dnsize',
  'stime,-p',
].join(';');

/** Yosys' commands; the files are those of {@link asicProvenance}. */
function scriptFor(verilog: readonly string[]): readonly string[] {
  return [...mappingCommands(verilog, TOP), 'tee -q -o stat.json stat -json -liberty cells.lib'];
}

/** Yosys' commands up to a netlist of library cells, of files as {@link runAsic} gives them. */
export function mappingCommands(verilog: readonly string[], top: string): readonly string[] {
  return [
    `read_verilog ${verilog.join(' ')}`,
    `hierarchy -check -top ${top}`,
    `synth -flatten -top ${top}`,
    'dfflibmap -liberty cells.lib',
    'opt',
    // All cells that are not gates, and inverters, for the names of registers.
    'dump -o registers.il c:* t:$_* %d t:$_NOT_ %u',
    `abc -liberty timing.lib -constr library.constr -script +${ABC_SCRIPT}`,
    'opt_clean -purge',
  ];
}

/** Synthesizes one point. Never rejects: what went wrong is in the result. */
export async function runAsic(point: AsicPoint, library: LoadedLibrary): Promise<SweepResult> {
  try {
    const metrics = await measure(point, library);
    return { ...point, status: 'done', metrics, provenance: asicProvenance(point, library) };
  } catch (error) {
    return { ...point, status: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** All that a result depends on, known before it is computed: the key under which it may be kept. */
export function asicProvenance(
  point: AsicPoint,
  { sha256: library, constraints }: LoadedLibrary,
): Provenance {
  const { files } = designFor(point);
  return {
    tools: [packageVersion('@yowasp/yosys')],
    script: scriptFor(files.map(({ name }) => name)).join('\n'),
    inputs: {
      ...Object.fromEntries(files.map(({ name, text }) => [name, sha256(text)])),
      [point.target.library]: library,
      'library.constr': sha256(constraints),
    },
  };
}

function designFor({ target: _, ...options }: AsicPoint) {
  return designOf(generate({ ...options, units: 1 }), TOP);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function measure(point: AsicPoint, library: CellLibrary): Promise<AsicMetrics> {
  const { files } = designFor(point);
  const tree = treeOf([
    ...files,
    { name: 'cells.lib', text: library.cells },
    { name: 'timing.lib', text: library.timing },
    { name: 'library.constr', text: library.constraints },
  ]);
  const run = await yosys(scriptFor(files.map(({ name }) => name)).join('; '), tree);
  return { ...areaOf(run.files, library), ...criticalPathOf(run.output, run.files, library) };
}

type AreaMetrics = Omit<AsicMetrics, keyof PathMetrics>;
type PathMetrics = Pick<AsicMetrics, 'criticalPathPs' | 'criticalPathFo4' | 'startPoint' | 'endPoint'>;

function areaOf(files: Tree, { facts, areaUm2, sequential }: CellLibrary): AreaMetrics {
  const { design } = JSON.parse(textOf(files, 'stat.json')) as {
    readonly design: { readonly area: number; readonly num_cells_by_type: Readonly<Record<string, number>> };
  };
  const cellCounts = design.num_cells_by_type;
  const areaOfCells = (counts: readonly (readonly [string, number])[]) =>
    counts.reduce((sum, [cell, count]) => {
      const area = areaUm2[cell];
      if (area === undefined)
        throw new ToolError(`synthesis left ${count} ${cell}, which the library does not have`);
      return sum + count * area;
    }, 0);
  const total = areaOfCells(Object.entries(cellCounts));
  if (Math.abs(total - design.area) > 1e-6 * total) {
    throw new ToolError(`Yosys counts an area of ${design.area}, its cells have ${total}`);
  }
  const sequentialArea = areaOfCells(Object.entries(cellCounts).filter(([cell]) => cell in sequential));
  return {
    areaUm2: rounded(total),
    areaGe: rounded(total / facts.nand2AreaUm2),
    sequentialAreaUm2: rounded(sequentialArea),
    combinationalAreaUm2: rounded(total - sequentialArea),
    cellCounts,
  };
}

function criticalPathOf(output: string, files: Tree, { facts, sequential }: CellLibrary): PathMetrics {
  // The last of each: sizing prints intermediate figures when it is asked to.
  const delay = [...output.matchAll(/^ABC: WireLoad = .* Delay = +([\d.]+) ps/gm)].at(-1)?.[1];
  const points = [
    ...output.matchAll(/^ABC: Start-point = pi\d+ \((.*)\)\. {2}End-point = po\d+ \((.*)\)\.$/gm),
  ].at(-1);
  if (delay === undefined || points === undefined) throw new ToolError('ABC printed no critical path');
  const [, start = '', end = ''] = points;
  const registers = registersOf(textOf(files, 'registers.il'), sequential);
  const criticalPathPs = Number(delay);
  return {
    criticalPathPs,
    criticalPathFo4: rounded(criticalPathPs / facts.fo4Ps),
    startPoint: startPointName(start, registers),
    endPoint: endPointName(end, registers),
  };
}

/** Sums of areas carry the noise of binary fractions. */
function rounded(value: number): number {
  return Number(value.toPrecision(10));
}
