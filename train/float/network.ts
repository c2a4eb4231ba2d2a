/**
 * A network in float, as it is trained: a list of layers in execution order.
 *
 * Tensor 0 is the input; layer i makes tensor i + 1, which later layers name. Activations are NHWC, filters as LiteRT
 * has them: a convolution [O, KH, KW, I], a depthwise one [1, KH, KW, C], a dense layer [O, I]. Padding is SAME.
 */

/** Of one image: height x width x channels. */
export interface Shape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export type Activation = 'none' | 'relu' | 'relu6';

interface WithFilter {
  /** Where the layer reads: the number of a tensor. */
  readonly from: number;
  readonly activation: Activation;
  /** Whether outputs are normalized over the batch before the activation; the filter then has no bias of its own. */
  readonly normalization: 'batch' | 'none';
}

export type Layer =
  | (WithFilter & {
      readonly kind: 'convolution';
      readonly channels: number;
      readonly kernel: number;
      readonly stride: number;
    })
  | (WithFilter & { readonly kind: 'depthwise'; readonly kernel: number; readonly stride: number })
  /** Takes all elements of an image as one row. */
  | (WithFilter & { readonly kind: 'dense'; readonly channels: number })
  | { readonly kind: 'add'; readonly from: number; readonly and: number; readonly activation: Activation }
  /** Windows of size x size that do not overlap. */
  | { readonly kind: 'max-pool'; readonly from: number; readonly size: number }
  /** Over height and width. */
  | { readonly kind: 'global-average-pool'; readonly from: number };

/** What is trained and what is written are two views of the same layers; the last one gives the logits. */
export interface Architecture {
  readonly name: string;
  readonly input: Shape;
  readonly layers: readonly Layer[];
}

/** A layer with a filter, ready for inference: batch normalization folded into filter and bias. */
export interface Filter {
  /** [O, KH, KW, I], [1, KH, KW, C] or [O, I]. */
  readonly weights: Float32Array;
  /** [O]. */
  readonly bias: Float32Array;
}

/** What float training ends with, and quantization begins with. */
export interface FloatNetwork {
  readonly architecture: Architecture;
  /** One a layer; undefined where it has no filter. */
  readonly filters: readonly (Filter | undefined)[];
}

/** Runs a network on images; for calibration, and as what quantization is compared with. */
export interface FloatRunner {
  /**
   * @param images [count, height, width, channels], real values as the network was trained on
   * @param observe sees each tensor: number 0 the input, i + 1 the output of layer i, all images of a batch together;
   *   the array is the runner's own, copy what is to be kept
   * @returns logits, [count, classes]
   */
  run(
    images: Float32Array,
    count: number,
    observe?: (tensor: number, values: Float32Array) => void,
  ): Float32Array;
}

/** Shape of every tensor of a network, the input first. */
export function tensorShapes({ input, layers }: Architecture): readonly Shape[] {
  const shapes: Shape[] = [input];
  for (const layer of layers) shapes.push(outputShape(layer, shapes));
  return shapes;
}

function outputShape(layer: Layer, shapes: readonly Shape[]): Shape {
  const from = shapes[layer.from];
  if (from === undefined)
    throw new RangeError(`tensor ${layer.from} is not there before layer ${layer.kind}`);
  switch (layer.kind) {
    case 'convolution':
    case 'depthwise':
      return {
        height: Math.ceil(from.height / layer.stride),
        width: Math.ceil(from.width / layer.stride),
        channels: layer.kind === 'convolution' ? layer.channels : from.channels,
      };
    case 'dense':
      return { height: 1, width: 1, channels: layer.channels };
    case 'add':
      return from;
    case 'max-pool':
      return {
        height: Math.floor(from.height / layer.size),
        width: Math.floor(from.width / layer.size),
        channels: from.channels,
      };
    case 'global-average-pool':
      return { height: 1, width: 1, channels: from.channels };
  }
}
