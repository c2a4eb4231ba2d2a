/**
 * Claims that a mutant changes nothing. The same netlist stands there twice, with the mutant asleep and
 * awake; what the two have in common is merged before the solver sees it.
 *
 * - A rescaler, in which registers only delay: they become wires. It is compared for all legal inputs.
 * - Any other block: registers are cut. What they hold is a free input, the same for both, and what they take
 *   next is compared. So a proven mutant is equivalent for every sequence of inputs. The reverse does not hold:
 *   a mutant that only differs in a state that is never reached is not proven by this.
 *
 * One kind of register may differ: `last` on its way along the systolic array, where it comes without
 * `valid`. The difference may go on to the next hop, but to no other register and to no output.
 */
import { type Claim, freeInputs, instance } from '../formal/claims.ts';
import {
  type Bit,
  isRegister,
  type Netlist,
  portsOf,
  takeOut,
  uniformDelay,
  withoutRegisters,
} from '../formal/netlist.ts';
import { type MultiplierFormat, maxShift } from '../golden/index.ts';

/**
 * @param netlist of gates, with one mutant behind the input `switchName`
 * @throws NetlistError for a rescaler whose paths have different numbers of registers
 */
export function equivalenceClaim(
  name: string,
  netlist: Netlist,
  switchName: string,
  format: MultiplierFormat,
): Claim {
  const isRescaler = 'acc' in netlist.ports;
  const { open, mayDiffer } = isRescaler
    ? { open: functionOf(netlist, switchName), mayDiffer: [] }
    : cutAtRegisters(netlist);
  const { [switchName]: _, ...inputs } = freeInputs(open);
  const others = mayDiffer.map(({ register, unless }) => ({
    pin: `${register}_q`,
    input: `other_${register}`,
    value: `(${unless}_q ? ${register}_q : other_${register})`,
  }));
  const mattersNext = new Map(
    mayDiffer.map(({ register, unless }) => [`${register}_d`, `asleep_${unless}_d`]),
  );
  const equal = portsOf(open, 'output').map(([port]) => {
    const matters = mattersNext.get(port);
    const same = `asleep_${port} == awake_${port}`;
    return matters === undefined ? same : `(!${matters} || ${same})`;
  });
  return {
    name,
    circuits: { circuit: open },
    inputs: { ...inputs, ...Object.fromEntries(others.map(({ input }) => [input, 1])) },
    setting: [
      instance(open, 'circuit', 'asleep_', { [switchName]: "1'b0" }),
      instance(open, 'circuit', 'awake_', {
        [switchName]: "1'b1",
        ...Object.fromEntries(others.map(({ pin, value }) => [pin, value])),
      }),
    ].join('\n'),
    ...(isRescaler ? { given: `shift <= ${maxShift(format)} && $signed(act_min) <= $signed(act_max)` } : {}),
    holds: equal.join(' && '),
    alike: true,
  };
}

function functionOf(netlist: Netlist, switchName: string): Netlist {
  // A mutant is awake or not at all times: its switch is no path through the registers.
  uniformDelay(withConstant(netlist, switchName), 'clk');
  return withoutRegisters(netlist);
}

/** A netlist without its registers, whose ports they are: `<register>_q`, `<register>_d`. */
interface OpenBlock {
  readonly open: Netlist;
  /** What `register` holds means nothing unless what `unless` holds is 1. */
  readonly mayDiffer: readonly { readonly register: string; readonly unless: string }[];
}

function cutAtRegisters(netlist: Netlist): OpenBlock {
  const cells: Record<string, string> = {};
  const holding = new Map<Bit, string>();
  for (const [cell, { type, connections }] of Object.entries(netlist.cells)) {
    if (!isRegister(type)) continue;
    const register = `register${holding.size}`;
    cells[register] = cell;
    for (const bit of connections['Q'] ?? []) holding.set(bit, register);
  }
  const mayDiffer = Object.entries(netlist.netnames).flatMap(([name, { bits }]) => {
    if (!/^lane\[\d+\]\.control$/.test(name)) return [];
    const [register, unless] = bits.map((bit) => holding.get(bit));
    return register === undefined || unless === undefined ? [] : [{ register, unless }];
  });
  return { open: takeOut(netlist, cells), mayDiffer };
}

/** The input is 0. */
function withConstant({ ports, cells, netnames }: Netlist, input: string): Netlist {
  const { [input]: tied, ...others } = ports;
  const bits = new Set(tied?.bits);
  return {
    netnames,
    ports: others,
    cells: Object.fromEntries(
      Object.entries(cells).map(([name, cell]) => [
        name,
        {
          ...cell,
          connections: Object.fromEntries(
            Object.entries(cell.connections).map(([pin, nets]) => [
              pin,
              nets.map((net) => (bits.has(net) ? '0' : net)),
            ]),
          ),
        },
      ]),
    ),
  };
}
