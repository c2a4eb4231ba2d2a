/** The little of WebAssembly that is used here, with types: neither @types/node nor the es2023 library has any. */
import type { Kernels } from './kernels.ts';

declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<KernelModule>;
  readonly Memory: new (limits: { readonly initial: number }) => WasmMemory;
  readonly Instance: new (module: KernelModule, imports: object) => { readonly exports: object };
};

/** The compiled kernels. Can be sent to a worker thread. */
export interface KernelModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 65_536;

export function newMemory(bytes: number): WasmMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
}

export function compileKernels(bytes: Uint8Array): Promise<KernelModule> {
  return WebAssembly.compile(bytes);
}

export function instantiateKernels(module: KernelModule, memory: WasmMemory): Kernels {
  // The type says what kernels/index.ts exports.
  return new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
}
