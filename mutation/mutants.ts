/**
 * Mutants of one block, by Yosys' `mutate`: small faults in its netlist of gates, one at a time.
 *
 * The block is synthesized to Yosys' gates without ABC, so that gates still know their source line, and
 * without what synthesis sweeps away: constants and gates that nobody reads would only give mutants that
 * change nothing. Blocks that it instantiates stay as they are.
 */
import { type Cell, isRegister, type Netlist, parseNetlist } from '../formal/netlist.ts';
import type { Design } from '../hdl-gen/design.ts';
import { ToolError, type Tree, textOf, treeOf, yosys } from '../tools/yowasp.ts';

export interface Mutant {
  /** Yosys' command that applies it. */
  readonly command: string;
  /** What it does: `const0`, `const1`, `inv`, or `cnot0`, `cnot1`, which invert where another bit is 0 or 1. */
  readonly mode: string;
  readonly cell: string;
  /** A gate, such as `$_AND_`, or the module of an instance. */
  readonly cellType: string;
  /** Such as `A`, or `x[5]` of an instance. */
  readonly pin: string;
  /** The nearest wire with a name, at the pin or behind it, such as `row[3].added.carries.majority[12]`. */
  readonly wire?: string;
  /** Such as `rescaler.v:55.46-55.65`: of the gate, else of that wire. */
  readonly source?: string;
}

export interface MutatedBlock {
  readonly mutants: readonly Mutant[];
  /** The flat netlist with all of them, each asleep until the input {@link switchOf} of its index is 1. */
  readonly netlist: Netlist;
  /** Yosys' own form of the block before any mutation, and its name. */
  readonly rtlil: string;
  readonly top: string;
}

/** Registers without enable and reset, so that those are gates too. */
const TO_GATES =
  'proc; opt -full; dffunmap; techmap; opt -full; dffunmap; simplemap; opt_expr; opt_clean -purge';

/** After mutation: again only gates. */
const CLEAN = 'simplemap; opt_expr; opt_clean';

/** Name of the input that wakes a mutant. */
export function switchOf(index: number): string {
  return `mutant_${index}`;
}

/**
 * Mutates the top of a design; blocks that it instantiates stay as they are.
 *
 * @param count of mutants, at least one for each kind of gate; fewer where the block has fewer
 * @throws ToolError
 */
export async function mutatedBlock(
  { top, files }: Design,
  count: number,
  seed: number,
): Promise<MutatedBlock> {
  const listed = await yosys(
    [
      `read_verilog ${files.map(({ name }) => name).join(' ')}; hierarchy -check -top ${top}`,
      TO_GATES,
      'write_rtlil block.il; write_json block.json',
      `mutate -list ${count} -seed ${seed} -o mutants.ys ${top}`,
    ].join('; '),
    treeOf(files),
    { quiet: true },
  );
  const rtlil = textOf(listed.files, 'block.il');
  const block = annotated(textOf(listed.files, 'block.json'), top);
  const sampled = commandsIn(listed.files, 'mutants.ys').filter((command) => !isClock(command));
  const commands = [...sampled, ...(await missingKinds(rtlil, top, block, sampled, seed))];
  const script = commands.map((command, i) => withSwitch(command, switchOf(i))).join('\n');
  const { files: written } = await yosys(
    `read_rtlil block.il; script switched.ys; flatten -noscopeinfo; ${CLEAN} -purge; write_json mutated.json`,
    { 'block.il': rtlil, 'switched.ys': `${script}\n` },
    { quiet: true },
  );
  return {
    mutants: commands.map((command) => described(command, block)),
    netlist: parseNetlist(textOf(written, 'mutated.json'), top),
    rtlil,
    top,
  };
}

/** For each mutant the flat netlist with it alone, behind the input {@link switchOf} of 0. */
export async function singleMutants(
  { rtlil, top }: MutatedBlock,
  mutants: readonly Mutant[],
): Promise<readonly Netlist[]> {
  const script = mutants.map(
    ({ command }, i) =>
      `design -load block; ${withSwitch(command, switchOf(0))}; flatten -noscopeinfo; ${CLEAN}; write_json ${i}.json`,
  );
  const { files } = await yosys(
    ['read_rtlil block.il; design -save block', ...script].join('; '),
    { 'block.il': rtlil },
    { quiet: true },
  );
  return mutants.map((_, i) => parseNetlist(textOf(files, `${i}.json`), top));
}

/** Mutants of the kinds of gates and instances that the sample has missed. */
async function missingKinds(
  rtlil: string,
  top: string,
  { cells }: Netlist,
  sampled: readonly string[],
  seed: number,
): Promise<readonly string[]> {
  const seen = new Set(sampled.map((command) => cells[option(command, 'cell') ?? '']?.type));
  const firsts = new Map<string, string>();
  for (const [name, { type }] of Object.entries(cells)) {
    if (!seen.has(type) && !firsts.has(type)) firsts.set(type, name);
  }
  if (firsts.size === 0) return [];
  // Yosys may never end where it is asked for more than a gate has. Of a register one may be its clock.
  const lists = [...firsts].map(
    ([type, cell], i) =>
      `mutate -list ${isRegister(type) ? 4 : 1} -seed ${seed} -cell ${cell} -o ${i}.ys ${top}`,
  );
  const { files } = await yosys(
    ['read_rtlil block.il', ...lists].join('; '),
    { 'block.il': rtlil },
    { quiet: true },
  );
  return lists.flatMap((_, i) => commandsIn(files, `${i}.ys`).filter((one) => !isClock(one)));
}

function commandsIn(files: Tree, name: string): readonly string[] {
  return textOf(files, name)
    .split('\n')
    .filter((line) => line !== '');
}

/** The clock is not logic: it is the same wire everywhere. */
function isClock(command: string): boolean {
  return /^(C|clk)$/.test(option(command, 'port') ?? '');
}

function withSwitch(command: string, name: string): string {
  return command.replace(/^mutate /, `mutate -ctrl ${name} 1 1 `);
}

function option(command: string, name: string): string | undefined {
  return new RegExp(` -${name} (\\S+)`).exec(command)?.[1];
}

function annotated(json: string, top: string): Netlist & Annotated {
  const { modules } = JSON.parse(json) as { readonly modules: Readonly<Record<string, Netlist & Annotated>> };
  const block = modules[top];
  if (block === undefined) throw new ToolError(`Yosys wrote no module ${top}`);
  return block;
}

interface Attributes {
  /** Places of the source, with '|' between them. */
  readonly src?: string;
}

interface Annotated {
  readonly netnames: Readonly<Record<string, { readonly attributes: Attributes; readonly offset?: number }>>;
}

function described(command: string, block: Netlist & Annotated): Mutant {
  const [mode = '', cell = '', port = '', bit = '0'] = ['mode', 'cell', 'port', 'portbit'].map(
    (name) => option(command, name) ?? '',
  );
  const gate = block.cells[cell];
  const width = gate?.connections[port]?.length ?? 1;
  const near = nearestWire(block, gate, port, Number(bit));
  const source = ownSource(gate?.attributes) ?? near?.source;
  return {
    command,
    mode,
    cell,
    cellType: gate?.type ?? '',
    pin: width === 1 ? port : `${port}[${bit}]`,
    ...(near === undefined ? {} : { wire: near.wire }),
    ...(source === undefined ? {} : { source }),
  };
}

/** The first place that is not in a library of Yosys, which techmap leaves where it made the gate. */
function ownSource({ src }: Attributes = {}): string | undefined {
  return src?.split('|').find((place) => place !== '' && !place.startsWith('/'));
}

/** Breadth first along the readers: a wire that is not named in the Verilog tells nobody anything. */
function nearestWire(
  block: Netlist & Annotated,
  gate: Cell | undefined,
  port: string,
  bit: number,
): { readonly wire: string; readonly source: string | undefined } | undefined {
  const { names, readers } = indexOf(block);
  const pin = gate?.connections[port]?.[bit];
  // A constant is no wire, and is read everywhere.
  let nets: readonly unknown[] = typeof pin === 'number' ? [pin] : gate === undefined ? [] : outputsOf(gate);
  const seen = new Set(nets);
  while (nets.length > 0) {
    for (const net of nets) {
      const found = names.get(net);
      if (found !== undefined) return found;
    }
    const further = nets.flatMap((net) => readers.get(net) ?? []).flatMap(outputsOf);
    nets = [...new Set(further)].filter((net) => !seen.has(net));
    for (const net of nets) seen.add(net);
  }
  return undefined;
}

interface WireIndex {
  readonly names: ReadonlyMap<unknown, { readonly wire: string; readonly source: string | undefined }>;
  readonly readers: ReadonlyMap<unknown, readonly Cell[]>;
}

const indexes = new WeakMap<Netlist, WireIndex>();

function indexOf(block: Netlist & Annotated): WireIndex {
  const known = indexes.get(block);
  if (known !== undefined) return known;
  const names = new Map<unknown, { wire: string; source: string | undefined }>();
  for (const [name, { hide_name: hidden, bits, attributes, offset = 0 }] of Object.entries(block.netnames)) {
    if (hidden !== 0) continue;
    for (const [i, bit] of bits.entries()) {
      if (typeof bit !== 'number' || names.has(bit)) continue;
      const wire = bits.length === 1 ? name : `${name}[${i + offset}]`;
      names.set(bit, { wire, source: ownSource(attributes) });
    }
  }
  const readers = new Map<unknown, Cell[]>();
  for (const cell of Object.values(block.cells)) {
    for (const bit of bitsOf(cell, 'input')) readers.set(bit, [...(readers.get(bit) ?? []), cell]);
  }
  const index = { names, readers };
  indexes.set(block, index);
  return index;
}

function outputsOf(cell: Cell): readonly unknown[] {
  return bitsOf(cell, 'output');
}

function bitsOf({ connections, port_directions: directions }: Cell, direction: string): readonly unknown[] {
  return Object.entries(connections)
    .filter(([pin]) => directions[pin] === direction)
    .flatMap(([, bits]) => bits);
}
