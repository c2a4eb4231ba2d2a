/** Where everything of a network lies in memory, decided before there is any. */
import { newMemory, type WasmMemory } from '../../tools/wasm.ts';

/** The first page belongs to the kernels. */
const FIRST_BYTE = 65_536;

const ALIGNMENT_BYTES = 64;

/** Kernels load and store up to 16 bytes from where at least one is wanted. */
const SLACK_BYTES = 16;

export class Layout {
  readonly #constants: { readonly address: number; readonly data: Int32Array | Float32Array }[] = [];
  #end = FIRST_BYTE;

  /** Room for float32; zeros at first. @returns its address */
  floats(count: number): number {
    return this.#take(4 * count);
  }

  /** Room for float64; zeros at first. @returns its address */
  doubles(count: number): number {
    return this.#take(8 * count);
  }

  /** What is there from the beginning. @returns its address */
  constant(data: Int32Array | Float32Array): number {
    const address = this.#take(data.byteLength);
    this.#constants.push({ address, data });
    return address;
  }

  build(): WasmMemory {
    const memory = newMemory(this.#end + SLACK_BYTES);
    for (const { address, data } of this.#constants) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      new Uint8Array(memory.buffer).set(bytes, address);
    }
    return memory;
  }

  #take(bytes: number): number {
    const address = Math.ceil(this.#end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    this.#end = address + bytes + SLACK_BYTES;
    return address;
  }
}
