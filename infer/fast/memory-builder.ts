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
  readonly #derived: {
    readonly addresses: readonly number[];
    readonly make: () => readonly ArrayBufferView[];
  }[] = [];
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

  /**
   * Where constants that are made from weights and biases will lie.
   *
   * @param make called again by `refresh`; to give arrays of the same sizes every time
   */
  derive(make: () => readonly ArrayBufferView[]): readonly number[] {
    const addresses = make().map((data) => this.place(data));
    this.#derived.push({ addresses, make });
    return addresses;
  }

  /** Asks for an area that operators share, one after the other; `build` tells where it is. */
  needScratch(bytes: number): void {
    this.#scratchBytes = Math.max(this.#scratchBytes, bytes);
  }

  build(): {
    readonly memory: WasmMemory;
    readonly scratch: number;
    /** Makes derived constants again, for weights and biases that have changed in place. */
    readonly refresh: () => void;
  } {
    const scratch = Math.ceil(this.#end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    const memory = newMemory(scratch + this.#scratchBytes + SLACK_BYTES);
    const write = (address: number, { buffer, byteOffset, byteLength }: ArrayBufferView) =>
      new Uint8Array(memory.buffer).set(new Uint8Array(buffer, byteOffset, byteLength), address);
    for (const { address, data } of this.#constants) write(address, data);
    const refresh = () => {
      for (const { addresses, make } of this.#derived) {
        make().forEach((data, i) => {
          write(addresses[i] ?? scratch, data);
        });
      }
    };
    return { memory, scratch, refresh };
  }
}
