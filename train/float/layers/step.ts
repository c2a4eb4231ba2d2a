/** What every kind of layer is made of. */
import type { WasmMemory } from '../../../tools/wasm.ts';
import type { TrainingKernels } from '../../kernels.ts';
import type { Shape } from '../network.ts';

/** A tensor of a batch in memory: [images][height][width][channels] float32. */
export interface Tensor {
  readonly shape: Shape;
  /** Elements of an image. */
  readonly size: number;
  /** Address. */
  readonly values: number;
  /** Address of its gradient; undefined where nobody needs it: at the input, and in inference. */
  readonly gradient: number | undefined;
}

export interface Machine {
  readonly kernels: TrainingKernels;
  readonly memory: WasmMemory;
}

/** A layer with its place in memory. */
export interface Step {
  /** Once the parameters have changed. */
  prepare(): void;
  /** The first `images` images of the batch. */
  forward(images: number): void;
  /** From the gradient of its output: those of its parameters, which are added, and of its inputs. */
  backward(images: number): void;
}

/** A layer whose place has been decided, to be bound once there is memory. */
export type Plan = (machine: Machine) => Step;

/** A tensor as one of the inputs of a layer. */
export interface Input {
  readonly tensor: Tensor;
  /**
   * Whether this layer is the first, going backward, to say something about the gradient of the tensor: then it
   * replaces what is there, else it adds to it.
   */
  readonly firstBackward: boolean;
}

/** Bytes of a float32. */
export const FLOAT = 4;

/** The gradient of an input, ready to be added to: cleared where nothing has been added yet. */
export function openGradient(
  { memory }: Machine,
  { tensor, firstBackward }: Input,
  images: number,
): number | undefined {
  const { gradient, size } = tensor;
  if (gradient !== undefined && firstBackward) {
    new Float32Array(memory.buffer, gradient, images * size).fill(0);
  }
  return gradient;
}
