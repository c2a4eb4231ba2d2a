/** A better place to start from: weights that make up for what a narrow multiplier is short of. */
import { type Arithmetic, factorOf } from '../../infer/arithmetic.ts';
import { channelRescalers } from '../../infer/operators/dot-product.ts';
import { rescaleFactors } from '../../litert/rescale-factors.ts';
import { channelOf, type Parameters } from './parameters.ts';

/**
 * With Mq in place of M an output is Mq / M times what it should be; weights and biases times M / Mq take that back, as
 * far as they fit their range. Nothing is rounded here: training goes on from between the integers.
 *
 * A tensor that several operators read is multiplied for the first of them.
 */
export function compensated(
  { tensors }: Parameters,
  values: Float64Array,
  arithmetic: Arithmetic,
): Float64Array {
  const result = values.slice();
  for (const parameter of tensors) {
    const { operator, start, end } = parameter;
    const narrow = channelRescalers(operator, arithmetic).map(factorOf);
    const ratios = [...rescaleFactors(operator)].map((M, channel) => {
      const Mq = narrow[channel] ?? 0;
      return Mq > 0 ? M / Mq : 1;
    });
    for (let i = start; i < end; i++) {
      result[i] = (values[i] ?? 0) * (ratios[channelOf(parameter, i)] ?? 1);
    }
  }
  return result;
}
