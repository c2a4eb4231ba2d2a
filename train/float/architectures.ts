/** The networks that can be trained, for images of any shape. */
import type { Activation, Architecture, Layer, Shape } from './network.ts';

export const MODEL_NAMES = ['small-cnn', 'small-dscnn', 'resnet8'] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** @param classes how many logits */
export function architectureOf(name: ModelName, input: Shape, classes: number): Architecture {
  const stack = new Stack();
  BUILDERS[name](stack);
  stack.dense(classes);
  return { name, input, layers: stack.layers };
}

const BUILDERS: Readonly<Record<ModelName, (stack: Stack) => void>> = {
  /** Three convolutions with a pool behind each; nothing else is averaged, so the place of things counts. */
  'small-cnn'(stack) {
    for (const channels of [24, 48, 64]) stack.convolution(channels).maxPool(2);
  },
  /** Depthwise-separable, as MobileNet (Howard et al. 2017). */
  'small-dscnn'(stack) {
    stack.convolution(16);
    for (const [channels, stride] of [
      [32, 2],
      [64, 1],
      [96, 2],
      [128, 1],
    ] as const) {
      stack.depthwise(stride).convolution(channels, { kernel: 1 });
    }
    stack.globalAveragePool();
  },
  /** The image classification network of MLPerf Tiny (Banbury et al. 2021). */
  resnet8(stack) {
    stack.convolution(16);
    for (const [channels, stride] of [
      [16, 1],
      [32, 2],
      [64, 2],
    ] as const) {
      const before = stack.last;
      stack.convolution(channels, { stride }).convolution(channels, { activation: 'none' });
      const branch = stack.last;
      if (stride > 1) {
        stack.convolution(channels, {
          from: before,
          kernel: 1,
          stride,
          activation: 'none',
          normalization: 'none',
        });
        stack.add(branch, stack.last);
      } else stack.add(branch, before);
    }
    stack.globalAveragePool();
  },
};

interface ConvolutionOptions {
  readonly from?: number;
  readonly kernel?: number;
  readonly stride?: number;
  readonly activation?: Activation;
  readonly normalization?: 'batch' | 'none';
}

/** Layers one on the other; each reads the one before if not told otherwise. */
class Stack {
  readonly layers: Layer[] = [];

  /** Number of the last tensor. */
  get last(): number {
    return this.layers.length;
  }

  convolution(channels: number, options: ConvolutionOptions = {}): this {
    const { from = this.last, kernel = 3, stride = 1 } = options;
    const { activation = 'relu', normalization = 'batch' } = options;
    return this.#push({ kind: 'convolution', from, channels, kernel, stride, activation, normalization });
  }

  depthwise(stride: number): this {
    const normal = { activation: 'relu', normalization: 'batch' } as const;
    return this.#push({ kind: 'depthwise', from: this.last, kernel: 3, stride, ...normal });
  }

  dense(channels: number): this {
    const plain = { activation: 'none', normalization: 'none' } as const;
    return this.#push({ kind: 'dense', from: this.last, channels, ...plain });
  }

  add(from: number, and: number): this {
    return this.#push({ kind: 'add', from, and, activation: 'relu' });
  }

  maxPool(size: number): this {
    return this.#push({ kind: 'max-pool', from: this.last, size });
  }

  globalAveragePool(): this {
    return this.#push({ kind: 'global-average-pool', from: this.last });
  }

  #push(layer: Layer): this {
    this.layers.push(layer);
    return this;
  }
}
