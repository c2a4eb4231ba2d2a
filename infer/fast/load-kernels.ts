/** The kernels, compiled: as they lie beside this file in the package, else from their sources and cached. */
import { kernelBytes } from '../../tools/assemblyscript.ts';
import { compileModule, isUnderstood } from '../../tools/wasm.ts';
import { type Build, sourcesOf } from './builds.ts';
import type { KernelModule } from './kernels.ts';
import { INT16 } from './operand-format.ts';
import { probeRelaxedDot } from './relaxed.ts';

let loaded: Promise<KernelModule> | undefined;

/** The fastest build that is exact here; the same module at every call. */
export function loadKernels(): Promise<KernelModule> {
  loaded ??= loadRelaxedKernels().then((relaxed) => relaxed ?? loadSimdKernels());
  return loaded;
}

/** The build that runs everywhere. */
export async function loadSimdKernels(): Promise<KernelModule> {
  return { module: await compileModule(await bytesOf('simd')), format: INT16 };
}

/** Undefined where the engine has no relaxed SIMD, as before Node 21, or one whose dot product is not exact. */
export async function loadRelaxedKernels(): Promise<KernelModule | undefined> {
  const bytes = await bytesOf('relaxed');
  if (!isUnderstood(bytes)) return undefined;
  const module = await compileModule(bytes);
  const format = probeRelaxedDot(module);
  return format && { module, format };
}

function bytesOf(build: Build): Promise<Uint8Array> {
  return kernelBytes(new URL(`kernels-${build}.wasm`, import.meta.url), () => sourcesOf(build));
}
