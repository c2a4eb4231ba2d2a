/** What CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED share: the way from accumulators to outputs. */
import { offsetAndClamp } from '../../golden/index.ts';
import type { Bias, DotProduct } from '../../litert/index.ts';
import { rescaleFactors } from '../../litert/rescale-factors.ts';
import { type Arithmetic, applyRescaler, dotRescalerOf, type Rescaler } from '../arithmetic.ts';
import type { Step } from './step.ts';

/** Adds up the products of one output element after the other: int32 [..., channels], bias included. */
export type Accumulate = (input: Int8Array, accumulators: Int32Array) => void;

/** Starts accumulators [..., channels] with the bias, or with 0 where there is none. */
export function startWithBias(bias: Bias | undefined, channels: number, accumulators: Int32Array): void {
  for (let i = 0; i < accumulators.length; i++) accumulators[i] = bias?.data[i % channels] ?? 0;
}

/** The rescaler of each output channel. */
export function channelRescalers(operator: DotProduct, arithmetic: Arithmetic): readonly Rescaler[] {
  return Array.from(rescaleFactors(operator), (M) => dotRescalerOf(arithmetic, operator.op, M));
}

export function dotProductStep(operator: DotProduct, accumulate: Accumulate, arithmetic: Arithmetic): Step {
  const rescalers = channelRescalers(operator, arithmetic);
  const accumulators = new Int32Array(operator.output.size);
  return (values) => {
    accumulate(values.of(operator.input), accumulators);
    requantizeChannels(accumulators, rescalers, operator, values.of(operator.output));
  };
}

function requantizeChannels(
  accumulators: Int32Array,
  rescalers: readonly Rescaler[],
  { outputRange }: DotProduct,
  output: Int8Array,
): void {
  rescalers.forEach((rescaler, channel) => {
    for (let i = channel; i < accumulators.length; i += rescalers.length) {
      output[i] = offsetAndClamp(applyRescaler(accumulators[i] ?? 0, rescaler), outputRange);
    }
  });
}
