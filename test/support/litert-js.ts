/**
 * LiteRT itself, in WebAssembly: @litertjs/core. Its public API refuses int8 tensors, so its bindings are driven
 * directly. It runs XNNPACK or built-in optimized kernels, which round once.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { compileFunction } from 'node:vm';

/** `relaxed` is what the package takes where the engine has relaxed SIMD, as Node 24 has; `compatible` else. */
export type Build = 'relaxed' | 'compatible';

const FILES = { relaxed: 'litert_wasm_internal', compatible: 'litert_wasm_compat_internal' } as const;

export interface LiteRtModel {
  /** The bytes of the first output, for those of the only input. */
  run(input: Int8Array | Uint8Array): Promise<Uint8Array>;
}

/** What is used of the bindings, as wasm_binding_types.ts of the package has them. */
interface Bindings {
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  loadModel(environment: object, address: number, bytes: number): Model;
  compileModel(environment: object, model: Model, options: object): CompiledModel | Promise<CompiledModel>;
  readonly LiteRtEnvironment: { create(device: null): object };
  readonly LiteRtTensorBuffer: {
    createManaged(environment: object, kind: object, type: TensorType, bytes: number): TensorBuffer;
  };
  readonly LiteRtTensorBufferType: { readonly HOST_MEMORY: object };
  readonly LiteRtTensorBufferLockMode: { readonly READ: object; readonly WRITE: object };
}

interface Model {
  getInputTensorType(signature: number, input: number): TensorType;
}

interface CompiledModel {
  run(signature: number, inputs: readonly TensorBuffer[]): TensorBuffer[] | Promise<TensorBuffer[]>;
}

interface TensorType {
  bytes(): number;
}

interface TensorBuffer {
  lock(mode: object): number;
  unlock(): void;
  packedSize(): number;
  delete(): void;
}

type Factory = (options: object) => Promise<Bindings>;

/** One thread. All models of a build share an instance, which grows with each of them. */
export async function loadLiteRtModel(bytes: Uint8Array, build: Build): Promise<LiteRtModel> {
  const bindings = await bindingsOf(build);
  const { READ, WRITE } = bindings.LiteRtTensorBufferLockMode;
  const environment = bindings.LiteRtEnvironment.create(null);
  const address = bindings._malloc(bytes.length);
  bindings.HEAPU8.set(bytes, address);
  const model = bindings.loadModel(environment, address, bytes.length);
  const options = { accelerator: 'wasm', cpuOptions: { numThreads: 1 }, gpuOptions: {}, webNNOptions: {} };
  const compiled = await bindings.compileModel(environment, model, options);
  const type = model.getInputTensorType(0, 0);
  const kind = bindings.LiteRtTensorBufferType.HOST_MEMORY;
  const input = bindings.LiteRtTensorBuffer.createManaged(environment, kind, type, type.bytes());
  return {
    async run(values) {
      const to = input.lock(WRITE);
      bindings.HEAPU8.set(new Uint8Array(values.buffer, values.byteOffset, values.length), to);
      input.unlock();
      const outputs = await compiled.run(0, [input]);
      const [output] = outputs;
      if (output === undefined) throw new Error('LiteRT gave no output');
      const from = output.lock(READ);
      const result = bindings.HEAPU8.slice(from, from + output.packedSize());
      output.unlock();
      for (const one of outputs) one.delete();
      return result;
    },
  };
}

/** Of each build one instance, which all models share: to start it takes far longer than to run a small model. */
const instances = new Map<Build, Promise<Bindings>>();

function bindingsOf(build: Build): Promise<Bindings> {
  const instance = instances.get(build) ?? loadBindings(build);
  instances.set(build, instance);
  return instance;
}

/** The package's scripts are CommonJS in a package that says that it is not. */
async function loadBindings(build: Build): Promise<Bindings> {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@litertjs/core')), '../wasm');
  const file = join(folder, `${FILES[build]}.js`);
  const module: { exports: Factory | undefined } = { exports: undefined };
  const names = ['module', 'exports', 'require', '__filename', '__dirname'];
  const script = compileFunction(await readFile(file, 'utf8'), names, { filename: file });
  module.exports = undefined;
  script(module, {}, require, file, folder);
  if (module.exports === undefined) throw new Error(`${file} exports nothing`);
  const quiet = () => undefined;
  return (module.exports as Factory)({
    wasmBinary: await readFile(join(folder, `${FILES[build]}.wasm`)),
    print: quiet,
    printErr: quiet,
  });
}
