/**
 * What the dot product of relaxed SIMD makes of bytes here.
 *
 * Of its operands, int8 weights and bytes of activations, the specification lets an engine take the second as signed
 * or unsigned, and add products in 16 bits, where sums saturate or wrap. x86 with AVX-VNNI is exact with unsigned
 * bytes, ARM and AVX-VNNI-INT8 with signed ones; x86 without them saturates. The engine must decide once and for all,
 * so what one memory and every pair of weight and byte show is true of all that follows.
 */

import { instantiate, newMemory, type WasmModule } from '../../tools/wasm.ts';
import type { OperandFormat } from './operand-format.ts';

/** What kernels/relaxed.ts exports besides the kernels. */
interface Probe {
  probe(byte: number, weights: number, count: number, to: number): void;
}

const BYTES = 256;
/** Products that a lane of 32 bits adds. */
const PRODUCTS = 4;
const SUMS_ADDRESS = BYTES * PRODUCTS;

/**
 * Undefined where it is not exact. Four times the same product is as far as sums of two or four of them get, so
 * nothing that is exact here overflows elsewhere.
 */
export function probeRelaxedDot(module: WasmModule): OperandFormat | undefined {
  const memory = newMemory(SUMS_ADDRESS + BYTES * 4);
  const { probe } = instantiate(module, memory) as Probe;
  const weights = new Int8Array(memory.buffer, 0, BYTES * PRODUCTS);
  const sums = new Int32Array(memory.buffer, SUMS_ADDRESS, BYTES);
  weights.forEach((_, i) => {
    weights[i] = Math.floor(i / PRODUCTS) - 128;
  });
  let [signed, unsigned] = [true, true];
  for (let byte = 0; byte < BYTES; byte++) {
    probe(byte, 0, BYTES / 4, SUMS_ADDRESS);
    const isTimes = (value: number) => sums.every((sum, i) => sum === PRODUCTS * (i - 128) * value);
    unsigned &&= isTimes(byte);
    signed &&= isTimes((byte << 24) >> 24);
  }
  if (unsigned) return { bytes: 1, offset: 128 };
  return signed ? { bytes: 1, offset: 0 } : undefined;
}
