/** From Verilog to the netlist of one module, with nothing optimized away. */
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import { type SourceFile, textOf, treeOf, yosys } from '../tools/yowasp.ts';
import { type Netlist, parseNetlist } from './netlist.ts';

export interface Source {
  readonly files: readonly SourceFile[];
  readonly top: string;
  /** Values for Verilog parameters; others keep their defaults. */
  readonly parameters?: Readonly<Record<string, number>>;
  /** Instances of this module stay instances. */
  readonly keep?: string;
}

/** @throws ToolError, NetlistError */
export async function elaborate({ files, top, parameters = {}, keep }: Source): Promise<Netlist> {
  const values = Object.entries(parameters).map(([name, value]) => `-chparam ${name} ${value}`);
  const script = [
    `read_verilog ${files.map(({ name }) => name).join(' ')}`,
    `hierarchy -check -top ${top} ${values.join(' ')}`,
    // Yosys names a module by its parameters; its own name comes first.
    ...(keep === undefined ? [] : [`setattr -mod -set keep_hierarchy 1 *${keep}*`]),
    // Cells that only hold parts of an expression are kept as they are: nothing is merged or simplified, so
    // that a wire's net is driven by what the Verilog says.
    'proc -noopt; flatten -noscopeinfo; dffunmap; opt_clean; write_json netlist.json',
  ];
  const { files: written } = await yosys(script.join('; '), treeOf(files), { quiet: true });
  return parseNetlist(textOf(written, 'netlist.json'), top);
}

export function filesOf(blocks: readonly GeneratedBlock[]): readonly SourceFile[] {
  return blocks.map(({ manifest, verilog }) => ({ name: manifest.file, text: verilog }));
}
