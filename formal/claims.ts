/**
 * Claims about netlists, and Yosys' SAT solver to decide them: each for all values of all inputs, not for
 * samples.
 */
import { contentKey } from '../tools/cache.ts';
import { packageVersion, ToolError, yosys } from '../tools/yowasp.ts';
import { type Netlist, portsOf, printNetlists } from './netlist.ts';

/** "For all inputs with `given`, `holds`." */
export interface Claim {
  readonly name: string;
  /** The circuits that it speaks of. */
  readonly circuits: Readonly<Record<string, Netlist>>;
  /** Inputs that are free, each with its width. */
  readonly inputs: Readonly<Record<string, number>>;
  /** Verilog that stands before: wires, instances of the circuits (see {@link instance}). */
  readonly setting: string;
  /** Expressions of one bit. */
  readonly given?: string;
  readonly holds: string;
  /**
   * What is compared is made alike, gate by gate: ABC merges gates that are equal for all inputs first, which
   * leaves the solver little to do. Of circuits that are not alike it takes longer than the solver alone.
   */
  readonly alike?: true;
  /** How long it takes, roughly, where that is more than a second. */
  readonly effortSeconds?: number;
}

export type Verdict =
  | { readonly kind: 'proven' }
  /** Inputs for which it does not hold, by name, in hexadecimal. */
  | { readonly kind: 'refuted'; readonly counterexample: Readonly<Record<string, string>> };

export interface Judgement {
  readonly verdict: Verdict;
  /** Of the processor, which does not depend on what else the machine does. */
  readonly seconds: number;
}

/** To be raised when {@link decide} decides in another way. */
const FORMAT = 4;

/** What a judgement depends on: the claim with its circuits, and the solver. */
export function claimKey(claim: Claim): string {
  const { name: _, effortSeconds: __, ...content } = claim;
  return contentKey(['claim', `${FORMAT}`, packageVersion('@yowasp/yosys'), JSON.stringify(content)]);
}

/**
 * Verilog of an instance of a circuit: every output gets a wire `<prefix><port>`, every input is connected
 * to what `inputs` says, else to the claim's input of that name.
 */
export function instance(
  netlist: Netlist,
  module: string,
  prefix: string,
  inputs: Readonly<Record<string, string>> = {},
): string {
  const outputs = portsOf(netlist, 'output');
  const wires = outputs.map(([name, { bits }]) => `wire [${bits.length - 1}:0] ${prefix}${name};`);
  const connections = [
    ...portsOf(netlist, 'input').map(([name]) => `.${name} (${inputs[name] ?? name})`),
    ...outputs.map(([name]) => `.${name} (${prefix}${name})`),
  ];
  return `${wires.join(' ')}\n${module} ${prefix}instance (${connections.join(', ')});`;
}

/** The inputs of a circuit, as a claim declares them. */
export function freeInputs(netlist: Netlist): Readonly<Record<string, number>> {
  return Object.fromEntries(portsOf(netlist, 'input').map(([name, { bits }]) => [name, bits.length]));
}

const POSSIBLE = 'what is given is possible';

/** @throws ToolError where Yosys cannot read the claim, or nothing satisfies what is given */
export async function decide(claim: Claim): Promise<Judgement> {
  const before = process.cpuUsage();
  const script = [
    'read_json circuits.json; read_verilog claim.v; hierarchy -check -top claim; proc; flatten -noscopeinfo',
    // What two circuits have in common becomes one before they are simplified, which would set them apart.
    'opt_clean; opt_merge; opt -full; opt_clean -purge',
    ...(claim.alike ? ['techmap; opt; abc -g AND -script +strash;ifraig; opt -full; opt_clean -purge'] : []),
    // What is given must be possible, or anything would follow.
    ...(claim.given === undefined ? [] : ['sat -set given 1 claim', `log ${POSSIBLE}`]),
    'sat -prove holds 1 -set given 1 -show-inputs claim',
  ].join('; ');
  const run = await yosys(script, {
    'circuits.json': printNetlists(claim.circuits),
    'claim.v': verilogOf(claim),
  });
  const { user, system } = process.cpuUsage(before);
  const [possible, proof = possible] = run.output.split(`\n${POSSIBLE}\n`);
  if (claim.given !== undefined && !/SAT solving finished - model found:/.test(possible ?? '')) {
    throw new ToolError(`${claim.name}: what is given is impossible`);
  }
  return { verdict: verdictOf(proof ?? ''), seconds: (user + system) / 1e6 };
}

function verilogOf({ inputs, setting, given = "1'b1", holds }: Claim): string {
  const ports = Object.entries(inputs).map(([name, width]) => `  input wire [${width - 1}:0] ${name}`);
  return `\`default_nettype none
module claim (
${[...ports, '  output wire given', '  output wire holds'].join(',\n')}
);
${setting}
assign given = ${given};
assign holds = ${holds};
endmodule
`;
}

function verdictOf(output: string): Verdict {
  if (/SAT proof finished - no model found: SUCCESS!/.test(output)) return { kind: 'proven' };
  if (!/SAT proof finished - model found: FAIL!/.test(output)) {
    throw new ToolError(`Yosys decided nothing:\n${output.slice(-2000)}`);
  }
  // The table of the model: name, decimal, hexadecimal, binary.
  const lines = output.matchAll(/^ +\\(\S+) +(?:-?\d+|--) +([0-9a-fx]+) +[01x]+ *$/gm);
  const counterexample = Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, value]));
  return { kind: 'refuted', counterexample };
}
