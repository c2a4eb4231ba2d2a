/**
 * The pipelined rescaler is the combinational one, some cycles later.
 *
 * Two facts together say so. Every path from an input to the output has the same number of registers, which
 * is counted in the netlist; none has an enable or a reset. So the output at a cycle is a function of the
 * inputs that many cycles before. And with every register a wire, that function is the combinational
 * rescaler's, which is decided by SAT.
 */
import type { GeneratedBlock, GenerateOptions } from '../hdl-gen/generate.ts';
import { type Claim, freeInputs, instance } from './claims.ts';
import { elaborate, filesOf } from './elaborate.ts';
import {
  type Netlist,
  NetlistError,
  registersOf,
  requireClock,
  uniformDelay,
  withoutRegisters,
} from './netlist.ts';
import type { RescalerCircuit } from './rescaler.ts';

/** @throws NetlistError unless the registers delay every path by `options.pipeline` cycles */
export async function pipelineClaim(
  options: GenerateOptions,
  blocks: readonly GeneratedBlock[],
  { netlist: combinational }: RescalerCircuit,
): Promise<Claim> {
  const pipelined = await elaborate({
    files: filesOf(blocks),
    top: 'rescaler_pipelined',
    parameters: { K: options.k },
  });
  requireDelay(pipelined, options.pipeline);
  const gate = withoutRegisters(pipelined);
  return {
    name: 'function of the stages',
    circuits: { rescaler: combinational, rescaler_pipelined: gate },
    inputs: freeInputs(gate),
    setting: [
      instance(combinational, 'rescaler', 'gold_'),
      instance(gate, 'rescaler_pipelined', 'gate_'),
    ].join('\n'),
    holds: 'gold_out == gate_out',
  };
}

/** @throws NetlistError unless every path from inputs to outputs passes `stages` registers of the one clock */
function requireDelay(netlist: Netlist, stages: number): void {
  requireClock(netlist, 'clk', registersOf(netlist));
  const delay = uniformDelay(netlist, 'clk');
  if (delay !== stages) throw new NetlistError(`the registers delay by ${delay} cycles, not by ${stages}`);
}
