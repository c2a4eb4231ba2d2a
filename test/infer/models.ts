/** Models of a single operator, made without a file. */
import type {
  Activation,
  Bias,
  Int8Activation,
  Model,
  Operator,
  Uint8Activation,
  Weights,
  Window,
} from '../../litert/index.ts';

let nextIndex = 0;

function base(shape: readonly number[]) {
  const index = nextIndex++;
  return { index, name: `t${index}`, shape, size: shape.reduce((size, length) => size * length, 1) };
}

export function int8(
  shape: readonly number[],
  scale: number,
  zeroPoint: number,
  data?: Int8Array,
): Int8Activation {
  return { ...base(shape), role: 'activation', type: 'int8', scale: Math.fround(scale), zeroPoint, data };
}

export function uint8(shape: readonly number[], scale: number, zeroPoint: number): Uint8Activation {
  const quantization = { scale: Math.fround(scale), zeroPoint, data: undefined };
  return { ...base(shape), role: 'activation', type: 'uint8', ...quantization };
}

export function weights(
  shape: readonly number[],
  axis: number,
  scales: readonly number[],
  data: Int8Array,
): Weights {
  const channels = shape[axis] ?? 1;
  return {
    ...base(shape),
    role: 'weights',
    type: 'int8',
    data,
    axis,
    channels,
    scales: scales.map(Math.fround),
  };
}

export function bias(data: Int32Array): Bias {
  return { ...base([data.length]), role: 'bias', type: 'int32', data, scales: [] };
}

export function modelOf(operator: Operator, inputs: readonly Activation[]): Model {
  const tensors = [...inputs, operator.output];
  return { description: '', tensors, operators: [operator], inputs, outputs: [operator.output] };
}

/** Sizes of the output, and the padding in front, as LiteRT computes them. */
export function windowOver(
  height: number,
  width: number,
  window: Omit<Window, 'paddingTop' | 'paddingLeft'>,
): { readonly window: Window; readonly height: number; readonly width: number } {
  const along = (size: number, filter: number, stride: number, dilation: number) => {
    const reach = (filter - 1) * dilation + 1;
    const output =
      window.padding === 'same' ? Math.ceil(size / stride) : Math.ceil((size - reach + 1) / stride);
    const before = Math.floor(Math.max(0, (output - 1) * stride + reach - size) / 2);
    return { output, before: window.padding === 'same' ? before : 0 };
  };
  const down = along(height, window.height, window.strideHeight, window.dilationHeight);
  const across = along(width, window.width, window.strideWidth, window.dilationWidth);
  return {
    window: { ...window, paddingTop: down.before, paddingLeft: across.before },
    height: down.output,
    width: across.output,
  };
}
