/** No port hangs in the air: neither at an instance, nor inside of a module. */
import { filesOf } from '../formal/elaborate.ts';
import { type Bit, type Netlist, portsOf } from '../formal/netlist.ts';
import type { GeneratedBlock } from '../hdl-gen/generate.ts';
import { textOf, treeOf, yosys } from '../tools/yowasp.ts';
import { type CheckResult, evidenceFileOf } from './result.ts';

/** Every block as the top, with its hierarchy. */
export async function checkConnections(blocks: readonly GeneratedBlock[]): Promise<CheckResult> {
  const started = performance.now();
  const files = filesOf(blocks);
  const instances = new Set<string>();
  const findings = new Set<string>();
  for (const { manifest } of blocks) {
    const script = [
      `read_verilog ${files.map(({ name }) => name).join(' ')}; hierarchy -check -top ${manifest.module}`,
      // Yosys' own names of derived modules carry their parameters.
      'proc; write_json hierarchy.json',
    ].join('; ');
    const { files: written } = await yosys(script, treeOf(files), { quiet: true });
    const { modules } = JSON.parse(textOf(written, 'hierarchy.json')) as {
      readonly modules: Readonly<Record<string, Netlist>>;
    };
    for (const [name, netlist] of Object.entries(modules)) {
      for (const finding of unread(netlist)) findings.add(`${nameOf(name)}: ${finding}`);
      for (const [cell, { type, connections }] of Object.entries(netlist.cells)) {
        const target = modules[type];
        if (target === undefined) continue;
        instances.add(`${nameOf(name)}.${cell}`);
        for (const finding of loose(netlist, target, connections)) {
          findings.add(`${nameOf(name)}.${cell}: ${finding}`);
        }
      }
    }
  }
  const check = 'no unconnected port';
  return {
    check,
    method: 'every pin of every instance, and every input inside, in the netlist of Yosys',
    status: findings.size === 0 ? 'pass' : 'fail',
    seconds: (performance.now() - started) / 1000,
    findings: [...findings],
    evidenceFile: evidenceFileOf(check),
    evidence: { instances: [...instances], findings: [...findings] },
  };
}

/** Inputs of a module that nothing inside reads. */
function unread(netlist: Netlist): readonly string[] {
  const read = new Set(readBits(netlist));
  return portsOf(netlist, 'input')
    .filter(([, { bits }]) => bits.some((bit) => !read.has(bit)))
    .map(([port]) => `nothing reads ${port}, or a part of it`);
}

/** Pins of an instance that are left open, of another width, undefined, or, outputs, read by nobody. */
function loose(
  parent: Netlist,
  target: Netlist,
  connections: Readonly<Record<string, readonly Bit[]>>,
): readonly string[] {
  const read = new Set(readBits(parent));
  return Object.entries(target.ports).flatMap(([port, { direction, bits }]) => {
    const { [port]: connected = [] } = connections;
    if (connected.length === 0) return [`${port} is not connected`];
    if (connected.length !== bits.length)
      return [`${port} has ${bits.length} bits, connected are ${connected.length}`];
    if (connected.some((bit) => bit === 'x' || bit === 'z')) return [`${port} is undefined, or a part of it`];
    const ignored = direction === 'output' && connected.some((bit) => !read.has(bit));
    return ignored ? [`nothing reads ${port}, or a part of it`] : [];
  });
}

/** What cells and outputs read. */
function readBits(netlist: Netlist): readonly Bit[] {
  return [
    ...Object.values(netlist.cells).flatMap(({ connections, port_directions }) =>
      Object.entries(connections)
        .filter(([pin]) => port_directions[pin] !== 'output')
        .flatMap(([, bits]) => bits),
    ),
    ...portsOf(netlist, 'output').flatMap(([, { bits }]) => bits),
  ];
}

/** `$paramod\dot_product_unit\MACS=...` is the module dot_product_unit. */
function nameOf(module: string): string {
  return module.startsWith('$paramod') ? (module.split('\\')[1] ?? module) : module;
}
