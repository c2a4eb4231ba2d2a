/** Netlists of gates as Verilog, to simulate what synthesis has made of a block. */
import type { Design } from '../hdl-gen/design.ts';
import { textOf, treeOf, yosys } from '../tools/yowasp.ts';
import { mappingCommands } from './asic.ts';
import type { CellLibrary } from './cell-library.ts';
import { parseLiberty } from './liberty.ts';
import { libertyModels } from './liberty-models.ts';

export interface GateNetlist {
  /** One flat module. */
  readonly netlist: string;
  /** Of the cells that it instantiates; '' where it is made of Verilog's own operators. */
  readonly models: string;
  readonly cellCounts: Readonly<Record<string, number>>;
}

/** Yosys' own gates, by its `synth` with ABC. */
export async function genericNetlist({ top, files }: Design): Promise<GateNetlist> {
  const written = await run(files, [
    `read_verilog ${files.map(({ name }) => name).join(' ')}; hierarchy -check -top ${top}`,
    `synth -flatten -top ${top}; opt_clean -purge`,
  ]);
  return { ...written, models: '' };
}

/**
 * The cells of a library, by the commands of a sweep.
 *
 * @throws ToolError, LibertyError for a cell that cannot be modelled
 */
export async function mappedNetlist({ top, files }: Design, library: CellLibrary): Promise<GateNetlist> {
  const sources = [
    ...files,
    { name: 'cells.lib', text: library.cells },
    { name: 'timing.lib', text: library.timing },
    { name: 'library.constr', text: library.constraints },
  ];
  const written = await run(
    sources,
    mappingCommands(
      files.map(({ name }) => name),
      top,
    ),
  );
  const { name } = library.facts;
  const group = parseLiberty(library.cells, name, new Set(MODELLED));
  return { ...written, models: libertyModels(group, Object.keys(written.cellCounts), name) };
}

const MODELLED = ['cell', 'pin', 'bus', 'bundle', 'ff', 'latch', 'ff_bank', 'latch_bank', 'statetable'];

async function run(
  files: Design['files'],
  commands: readonly string[],
): Promise<Omit<GateNetlist, 'models'>> {
  const script = [...commands, 'tee -q -o stat.json stat -json; write_verilog -noattr netlist.v'];
  const { files: written } = await yosys(script.join('; '), treeOf(files), { quiet: true });
  const { design } = JSON.parse(textOf(written, 'stat.json')) as {
    readonly design: { readonly num_cells_by_type: Readonly<Record<string, number>> };
  };
  return { netlist: textOf(written, 'netlist.v'), cellCounts: design.num_cells_by_type };
}
