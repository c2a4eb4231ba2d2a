/** The kernels, compiled: as they lie beside this file in the package, else from their sources and cached. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cached, contentKey, defaultCacheDirectory } from '../../tools/cache.ts';
import { compileKernelSources, readKernelSources } from './compile-kernels.ts';
import { compileKernels, type KernelModule } from './wasm.ts';

/** What `npm run build` puts beside the compiled version of this file. */
const BUILT = new URL('kernels.wasm', import.meta.url);

let loaded: Promise<KernelModule> | undefined;

/** The same module at every call. */
export function loadKernels(): Promise<KernelModule> {
  loaded ??= kernelBytes().then(compileKernels);
  return loaded;
}

async function kernelBytes(): Promise<Uint8Array> {
  try {
    return await readFile(BUILT);
  } catch (error) {
    if (!isMissingFile(error)) throw error;
    const sources = await readKernelSources();
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
