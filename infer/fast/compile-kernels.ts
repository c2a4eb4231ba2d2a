/** kernels/ from AssemblyScript to WebAssembly. The compiler is a devDependency: the package has its output. */
import { readdir, readFile } from 'node:fs/promises';

const FLAGS = [
  ...['--optimizeLevel', '3', '--shrinkLevel', '0', '--converge', '--noAssert'],
  ...['--runtime', 'stub', '--use', 'abort=', '--importMemory'],
];

/** The builds of the kernels: the file that says what each exports, and the features that it takes. */
const BUILDS = {
  simd: ['index.ts', '--enable', 'simd'],
  relaxed: ['relaxed.ts', '--enable', 'simd,relaxed-simd'],
} as const;

export type Build = keyof typeof BUILDS;

export const buildNames: readonly Build[] = ['simd', 'relaxed'];

/** What the kernels are made from. */
export interface KernelSources {
  /** By file name. */
  readonly files: ReadonlyMap<string, string>;
  /** Command line of the compiler. */
  readonly flags: readonly string[];
}

export async function readKernelSources(build: Build): Promise<KernelSources> {
  const folder = new URL('../kernels/', import.meta.url);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).toSorted();
  const files = await Promise.all(
    names.map(
      async (name): Promise<[string, string]> => [name, await readFile(new URL(name, folder), 'utf8')],
    ),
  );
  return { files: new Map(files), flags: [...BUILDS[build], ...FLAGS] };
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
    throw new Error(`infer/kernels does not compile: ${error?.message ?? ''}\n${stderr.toString()}`);
  }
  return output;
}
