/** The little of WebAssembly that is used here, with types: neither @types/node nor the es2023 library has any. */

declare const WebAssembly: {
  validate(bytes: Uint8Array): boolean;
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Memory: new (limits: { readonly initial: number }) => WasmMemory;
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
};

/** Can be sent to a worker thread. */
export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

const PAGE_BYTES = 65_536;

export function newMemory(bytes: number): WasmMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE_BYTES) });
}

/** Whether the engine knows all instructions of the module. */
export function isUnderstood(bytes: Uint8Array): boolean {
  return WebAssembly.validate(bytes);
}

export function compileModule(bytes: Uint8Array): Promise<WasmModule> {
  return WebAssembly.compile(bytes);
}

/** What the module exports: the types that are exported from the sources of kernels/. */
export function instantiate(module: WasmModule, memory: WasmMemory): object {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}
