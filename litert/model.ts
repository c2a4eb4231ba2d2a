/**
 * A checked int8 model: what `readModel` returns and what an interpreter, `inspect` and `fold` work on.
 *
 * Everything here has been validated. Shapes are positive and fit together, indices and windows are in bounds,
 * scales are positive finite float32 values, zero points fit their type, operators stand in an order in which
 * every input exists. Nothing needs to be checked a second time.
 *
 * Layouts are LiteRT's: activations NHWC, the last axis contiguous.
 */

import type { OutputRange } from '../golden/index.ts';

export interface Model {
  readonly description: string;
  /** Every tensor that an operator uses, or that is a model input or output, once, ascending by index. */
  readonly tensors: readonly Tensor[];
  /** In execution order: each input is constant, a model input, or the output of an earlier operator. */
  readonly operators: readonly Operator[];
  readonly inputs: readonly Activation[];
  readonly outputs: readonly Activation[];
}

/** A tensor has one role in the whole model, and is one object, so `===` and `index` both identify it. */
export type Tensor = Activation | Weights | Bias | Parameter;

interface TensorBase {
  /** Position in the file's list of tensors, which is how `patchModel` names it. */
  readonly index: number;
  readonly name: string;
  /** Each at least 1; [] is a scalar. */
  readonly shape: readonly number[];
  /** Elements: the product of the shape. */
  readonly size: number;
}

/** Values between operators, real = scale * (q - zeroPoint). Input and output of a model may be uint8. */
export type Activation = Int8Activation | Uint8Activation;

export interface Int8Activation extends TensorBase {
  readonly role: 'activation';
  readonly type: 'int8';
  /** float32, > 0. */
  readonly scale: number;
  /** -128..127. */
  readonly zeroPoint: number;
  /** Its values where the tensor is a constant, as an operand of ADD or MUL may be. */
  readonly data: Int8Array | undefined;
}

export interface Uint8Activation extends TensorBase {
  readonly role: 'activation';
  readonly type: 'uint8';
  /** float32, > 0. */
  readonly scale: number;
  /** 0..255. */
  readonly zeroPoint: number;
  readonly data: Uint8Array | undefined;
}

/** Constant int8, symmetric: zero points are 0. */
export interface Weights extends TensorBase {
  readonly role: 'weights';
  readonly type: 'int8';
  readonly data: Int8Array;
  /** The axis of the output channels. */
  readonly axis: number;
  /** shape[axis]. */
  readonly channels: number;
  /** float32, > 0. One for the tensor, or one for each output channel; see `weightScale`. */
  readonly scales: readonly number[];
}

/** Constant int32 [channels] of the operator's output. */
export interface Bias extends TensorBase {
  readonly role: 'bias';
  readonly type: 'int32';
  readonly data: Int32Array;
  /**
   * As the file has them: none, one, or one for each output channel. Kernels do not use them; a bias stands at
   * scale Sx*Sw, and only FULLY_CONNECTED with one scale a tensor checks that.
   */
  readonly scales: readonly number[];
}

/** Constant int32 that an operator takes instead of an option: axes, a shape, paddings. The operator has it decoded. */
export interface Parameter extends TensorBase {
  readonly role: 'parameter';
  readonly type: 'int32';
  readonly data: Int32Array;
}

/** How a filter moves over height and width. */
export interface Window {
  /** Of the filter. */
  readonly height: number;
  readonly width: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Distance between taps of the filter, 1 being none. */
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padding: 'same' | 'valid';
  /** What `padding` comes to: rows and columns in front of the input. Those behind follow from the output shape. */
  readonly paddingTop: number;
  readonly paddingLeft: number;
}

/** The fused activation as the file names it; kernels need only the clamp of the operator's `outputRange`. */
export type FusedActivation = 'none' | 'relu' | 'relu_n1_to_1' | 'relu6';

interface OperatorBase {
  /** Position in the file. */
  readonly index: number;
}

interface WithActivation {
  readonly activation: FusedActivation;
  /** Zero point and clamp of the output. */
  readonly outputRange: OutputRange;
}

/** What the operators with weights share. `bias` is undefined where there is none, which means zeros. */
interface DotProductBase extends OperatorBase, WithActivation {
  readonly input: Int8Activation;
  readonly weights: Weights;
  readonly bias: Bias | undefined;
  readonly output: Int8Activation;
}

/** input [N, H, W, I], weights [O, KH, KW, I], output [N, OH, OW, O]. */
export interface Conv2d extends DotProductBase {
  readonly op: 'CONV_2D';
  readonly window: Window;
}

/** input [N, H, W, C], weights [1, KH, KW, C * depthMultiplier]; output channel c * depthMultiplier + j reads channel c. */
export interface DepthwiseConv2d extends DotProductBase {
  readonly op: 'DEPTHWISE_CONV_2D';
  readonly window: Window;
  readonly depthMultiplier: number;
}

/** weights [O, I]; input: `batches` rows of I, output: as many rows of O, whatever their shapes. */
export interface FullyConnected extends DotProductBase {
  readonly op: 'FULLY_CONNECTED';
  readonly batches: number;
}

/** Element by element; shapes are broadcast as NumPy does it, and the output has the broadcast shape. */
export interface ElementwiseBinary extends OperatorBase, WithActivation {
  readonly op: 'ADD' | 'SUB' | 'MUL';
  readonly left: Int8Activation;
  readonly right: Int8Activation;
  readonly output: Int8Activation;
}

/** input [N, H, W, C], output [N, OH, OW, C], of the same scale and zero point. Padding does not count. */
export interface Pool2d extends OperatorBase, WithActivation {
  readonly op: 'AVERAGE_POOL_2D' | 'MAX_POOL_2D';
  readonly input: Int8Activation;
  readonly window: Window;
  readonly output: Int8Activation;
}

export interface Reduce extends OperatorBase {
  readonly op: 'MEAN' | 'SUM';
  readonly input: Int8Activation;
  /** Ascending, each once, in 0..rank-1. */
  readonly axes: readonly number[];
  /** Whether reduced axes stay in the output's shape, as 1. */
  readonly keepDims: boolean;
  readonly output: Int8Activation;
}

/** Along the last axis; the output has scale 1/256 and zero point -128. */
export interface Softmax extends OperatorBase {
  readonly op: 'SOFTMAX';
  readonly input: Int8Activation;
  /** float32, > 0. */
  readonly beta: number;
  readonly output: Int8Activation;
}

/** Changes scale, zero point or type (int8, uint8); the shape stays. */
export interface Quantize extends OperatorBase {
  readonly op: 'QUANTIZE';
  readonly input: Activation;
  readonly output: Activation;
}

/** The same elements in the same order under another shape. */
export interface Reshape extends OperatorBase {
  readonly op: 'RESHAPE';
  readonly input: Activation;
  readonly output: Activation;
}

/** Rescales to the output and clamps. */
export interface Relu extends OperatorBase, WithActivation {
  readonly op: 'RELU' | 'RELU_N1_TO_1' | 'RELU6';
  readonly input: Int8Activation;
  readonly output: Int8Activation;
}

/** Surrounds the input with the output's zero point. */
export interface Pad extends OperatorBase {
  readonly op: 'PAD';
  readonly input: Int8Activation;
  /** Elements in front of and behind each axis, at least 0. */
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly output: Int8Activation;
}

export type DotProduct = Conv2d | DepthwiseConv2d | FullyConnected;

/** Tell them apart by `op`. */
export type Operator =
  | DotProduct
  | ElementwiseBinary
  | Pool2d
  | Reduce
  | Softmax
  | Quantize
  | Reshape
  | Relu
  | Pad;

export type OperatorName = Operator['op'];

/** The activations that an operator reads, constants among them, in the order of the file. */
export function inputsOf(operator: Operator): readonly Activation[] {
  return 'left' in operator ? [operator.left, operator.right] : [operator.input];
}

export function isDotProduct(operator: Operator): operator is DotProduct {
  return 'weights' in operator;
}

/** Sw of an output channel. */
export function weightScale({ scales }: Weights, channel: number): number {
  const scale = scales.length === 1 ? scales[0] : scales[channel];
  if (scale === undefined) throw new RangeError(`channel ${channel} is outside 0..${scales.length - 1}`);
  return scale;
}

/** All weights of an output channel, in the order of the tensor's other axes. */
export function channelWeights({ data, axis, channels }: Weights, channel: number): Int8Array {
  if (axis === 0) {
    const size = data.length / channels;
    return data.subarray(channel * size, (channel + 1) * size);
  }
  // The only other axis of output channels is the last one, that of DEPTHWISE_CONV_2D.
  return Int8Array.from({ length: data.length / channels }, (_, i) => data[i * channels + channel] ?? 0);
}
