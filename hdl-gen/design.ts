/** From generated blocks to what tools take: one block with all of its files. */
import type { GeneratedBlock } from './generate.ts';

/** A module to simulate or to synthesize, as plain data. */
export interface Design {
  /** Name of the top module. */
  readonly top: string;
  /** Verilog-2005, with everything that the top module instantiates. */
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Of the top module, in their order, clock included. */
  readonly ports: readonly Port[];
  /** Name of the clock input; absent in a combinational module. */
  readonly clock?: string;
}

export interface Port {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly signed: boolean;
  /** In bits, at least 1. */
  readonly width: number;
}

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
