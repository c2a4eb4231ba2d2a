/** The little of WebAssembly that is used here, with types: neither @types/node nor the es2023 library has any. */

declare const WebAssembly: {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  readonly Module: { imports(module: WasmModule): readonly { name: string }[] };
  readonly Instance: new (module: WasmModule, imports: object) => { readonly exports: object };
};

export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

/** What every simulator exports, besides functions of its own. */
export interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
}

export function compileWasm(bytes: Uint8Array): Promise<WasmModule> {
  return WebAssembly.compile(bytes);
}

/** WASI's errno for an operation that isn't supported. */
const ENOTSUP = 58;

/**
 * A fresh instance, which is what puts a run at power-up; the engine keeps the machine code between instances.
 * The type says what the caller's own C++ exports.
 */
export function instantiate<Exports extends WasmExports>(module: WasmModule): Exports {
  const system: Record<string, () => number> = {};
  // Only the C++ library refers to the system, for a console that nobody reads.
  for (const { name } of WebAssembly.Module.imports(module)) system[name] = () => ENOTSUP;
  const exports = new WebAssembly.Instance(module, { wasi_snapshot_preview1: system }).exports as Exports;
  exports._initialize();
  return exports;
}
