/** The WebAssembly memory of a program: activations, then what the operators bring along, then a scratch area. */
import type { Activation } from '../../litert/index.ts';
import { newMemory, type WasmMemory } from '../../tools/wasm.ts';
import type { MemoryPlan } from '../memory.ts';

const ALIGNMENT_BYTES = 64;

/** Kernels load up to 16 bytes from where at least one is wanted. */
const SLACK_BYTES = 64;

export class MemoryBuilder {
  readonly #plan: MemoryPlan;
  readonly #constants: { readonly address: number; readonly data: ArrayBufferView }[] = [];
  #end: number;
  #scratchBytes = 0;

  constructor(plan: MemoryPlan) {
    this.#plan = plan;
    this.#end = plan.bytes + SLACK_BYTES;
  }

  /** Throws where the tensor is not part of the plan. */
  address(tensor: Activation): number {
    const offset = this.#plan.offsets.get(tensor);
    if (offset === undefined) throw new Error(`tensor ${tensor.index} is not part of this program`);
    return offset;
  }

  /** Where a constant will lie. */
  place(data: ArrayBufferView): number {
    const address = Math.ceil(this.#end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    this.#constants.push({ address, data });
    this.#end = address + data.byteLength + SLACK_BYTES;
    return address;
  }

  /** Asks for an area that operators share, one after the other; `build` tells where it is. */
  needScratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  build(): { readonly memory: WasmMemory; readonly scratch: number } {
    const scratch = Math.ceil(this.#end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    const memory = newMemory(scratch + this.#scratchBytes + SLACK_BYTES);
    for (const { address, data } of this.#constants) {
      const { buffer, byteOffset, byteLength } = data;
      new Uint8Array(memory.buffer).set(new Uint8Array(buffer, byteOffset, byteLength), address);
    }
    return { memory, scratch };
  }
}
