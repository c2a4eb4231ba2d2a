/** What the gradients of all operators share. */
import type { Activation, Bias, Weights } from '../../../litert/index.ts';
import { newMemory, type WasmModule } from '../../../tools/wasm.ts';
import { instantiateTrainingKernels, RESERVED_BYTES, type TrainingKernels } from '../../kernels.ts';
import type { Parameters } from '../parameters.ts';

/**
 * The way back through one operator. Gradients are of the loss by the integer that a tensor holds, so that everything
 * is in the units of the quantized model; rounding is taken for the identity (straight-through).
 */
export interface OperatorGradient {
  /**
   * Adds to the gradients of inputs and parameters what the gradient of the output comes to. That of the output may be
   * overwritten.
   */
  run(): void;
  /** Weights have changed. */
  reload?(): void;
}

export interface Machine {
  readonly kernels: TrainingKernels;
  readonly buffer: ArrayBuffer;
  /** Address of the area that operators share. */
  readonly scratch: number;
}

/** An operator whose areas have been laid out: makes it ready to run. */
export type BindGradient = (machine: Machine) => OperatorGradient;

const ALIGNMENT_BYTES = 64;
/** Kernels load up to 16 bytes from where at least one is wanted. */
const SLACK_BYTES = 64;

/**
 * Lays out the memory of a way back: the values of all activations of one run, the gradient of each, the gradient of
 * all parameters.
 */
export class GradientMemory {
  readonly #values = new Map<Activation, number>();
  readonly #gradients = new Map<Activation, number>();
  readonly #parameters = new Map<Weights | Bias, number>();
  readonly #constants: { readonly address: number; readonly data: Int32Array | Float32Array }[] = [];
  readonly #trained: ReadonlySet<Activation>;
  /** Address of the gradients of all parameters, in the order of the vector. */
  readonly parameterGradients: number;
  #end = RESERVED_BYTES;
  #scratchBytes = 0;

  /**
   * @param activations every one that an operator reads or writes
   * @param trained those that depend on parameters: only they have gradients
   */
  constructor(
    activations: Iterable<Activation>,
    trained: ReadonlySet<Activation>,
    { tensors, size }: Parameters,
  ) {
    this.#trained = trained;
    for (const tensor of activations) {
      this.#values.set(tensor, this.reserve(tensor.size));
      if (trained.has(tensor)) this.#gradients.set(tensor, this.reserve(4 * tensor.size));
    }
    this.parameterGradients = this.reserve(4 * size);
    for (const { tensor, start } of tensors)
      this.#parameters.set(tensor, this.parameterGradients + 4 * start);
  }

  /** Of its bytes, as inference computed them. */
  values(tensor: Activation): number {
    return known(this.#values.get(tensor), tensor);
  }

  /** Of its gradient, float32. Throws where it has none, see `isTrained`. */
  gradient(tensor: Activation): number {
    return known(this.#gradients.get(tensor), tensor);
  }

  /** Whether anything that is trained is upstream of it. */
  isTrained(tensor: Activation): boolean {
    return this.#trained.has(tensor);
  }

  /** Of the gradient of a parameter tensor, float32. */
  parameter(tensor: Weights | Bias): number {
    return known(this.#parameters.get(tensor), tensor);
  }

  reserve(bytes: number): number {
    const address = Math.ceil(this.#end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    this.#end = address + bytes + SLACK_BYTES;
    return address;
  }

  /** Where a constant will lie. */
  place(data: Int32Array | Float32Array): number {
    const address = this.reserve(data.byteLength);
    this.#constants.push({ address, data });
    return address;
  }

  needScratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  build(module: WasmModule): Machine {
    const scratch = this.reserve(this.#scratchBytes);
    const memory = newMemory(this.#end);
    for (const { address, data } of this.#constants) {
      new Uint8Array(memory.buffer).set(
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
        address,
      );
    }
    return { kernels: instantiateTrainingKernels(module, memory), buffer: memory.buffer, scratch };
  }
}

function known(address: number | undefined, { index }: { readonly index: number }): number {
  if (address === undefined) throw new Error(`tensor ${index} has no place in this memory`);
  return address;
}

/** Views of what the operators without kernels work on. */
export function valuesIn(
  { buffer }: Machine,
  memory: GradientMemory,
  tensor: Activation,
): Int8Array | Uint8Array {
  const Type = tensor.type === 'int8' ? Int8Array : Uint8Array;
  return new Type(buffer, memory.values(tensor), tensor.size);
}

/** Undefined where the tensor depends on nothing that is trained. */
export function gradientIn(
  { buffer }: Machine,
  memory: GradientMemory,
  tensor: Activation,
): Float32Array | undefined {
  return memory.isTrained(tensor)
    ? new Float32Array(buffer, memory.gradient(tensor), tensor.size)
    : undefined;
}
