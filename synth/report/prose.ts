/** What a report says in sentences: what was measured, how, and what the figures are not. */
import type { Provenance, SweepReport } from '../result.ts';
import { asicGroups, ice40Groups, targetName } from './model.ts';

export interface Definition {
  readonly term: string;
  readonly meaning: string;
}

const COMMON: readonly Definition[] = [
  {
    term: 'k',
    meaning:
      'Bits of the multiplier port. With the leading one explicit, k is the whole width of m; hidden, it is ' +
      'the number of bits behind the leading one. The paper’s accuracy figures count in the second way.',
  },
  {
    term: 'Against plain k=32; gain',
    meaning:
      'The point of comparison is the plain unit in the same library (or FPGA), with as many MACs, as many ' +
      'pipeline stages and the same leading one: with k = 32, or with the same k. A change is in percent, less ' +
      'is better for area and path. A gain says how many times smaller a product of area and delay is.',
  },
];

const ASIC: readonly Definition[] = [
  {
    term: 'Area',
    meaning:
      'All cells of dot_product_unit after buffering and sizing, in um2 of the library and in gate equivalents ' +
      '(GE): areas of the 2-input NAND named with the library. Registers are the flip-flops among them.',
  },
  {
    term: 'Critical path',
    meaning:
      'The slowest combinational path, from a port or register to a register or port, after buffering and ' +
      'sizing, with the driver and load named with the library; in ps and in FO4, the delay of an inverter that ' +
      'drives four of its kind in the same library. Clock-to-output and setup of registers are not part of it.',
  },
  { term: 'Area-delay', meaning: 'Area times critical path, in um2 ns.' },
  {
    term: 'On the front',
    meaning:
      'Among the architectures and pipeline depths with the same MACs, k and leading one, no other is both at ' +
      'least as small and at least as fast, and better in one of the two.',
  },
];

const ICE40: readonly Definition[] = [
  {
    term: 'Logic cells',
    meaning:
      'As nextpnr packs the unit alone: each holds a 4-input look-up table, a carry and a flip-flop, or part of ' +
      'them. Carry cells, flip-flops and DSPs are those of its netlist. The frame that replaces pins is taken off.',
  },
  {
    term: 'fmax',
    meaning:
      'Clock after place and route of the same netlist in a frame of registers; median, least and greatest over ' +
      'placements with different seeds. With DSPs it is a lower bound: nextpnr cuts paths at DSPs, so the slowest ' +
      'pieces are added up, with 8 ns for each DSP in a row.',
  },
  { term: 'Cells-delay', meaning: 'Logic cells divided by the median fmax; DSPs are not in it.' },
];

/** Definitions of what the report holds, and of nothing else. */
export function definitions(report: SweepReport): readonly Definition[] {
  const asic = asicGroups(report).length > 0;
  const ice40 = ice40Groups(report).length > 0;
  return [...COMMON, ...(asic ? ASIC : []), ...(ice40 ? ICE40 : [])];
}

/** Said before any figure. */
export function caveats(report: SweepReport): readonly string[] {
  const asic = asicGroups(report).length > 0;
  const ice40 = ice40Groups(report).length > 0;
  return [
    ...(asic
      ? [
          'ASIC figures are pre-layout: no wires, no clock tree, no scan chain, one corner. Compare them with each other, not with a chip.',
          'A synthesis script alone moves area and delay by tens of percent. Ratios hold within one library and one script, the one given at the end.',
        ]
      : []),
    ...(ice40 ? ['FPGA figures are those of an unconstrained placement of one unit on an empty chip.'] : []),
    'The unit is one dot-product engine with its rescaler, not an NPU: no memories, no interconnect.',
    'The paper synthesized another unit in a commercial 16 nm technology; only ratios can be compared.',
    'Power is not estimated.',
  ];
}

/** How the points of one target were made. */
export interface Origin {
  readonly name: string;
  readonly tools: readonly string[];
  /** Different scripts; those that differ only in numbers and in the files that they read count as one. */
  readonly scripts: readonly string[];
  /** SHA-256 of those inputs that all points share. */
  readonly inputs: readonly (readonly [name: string, sha256: string])[];
}

export function originsOf({ results }: SweepReport): readonly Origin[] {
  const byTarget = new Map<string, Provenance[]>();
  for (const result of results) {
    if (result.status !== 'done') continue;
    const name = targetName(result.target);
    byTarget.set(name, [...(byTarget.get(name) ?? []), result.provenance]);
  }
  return [...byTarget]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, all]) => ({
      name,
      tools: [...new Set(all.flatMap(({ tools }) => tools))].toSorted(),
      scripts: oneOfEachShape(all.map(({ script }) => script)),
      inputs: Object.entries(all[0]?.inputs ?? {})
        .filter(([input, sha256]) => all.length > 1 && all.every(({ inputs }) => inputs[input] === sha256))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    }));
}

function oneOfEachShape(scripts: readonly string[]): readonly string[] {
  const sorted = scripts.toSorted();
  return sorted.filter(
    (script, index) => sorted.findIndex((other) => shapeOf(other) === shapeOf(script)) === index,
  );
}

function shapeOf(script: string): string {
  return script.replaceAll(/^read_verilog .*$/gm, 'read_verilog').replaceAll(/\d+/g, '0');
}
