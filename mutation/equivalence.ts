/**
 * Claims that a mutant changes nothing. The same netlist stands there twice, with the mutant asleep and
 * awake; what the two have in common is merged before the solver sees it.
 *
 * - A rescaler, in which registers only delay: they become wires. It is compared for all legal inputs.
 * - Any other block: registers are cut. What they hold is a free input, the same for both, and what they take
 *   next is compared. So a proven mutant is equivalent for every sequence of inputs. The reverse does not hold:
 *   a mutant that only differs in a state that is never reached is not proven by this.
 */
import { type Claim, freeInputs, instance } from '../formal/claims.ts';
import {
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
  const open = isRescaler ? functionOf(netlist, switchName) : cutAtRegisters(netlist);
  const { [switchName]: _, ...inputs } = freeInputs(open);
  const outputs = portsOf(open, 'output').map(([port]) => port);
  return {
    name,
    circuits: { circuit: open },
    inputs,
    setting: [
      instance(open, 'circuit', 'asleep_', { [switchName]: "1'b0" }),
      instance(open, 'circuit', 'awake_', { [switchName]: "1'b1" }),
    ].join('\n'),
    ...(isRescaler ? { given: `shift <= ${maxShift(format)} && $signed(act_min) <= $signed(act_max)` } : {}),
    holds: outputs.map((port) => `asleep_${port} == awake_${port}`).join(' && '),
  };
}

function functionOf(netlist: Netlist, switchName: string): Netlist {
  // A mutant is awake or not at all times: its switch is no path through the registers.
  uniformDelay(withConstant(netlist, switchName), 'clk');
  return withoutRegisters(netlist);
}

function cutAtRegisters(netlist: Netlist): Netlist {
  const registers = Object.entries(netlist.cells).filter(([, { type }]) => isRegister(type));
  return takeOut(netlist, Object.fromEntries(registers.map(([cell], i) => [`register${i}`, cell])));
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
