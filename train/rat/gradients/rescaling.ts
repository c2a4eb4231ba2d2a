/** From the gradient of an output to that of its accumulators, for the operators with weights. */
import { type Arithmetic, factorOf } from '../../../infer/arithmetic.ts';
import { channelRescalers } from '../../../infer/operators/dot-product.ts';
import type { DotProduct } from '../../../litert/index.ts';
import type { GradientMemory, Machine } from './gradient.ts';

/**
 * Replaces the gradient of the output by that of the accumulators, and adds the latter to the bias's.
 *
 * The factor is the one that the hardware multiplies with, m * 2^-s, not the real M.
 */
export function prepareRescaling(
  operator: DotProduct,
  arithmetic: Arithmetic,
  memory: GradientMemory,
): (machine: Machine) => () => void {
  const { output, bias, outputRange } = operator;
  const factors = Float32Array.from(channelRescalers(operator, arithmetic), factorOf);
  const channels = factors.length;
  const positions = output.size / channels;
  const factorsAddress = memory.place(factors);
  const y = memory.values(output);
  const dy = memory.gradient(output);
  const db = bias && memory.parameter(bias);
  const { activationMin: least, activationMax: greatest } = outputRange;
  return ({ kernels }) =>
    () => {
      kernels.straightThrough(y, dy, factorsAddress, positions, channels, least, greatest, dy);
      if (db !== undefined) kernels.addColumns(dy, positions, channels, db);
    };
}
