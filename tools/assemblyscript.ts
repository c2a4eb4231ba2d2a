/**
 * Kernels in AssemblyScript, compiled to WebAssembly: as they lie beside their loader in the package, else from their
 * sources and cached. The compiler is a devDependency; the package has its output.
 */
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cached, contentKey, defaultCacheDirectory } from './cache.ts';

/** Optimized, without runtime and checks, in memory of the caller. */
const FLAGS = [
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert'],
  ...['--runtime', 'stub', '--use', 'abort=', '--importMemory'],
];

/** What a module is made from. */
export interface KernelSources {
  /** By file name. */
  readonly files: ReadonlyMap<string, string>;
  /** Command line of the compiler. */
  readonly flags: readonly string[];
}

/**
 * @param folder with the sources, a flat one
 * @param entry the file that says what the module exports
 * @param features of WebAssembly that it may use
 */
export async function readKernelSources(
  folder: URL,
  entry: string,
  features: readonly string[],
): Promise<KernelSources> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).toSorted();
  const files = await Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [name, await readFile(new URL(name, folder), 'utf8')],
    ),
  );
  return { files: new Map(files), flags: [entry, '--enable', features.join(','), ...FLAGS] };
}

/** The little of assemblyscript/asc that is used here: its own types redeclare `console` for everybody. */
interface Compiler {
  main(
    arguments_: readonly string[],
    files: {
      readFile(name: string): string | null;
      writeFile(name: string, contents: Uint8Array | string): void;
      listFiles(): readonly string[];
    },
  ): Promise<{ readonly error: Error | null; readonly stderr: { toString(): string } }>;
}

const COMPILER: string = 'assemblyscript/asc';

/** Throws Error, with the compiler's messages, where the sources are wrong. */
export async function compileKernelSources({ files, flags }: KernelSources): Promise<Uint8Array> {
  const { default: asc } = (await import(COMPILER)) as { readonly default: Compiler };
  let output: Uint8Array | undefined;
  const { error, stderr } = await asc.main([...flags, '--outFile', 'kernels.wasm'], {
    readFile: (name) => files.get(name) ?? null,
    listFiles: () => [],
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') output = contents;
    },
  });
  if (output === undefined || error !== null) {
    throw new Error(`${flags[0]} does not compile: ${error?.message ?? ''}\n${stderr.toString()}`);
  }
  return output;
}

/**
 * @param built what `npm run build` puts beside the compiled version of a loader
 * @param readSources called where that is not there
 */
export async function kernelBytes(
  built: URL,
  readSources: () => Promise<KernelSources>,
): Promise<Uint8Array> {
  try {
    return await readFile(built);
  } catch (error) {
    if (!isMissingFile(error)) throw error;
    const sources = await readSources();
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
