/** What the hardware loads for a model: multiplier, shift and effective bias of each output channel. */

import {
  effectiveBias,
  type MultiplierFormat,
  type QuantizedMultiplier,
  quantizeMultiplier,
} from '../golden/index.ts';
import { channelWeights, type DotProduct, isDotProduct, type Model } from './model.ts';
import { rescaleFactors } from './rescale-factors.ts';

export interface RescaleTable {
  readonly format: MultiplierFormat;
  /** The operators with weights, in execution order. */
  readonly layers: readonly LayerTable[];
}

export interface LayerTable {
  readonly operator: DotProduct;
  readonly channels: readonly ChannelRow[];
}

export interface FactorRow {
  /** The real factor M. */
  readonly factor: number;
  /** (m, s), or why there is none. */
  readonly quantized: QuantizedMultiplier | { readonly problem: string };
}

/** An output channel; its problem is that the hardware of the format cannot have its M. */
export interface ChannelRow extends FactorRow {
  /** bEff, int32. */
  readonly effectiveBias: number;
}

export function rescaleTable(model: Model, format: MultiplierFormat): RescaleTable {
  return {
    format,
    layers: model.operators.filter(isDotProduct).map((operator) => layerTable(operator, format)),
  };
}

function layerTable(operator: DotProduct, format: MultiplierFormat): LayerTable {
  const { input, weights, bias } = operator;
  const channels = [...rescaleFactors(operator)].map((factor, channel) => ({
    factor,
    effectiveBias: effectiveBias(bias?.data[channel] ?? 0, input.zeroPoint, channelWeights(weights, channel)),
    quantized: quantize(factor, format),
  }));
  return { operator, channels };
}

function quantize(factor: number, format: MultiplierFormat): ChannelRow['quantized'] {
  try {
    return quantizeMultiplier(factor, format);
  } catch (error) {
    if (error instanceof RangeError) return { problem: error.message };
    throw error;
  }
}

/** (Mq - M) / M. */
export function relativeError(factor: number, { multiplier, shift }: QuantizedMultiplier): number {
  return (multiplier * 2 ** -shift - factor) / factor;
}
