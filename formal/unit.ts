/**
 * The control of the dot-product unit: which beats belong together, what is taken when, when the output is
 * valid, what reset does.
 *
 * The unit is compared with a machine that is written here from the interface's description. The datapath is
 * abstract: a beat adds any word to the accumulator, and the rescaler makes any byte of its inputs, as
 * many cycles later as it has stages (pipeline.ts proves that delay). Registers become inputs (`_q`) and
 * outputs (`_d`), and one relation between the two machines is shown to be inductive:
 *
 * - a cycle with reset establishes it, whatever was in the registers before;
 * - a cycle without reset keeps it;
 * - where it holds, the outputs are equal.
 *
 * So after reset the outputs are those of the specification, for ever. They depend on nothing that a
 * register held at power-up, hence no X of an uninitialized register reaches them.
 */
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { type Claim, freeInputs, instance } from './claims.ts';
import { elaborate, filesOf } from './elaborate.ts';
import { type Netlist, registersOf, requireClock, show, takeOut } from './netlist.ts';

/** What the unit takes with the last beat, into registers named `last_...`. */
const LAST = ['multiplier', 'shift', 'zero_point', 'act_min', 'act_max'] as const;

/**
 * The unit without its registers and without its rescaler: their outputs are inputs (`acc_q`, `rescale_out`),
 * their inputs outputs (`acc_d`, `rescale_acc`).
 *
 * @throws NetlistError where a register has another clock
 */
export async function openUnit(
  { macs, k, pipeline }: GenerateOptions,
  blocks: readonly GeneratedBlock[],
): Promise<Netlist> {
  const keep = pipeline === 0 ? 'rescaler' : 'rescaler_pipelined';
  const parameters = { MACS: macs, K: k };
  const netlist = await elaborate({ files: filesOf(blocks), top: 'dot_product_unit', parameters, keep });
  requireClock(netlist, 'clk', registersOf(netlist));
  if (pipeline > 0) requireClock(netlist, 'clk', { rescale: 'rescale' });
  return takeOut(show(netlist, { previous: 'previous' }), {
    ...registersOf(netlist),
    rescale: 'rescale',
  });
}

/**
 * @param latency as promised: cycles from the last beat to the output
 * @param stages cycles that the rescaler takes
 */
export function controlClaims(unit: Netlist, latency: number, stages: number): readonly Claim[] {
  return [controlClaim(unit, latency, stages), holdClaim(unit)];
}

function controlClaim(unit: Netlist, latency: number, stages: number): Claim {
  const widthOf = (port: string): number => unit.ports[port]?.bits.length ?? 0;
  // What holds a result between the accumulator and the output: as many places as there are cycles.
  const under = latency - 1;
  const state: Readonly<Record<string, number>> = {
    open: 1,
    sum: 32,
    ...Object.fromEntries(LAST.map((name) => [`taken_${name}`, widthOf(name)])),
    // Bit i: a last beat was i + 1 cycles ago, and no reset since.
    under_way: under,
    ...Object.fromEntries(Array.from({ length: stages }, (_, i) => [`made${i}`, 8])),
    shown: 8,
    valid: 1,
  };
  const wires = Object.entries(next(stages, under)).map(
    ([name, value]) => `wire [${(state[name] ?? 1) - 1}:0] next_${name} = ${value};`,
  );
  const related = (now: (name: string) => string, unitNow: (register: string) => string): string =>
    [
      `${unitNow('fresh')} == !${now('open')}`,
      `!(${now('open')} || ${now('under_way')}[0]) || ${unitNow('acc')} == ${now('sum')}`,
      ...LAST.map(
        (name) => `!${now('under_way')}[0] || ${unitNow(`last_${name}`)} == ${now(`taken_${name}`)}`,
      ),
      ...Array.from(
        { length: under },
        (_, i) => `${unitNow(`valid_stage${i}`)} == ${now('under_way')}[${i}]`,
      ),
      `${unitNow('result_valid')} == ${now('valid')}`,
      `${unitNow('result')} == ${now('shown')}`,
    ]
      .map((part) => `(${part})`)
      .join(' && ');
  const inputs = { ...freeInputs(unit), ...state, rescaled: 8, beat: 32 };
  return {
    name: 'control',
    circuits: { unit },
    inputs,
    setting: [
      instance(unit, 'unit', 'unit_'),
      ...wires,
      // What a beat makes of the accumulator: any word, the same in both. `holdClaim` has the rest.
      'wire [31:0] unit_acc_next = in_valid ? unit_previous + beat : acc_q;',
      `wire related = ${related(
        (name) => name,
        (register) => `${register}_q`,
      )};`,
      `wire related_next = ${related(
        (name) => `next_${name}`,
        (register) => (register === 'acc' ? 'unit_acc_next' : `unit_${register}_d`),
      )};`,
      // A result that is due has been made of what was taken with its last beat. Any other may be anything.
      `wire delayed = !under_way[${stages}] || rescale_out == ${stages === 0 ? 'rescaled' : `made${stages - 1}`};`,
      `wire asked = !under_way[0] || (unit_rescale_acc == sum && ${LAST.map(
        (name) => `unit_rescale_${name} == taken_${name}`,
      ).join(' && ')});`,
      'wire outputs = unit_out_valid == valid && unit_out == shown;',
    ].join('\n'),
    given: '(rst || related) && delayed',
    holds: 'related_next && (!related || (asked && outputs))',
  };
}

/** One cycle of the specification. */
function next(stages: number, under: number): Readonly<Record<string, string>> {
  const last = 'in_valid && in_last';
  return {
    open: "rst ? 1'b0 : in_valid ? !in_last : open",
    sum: 'in_valid ? (open ? sum : bias) + beat : sum',
    ...Object.fromEntries(LAST.map((name) => [`taken_${name}`, `${last} ? ${name} : taken_${name}`])),
    under_way: `rst ? 0 : ${under === 1 ? `(${last})` : `{under_way[${under - 2}:0], ${last}}`}`,
    ...Object.fromEntries(
      Array.from({ length: stages }, (_, i) => [`made${i}`, i === 0 ? 'rescaled' : `made${i - 1}`]),
    ),
    shown: `rst ? 8'd0 : under_way[${under - 1}] ? ${stages === 0 ? 'rescaled' : `made${stages - 1}`} : shown`,
    valid: `rst ? 1'b0 : under_way[${under - 1}]`,
  };
}

/** Without a beat the accumulator stays. */
function holdClaim(unit: Netlist): Claim {
  return {
    name: 'accumulator holds',
    circuits: { unit },
    inputs: freeInputs(unit),
    setting: instance(unit, 'unit', 'unit_'),
    holds: 'in_valid || unit_acc_d == acc_q',
  };
}
