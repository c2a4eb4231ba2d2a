/**
 * Claims that a mutant changes nothing. The same netlist stands there twice, with the mutant asleep and
 * awake; what the two have in common is merged before the solver sees it.
 *
 * Registers are cut: what they hold is a free input, the same for both, and what they take next is compared.
 * So a proven mutant is equivalent for every sequence of inputs. The reverse does not hold: a mutant that
 * only differs in a state that is never reached is not proven by this.
 */

import { type Claim, freeInputs, instance } from '../formal/claims.ts';
import { type Netlist, portsOf, takeOut } from '../formal/netlist.ts';
import type { MultiplierFormat } from '../golden/index.ts';
import { maxShift } from '../golden/index.ts';

/**
 * @param netlist of gates, with one mutant behind the input `switchName`
 * @param clock of its registers, if there is one
 */
export function equivalenceClaim(
  name: string,
  netlist: Netlist,
  switchName: string,
  format: MultiplierFormat,
): Claim {
  const registers = Object.entries(netlist.cells).filter(([, { type }]) => type === '$_DFF_P_');
  const open = takeOut(netlist, Object.fromEntries(registers.map(([cell], i) => [`register${i}`, cell])));
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
    ...legalParameters(open, format),
    holds: outputs.map((port) => `asleep_${port} == awake_${port}`).join(' && '),
  };
}

/**
 * The contract of the rescaler's ports. In blocks with registers it is not used: the parameters that are
 * rescaled stand in registers.
 */
function legalParameters({ ports }: Netlist, format: MultiplierFormat): Pick<Claim, 'given'> {
  if (!('acc' in ports)) return {};
  return { given: `shift <= ${maxShift(format)} && $signed(act_min) <= $signed(act_max)` };
}
