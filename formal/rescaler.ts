/**
 * The rescaler equals Algorithm 1 for all legal inputs. One query of the whole is too hard, so that the proof
 * is split at wires; each claim is decided by SAT for all values of the wires that it starts from, so one may
 * be put into the other.
 *
 * Plain has the wires of Algorithm 1 itself, and is split at each: product, rounded, quotient, output.
 *
 * Fast has the product only, which is split again at every row of its carry-save queue:
 *
 * 1. rows: row i < W is acc * m[i] * 2^i + 2^(31+i), and row W is 2^31 + 2^(31+W), modulo 2^(W+32)
 * 2. compressors: each adder takes three rows and makes two of the same sum
 * 3. addition: `product` is the sum of the two rows that no adder takes
 * 4. rescale: with any product, rounding, shift, saturation, zero point and clamp are those of Algorithm 1
 *
 * 1 to 3 compose by arithmetic alone: adders take every row but the last two, and each row once
 * (carry-save.ts), so the last two have the sum of rows 0 to W, which is
 * acc * (m[0] + 2 m[1] + ... ) + 2^31 (2^W - 1) + 2^31 + 2^(31+W) = acc * m modulo 2^(W+32).
 */
import type { LeadingOne } from '../hdl-gen/blocks/parameters.ts';
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { ALGORITHM_1 } from './algorithm-1.ts';
import { adderClaims, queueOf, rowWires } from './carry-save.ts';
import { type Claim, freeInputs, instance } from './claims.ts';
import { elaborate, filesOf } from './elaborate.ts';
import { cut, type Netlist, NetlistError, portsOf } from './netlist.ts';

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
  const queue = queueOf(width + 1);
  const size = width + 32;
  const gate = cut(netlist, { ...rowWires(queue), product: 'product' });
  const power = (exponent: number): string => `({{${size - 1}{1'b0}}, 1'b1} << ${exponent})`;
  const claim = (name: string, equalities: readonly (readonly [made: string, value: string])[]): Claim => ({
    name,
    circuits: { rescaler: gate },
    inputs: freeInputs(gate),
    setting: [
      instance(gate, 'rescaler', 'gate_'),
      `wire [${width - 1}:0] m = ${multiplierOf(circuit)};`,
      `wire [${size - 1}:0] a = {{${width}{acc[31]}}, acc};`,
      ...equalities.map(([, value], i) => `wire [${size - 1}:0] value${i} = ${value};`),
    ].join('\n'),
    holds: equalities.map(([made], i) => `gate_${made}_made == value${i}`).join(' && '),
  });
  const rows = Array.from(
    { length: width },
    (_, i) => [`row${i}`, `(m[${i}] ? a << ${i} : 0) + ${power(31 + i)}`] as const,
  );
  const [carries, sums] = queue.last;
  return [
    claim('rows', [...rows, [`row${width}`, `${power(31)} + ${power(31 + width)}`]]),
    ...adderClaims(gate, queue, size, 'modulo'),
    claim('addition', [['product', `gate_row${carries}_read + gate_row${sums}_read`]]),
  ];
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
