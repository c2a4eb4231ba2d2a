/** The clamp that a fused activation comes to, CalculateActivationRangeQuantized in tflite/kernels/kernel_util.cc. */

import type { OutputRange } from '../../golden/index.ts';
import type { Field } from '../flatbuffer-writer.ts';
import type { FusedActivation, Int8Activation } from '../model.ts';
import type { OperatorSource } from '../operator-source.ts';

/** ActivationFunctionType; TANH and SIGN_BIT, which follow, have no integer kernel. */
export const FUSED_ACTIVATIONS = ['none', 'relu', 'relu_n1_to_1', 'relu6'] as const;

/** In real values. */
const RANGES: Readonly<Record<FusedActivation, readonly [minimum: number, maximum: number]>> = {
  none: [-Infinity, Infinity],
  relu: [0, Infinity],
  relu_n1_to_1: [-1, 1],
  relu6: [0, 6],
};

export function clampOf(
  source: OperatorSource,
  activation: FusedActivation,
  output: Int8Activation,
): { readonly activation: FusedActivation; readonly outputRange: OutputRange } {
  const { scale, zeroPoint } = output;
  const [minimum, maximum] = RANGES[activation];
  const [lowest, highest] = [quantized(minimum, scale), quantized(maximum, scale)];
  if (lowest === undefined || highest === undefined) {
    source.refuse(`its scale ${scale} is too small for the limits of ${activation}`, output);
  }
  const outputRange = {
    outputZeroPoint: zeroPoint,
    activationMin: Math.max(-128, zeroPoint + lowest),
    activationMax: Math.min(127, zeroPoint + highest),
  };
  return { activation, outputRange };
}

/** Undefined beyond an int32, which LiteRT refuses. */
function quantized(limit: number, scale: number): number | undefined {
  if (!Number.isFinite(limit)) return limit;
  const steps = roundHalfAway(Math.fround(limit / scale)); // LiteRT divides in float32
  return Math.abs(steps) <= 2 ** 31 ? steps : undefined;
}

function roundHalfAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}

export function activationField(slots: { readonly activation: number }, activation: FusedActivation): Field {
  return { slot: slots.activation, int8: FUSED_ACTIVATIONS.indexOf(activation) };
}
