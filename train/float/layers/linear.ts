/** What convolution, depthwise convolution and dense layers have in common, before normalization and activation. */
import type { Input, Machine } from './step.ts';

/** Where the operands of a linear layer lie. */
export interface Operands {
  readonly input: Input;
  /** Addresses: the filter and its gradient; the output of the layer before its bias, and the gradient of that. */
  readonly weights: number;
  readonly weightGradient: number | undefined;
  readonly output: number;
  readonly outputGradient: number | undefined;
  /** Address of zeros, as many as any tensor has channels. */
  readonly zeros: number;
}

export interface Linear {
  /** Once the weights have changed. */
  prepare(): void;
  forward(images: number): void;
  /** Adds to the gradient of the weights; the one of the input, where anybody needs it, as `Input` says. */
  backward(images: number): void;
}

export type LinearPlan = (machine: Machine) => Linear;
