/** Gives activations and constants another quantization: what changes in the file. */
import {
  type Activation,
  type Bias,
  isDotProduct,
  type Model,
  ModelError,
  type TensorChange,
  weightScale,
} from '../litert/index.ts';
import { type Requantized, requantizedCode } from './exact-scales.ts';

/**
 * The biases of layers that read an activation follow its scale; weights do not.
 *
 * @throws ModelError where layers that read different scales share a bias
 */
export function requantizationChanges(
  model: Model,
  requantized: readonly Requantized[],
): readonly TensorChange[] {
  const scaleOf = new Map<Activation, number>(
    requantized.map(({ tensor, quantization }) => [tensor, quantization.scale]),
  );
  const biases = new Map<Bias, { readonly ratio: number; readonly change: TensorChange }>();
  for (const { index, bias, input, weights } of model.operators.filter(isDotProduct)) {
    if (bias === undefined) continue;
    const scale = scaleOf.get(input) ?? input.scale;
    const ratio = input.scale / scale;
    const known = biases.get(bias);
    if (known !== undefined && known.ratio !== ratio) {
      throw new ModelError(
        `operator ${index}: shares its bias, tensor ${bias.index}, with a layer whose input needs another scale; give each its own`,
      );
    }
    const change = biasChange(
      bias,
      bias.data.map((value) => clampInt32(Math.round(value * ratio))),
      (channel) => scale * weightScale(weights, channel),
    );
    biases.set(bias, { ratio, change });
  }
  return [
    ...requantized.map(activationChange),
    ...[...biases.values()].filter(({ ratio }) => ratio !== 1).map(({ change }) => change),
  ];
}

/** @param scale Sx*Sw of a channel */
export function biasChange(bias: Bias, data: Int32Array, scale: (channel: number) => number): TensorChange {
  const changed = data.some((value, channel) => value !== bias.data[channel]);
  return {
    tensor: bias.index,
    // Zeros stay as they are: writers let them share bytes.
    ...(changed ? { data } : {}),
    ...(bias.scales.length > 0 ? { scales: bias.scales.map((_, i) => Math.fround(scale(i))) } : {}),
  };
}

export function clampInt32(value: number): number {
  return Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1);
}

function activationChange({ tensor, quantization }: Requantized): TensorChange {
  const { scale, zeroPoint } = quantization;
  const written = { tensor: tensor.index, scales: [scale], zeroPoints: [zeroPoint] };
  if (tensor.type !== 'int8' || tensor.data === undefined) return written;
  return {
    ...written,
    data: tensor.data.map((q) => requantizedCode(tensor.scale * (q - tensor.zeroPoint), quantization)),
  };
}
