/** The kernels, compiled: as they lie beside this file in the package, else from their sources and cached. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cached, contentKey, defaultCacheDirectory } from '../../tools/cache.ts';
import { type Build, compileKernelSources, readKernelSources } from './compile-kernels.ts';
import type { KernelModule } from './kernels.ts';
import { INT16 } from './operand-format.ts';
import { probeRelaxedDot } from './relaxed.ts';
import { compileModule, isUnderstood } from './wasm.ts';

let loaded: Promise<KernelModule> | undefined;

/** The fastest build that is exact here; the same module at every call. */
export function loadKernels(): Promise<KernelModule> {
  loaded ??= loadRelaxedKernels().then((relaxed) => relaxed ?? loadSimdKernels());
  return loaded;
}

/** The build that runs everywhere. */
export async function loadSimdKernels(): Promise<KernelModule> {
  return { module: await compileModule(await kernelBytes('simd')), format: INT16 };
}

/** Undefined where the engine has no relaxed SIMD, as before Node 21, or one whose dot product is not exact. */
export async function loadRelaxedKernels(): Promise<KernelModule | undefined> {
  const bytes = await kernelBytes('relaxed');
  if (!isUnderstood(bytes)) return undefined;
  const module = await compileModule(bytes);
  const format = probeRelaxedDot(module);
  return format && { module, format };
}

async function kernelBytes(build: Build): Promise<Uint8Array> {
  try {
    // What `npm run build` puts beside the compiled version of this file.
    return await readFile(new URL(`kernels-${build}.wasm`, import.meta.url));
  } catch (error) {
    if (!isMissingFile(error)) throw error;
    const sources = await readKernelSources(build);
    const key = contentKey([compilerVersion(), ...sources.flags, ...[...sources.files].flat()]);
    return cached(defaultCacheDirectory(), key, () => compileKernelSources(sources));
  }
}

function compilerVersion(): string {
  const { version } = createRequire(import.meta.url)('assemblyscript/package.json') as { version: string };
  return `assemblyscript ${version}`;
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
