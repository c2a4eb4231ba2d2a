/** From generated blocks to what simulators take. */
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import type { Design } from './simulators/index.ts';

/** The block of that name with every file that it needs. Ports have the widths of the default parameters. */
export function designOf(blocks: readonly GeneratedBlock[], name: string): Design {
  const block = blocks.find(({ manifest }) => manifest.module === name);
  if (!block) throw new Error(`no block is named ${name}`);
  const needed = [name, ...block.manifest.instantiates];
  const ports = block.manifest.ports.map((port) => ({
    name: port.name,
    direction: port.direction,
    signed: port.sign === 'signed',
    width: port.width.bits,
  }));
  const design = {
    top: name,
    files: blocks
      .filter(({ manifest }) => needed.includes(manifest.module))
      .map(({ manifest, verilog }) => ({ name: manifest.file, text: verilog })),
    ports,
  };
  return ports.some((port) => port.name === 'clk') ? { ...design, clock: 'clk' } : design;
}
