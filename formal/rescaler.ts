/**
 * The rescaler equals Algorithm 1 for all legal inputs. One query of the whole is too hard, so that the proof
 * is split at wires; each claim is decided by SAT for all values of the wires that it starts from, so one may
 * be put into the other.
 *
 * Plain has the wires of Algorithm 1 itself, and is split at each: product, rounded, quotient, output.
 *
 * Fast has the product only, which is split again at every row of its carry-save queue:
 *
 * 1. rows: m is the sum of its R digits d[j] * 4^j, R = max(2, floor(W/2) + 1). Row j, with the bit at 2j that
 *    row j+1 carries for it, is acc * d[j] * 4^j + c[j] modulo 2^(W+32), c[0] = 2^34 and c[j] = 3 * 2^(32+2j)
 * 2. compressors: each adder takes three rows and makes two of the same sum
 * 3. addition: `product` is the sum of the two rows that no adder takes
 * 4. rescale: with any product, rounding, shift, saturation, zero point and clamp are those of Algorithm 1
 *
 * 1 to 3 compose by arithmetic alone: adders take every row but the last two, and each row once
 * (carry-save.ts), so the last two have the sum of rows 0 to R-1, which is acc * m and the sum of all c[j]:
 * 2^34 + 2^32 * (4^R - 4) = 2^(32+2R), and that is 0 modulo 2^(W+32).
 */
import type { LeadingOne } from '../hdl-gen/blocks/parameters.ts';
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { ALGORITHM_1 } from './algorithm-1.ts';
import { digitWire, timesDigitWire } from './booth.ts';
import { adderClaims, queueOf, rowWires } from './carry-save.ts';
import { type Claim, freeInputs, instance } from './claims.ts';
import { elaborate, filesOf } from './elaborate.ts';
import { cut, type Netlist, NetlistError, portsOf, show } from './netlist.ts';

/** The circuit, and what Algorithm 1 calls its inputs. */
export interface RescalerCircuit {
  readonly netlist: Netlist;
  readonly arch: GenerateOptions['arch'];
  readonly leadingOne: LeadingOne;
  /** Width of m, its leading one included. */
  readonly width: number;
}

export async function rescalerCircuit(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<RescalerCircuit> {
  const { arch, leadingOne, k } = options;
  const netlist = await elaborate({ files: filesOf(blocks), top: 'rescaler', parameters: { K: k } });
  return { netlist, arch, leadingOne, width: leadingOne === 'hidden' ? k + 1 : k };
}

/** All claims from which it follows that the circuit equals Algorithm 1. */
export async function rescalerClaims(circuit: RescalerCircuit): Promise<readonly Claim[]> {
  return circuit.arch === 'fast'
    ? [...fastProductClaims(circuit), await rescaleClaim(circuit)]
    : plainClaims(circuit);
}

/** The wires of Algorithm 1 that both have, under the same names. */
const STEPS = { product: 'product', rounded: 'rounded', quotient: 'quotient' } as const;

async function plainClaims(circuit: RescalerCircuit): Promise<readonly Claim[]> {
  const { given: legal = '', ...whole } = await comparison('', circuit, STEPS);
  const { algorithm_1: gold, rescaler: gate } = whole.circuits;
  const equal = (port: string): string =>
    `gold_${port} == ${signExtended(`gate_${port}`, widthOf(gate, port), widthOf(gold, port))}`;
  return [
    // Both multiply with `*`, which means the same; what is left to prove is that it has the same operands.
    { ...whole, name: 'product', holds: equal('product_made') },
    { ...whole, name: 'rounded', given: legal, holds: equal('rounded_made') },
    { ...whole, name: 'quotient', given: legal, holds: equal('quotient_made') },
    { ...whole, name: 'output', given: legal, holds: equal('out') },
  ];
}

function fastProductClaims(circuit: RescalerCircuit): readonly Claim[] {
  const { width, netlist } = circuit;
  const queue = queueOf(Math.max(2, Math.floor(width / 2) + 1));
  const [carries, sums] = queue.last;
  const gate = cut(netlist, { ...rowWires(queue.count), product: 'product' });
  return [
    rowsClaim(circuit, queue.given),
    ...adderClaims(gate, queue, width + 32, 'modulo'),
    {
      name: 'addition',
      circuits: { rescaler: gate },
      inputs: freeInputs(gate),
      setting: [
        instance(gate, 'rescaler', 'gate_'),
        `wire [${width + 31}:0] sum = gate_row${carries}_read + gate_row${sums}_read;`,
      ].join('\n'),
      holds: 'gate_product_made == sum',
    },
  ];
}

function rowsClaim(circuit: RescalerCircuit, digits: number): Claim {
  const { width, netlist } = circuit;
  const size = width + 32;
  // Not cut: the bits of a row are made of each other.
  const gate = show(netlist, rowWires(digits));
  const power = (exponent: number): string => `({{${size - 1}{1'b0}}, 1'b1} << ${exponent})`;
  const bit = (index: number): string => (index < 0 || index >= width ? "1'b0" : `m[${index}]`);
  const row = (j: number): string => `gate_row${j}`;
  const all = Array.from({ length: digits }, (_, j) => j);
  const constant = (j: number): string =>
    j === 0 ? power(34) : `${power(32 + 2 * j)} + ${power(33 + 2 * j)}`;
  const wires = all.flatMap((j) => [
    digitWire(`digit${j}`, { high: bit(2 * j + 1), middle: bit(2 * j), below: bit(2 * j - 1) }),
    timesDigitWire(`times${j}`, 34, 'a', `digit${j}`),
    `wire signed [${size - 1}:0] extended${j} = times${j};`,
    `wire [${size - 1}:0] value${j} = (extended${j} << ${2 * j}) + ${constant(j)};`,
    // The bit of the digit before stands in this row, that of this digit in the next.
    `wire [${size - 1}:0] own${j} = ${j === 0 ? row(j) : `${row(j)} & ~${power(2 * j - 2)}`};`,
    `wire [${size - 1}:0] made${j} = own${j}${j + 1 < digits ? ` + (${row(j + 1)} & ${power(2 * j)})` : ''};`,
    `wire signed [${2 * digits + 1}:0] weighed${j} = digit${j} <<< ${2 * j};`,
  ]);
  return {
    name: 'rows',
    circuits: { rescaler: gate },
    inputs: freeInputs(gate),
    setting: [
      instance(gate, 'rescaler', 'gate_'),
      `wire [${width - 1}:0] m = ${multiplierOf(circuit)};`,
      'wire signed [31:0] a = acc;',
      ...wires,
      `wire [${2 * digits + 1}:0] recoded = ${all.map((j) => `weighed${j}`).join(' + ')};`,
    ].join('\n'),
    holds: [...all.map((j) => `made${j} == value${j}`), 'recoded == m'].join(' && '),
    alike: true,
  };
}

async function rescaleClaim(circuit: RescalerCircuit): Promise<Claim> {
  const claim = await comparison('rescale', circuit, { product: 'product' });
  return { ...claim, effortSeconds: 5 + circuit.width };
}

export interface Comparison extends Claim {
  readonly circuits: { readonly algorithm_1: Netlist; readonly rescaler: Netlist };
}

/**
 * That the output is Algorithm 1's for all legal inputs, with both cut at the same wires. Without cuts it is
 * the whole theorem in one claim, which a solver decides only for a few bits.
 */
export async function comparison(
  name: string,
  circuit: RescalerCircuit,
  wires: Readonly<Record<string, string>>,
): Promise<Comparison> {
  const gold = cut(await algorithm1(circuit), wires);
  const gate = cut(circuit.netlist, wires);
  return {
    name,
    circuits: { algorithm_1: gold, rescaler: gate },
    inputs: freeInputs(gate),
    setting: [
      instance(gold, 'algorithm_1', 'gold_', { m: multiplierOf(circuit), ...extendedCuts(gold, gate) }),
      instance(gate, 'rescaler', 'gate_'),
    ].join('\n'),
    given: legalInputs(circuit),
    holds: 'gold_out == gate_out',
  };
}

/** Algorithm 1 may have more bits: it reads the free bits of the circuit, sign-extended. */
function extendedCuts(gold: Netlist, gate: Netlist): Readonly<Record<string, string>> {
  const cuts = portsOf(gold, 'input').filter(([port]) => port.endsWith('_in'));
  return Object.fromEntries(
    cuts.map(([port, { bits }]) => [port, signExtended(port, widthOf(gate, port), bits.length)]),
  );
}

function signExtended(value: string, from: number, to: number): string {
  return from === to ? value : `{{${to - from}{${value}[${from - 1}]}}, ${value}}`;
}

function widthOf({ ports }: Netlist, port: string): number {
  const width = ports[port]?.bits.length;
  if (width === undefined) throw new NetlistError(`the circuit has no port ${port}`);
  return width;
}

function algorithm1({ width, netlist }: RescalerCircuit): Promise<Netlist> {
  const { shift } = netlist.ports;
  return elaborate({ ...ALGORITHM_1, parameters: { W: width, S: shift?.bits.length ?? 0 } });
}

function multiplierOf({ leadingOne }: RescalerCircuit): string {
  return leadingOne === 'hidden' ? "{1'b1, multiplier}" : 'multiplier';
}

/** The contract of the inputs: everything else may be anything. */
function legalInputs({ width }: RescalerCircuit): string {
  return `shift <= ${24 + width} && $signed(act_min) <= $signed(act_max)`;
}
