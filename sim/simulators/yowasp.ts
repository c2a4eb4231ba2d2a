/**
 * Yosys and Clang as they come from npm, compiled to WebAssembly and run inside this process.
 *
 * Both work on a tree of files in memory. The first call of each loads it, which costs a second or so; the
 * engine keeps the compiled code, so later calls in the same process are several times faster.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Command, commands, runLLVM, type Tree } from '@yowasp/clang';
import { runYosys } from '@yowasp/yosys';
import { SimulatorError, type SourceFile } from './simulator.ts';

export type { Tree } from '@yowasp/clang';

const require = createRequire(import.meta.url);

/** @throws SimulatorError with Yosys' own error line. */
export function yosys(script: string, files: Tree): Promise<Tree> {
  return call('yosys', runYosys, ['-q', '-p', script], files);
}

/** @throws SimulatorError with Clang's own error lines. */
export async function clang(args: readonly string[], files: Tree): Promise<Tree> {
  // Without arguments it only loads itself, and this is the one call that can be kept from reporting progress.
  await runLLVM(undefined, undefined, { fetchProgress: () => undefined });
  return call('clang', commands['clang++'], [...args], files);
}

async function call(tool: string, command: Command, args: string[], files: Tree): Promise<Tree> {
  const printed: Uint8Array[] = [];
  const print = (bytes: Uint8Array | null) => {
    if (bytes !== null) printed.push(bytes.slice());
  };
  try {
    return (await command(args, files, { stdout: print, stderr: print, decodeASCII: false })) ?? {};
  } catch (error) {
    const output = Buffer.concat(printed).toString();
    throw new SimulatorError(`${tool} failed:\n${explain(output, error)}`);
  }
}

/** What the tool said about its failure; where it said nothing, as in a trap, what WebAssembly did. */
function explain(output: string, error: unknown): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /error:/i.test(line));
  if (errors.length > 0) return errors.join('\n');
  return lines.at(-1) ?? (error instanceof Error ? error.message : String(error));
}

/** Text of a file in a tree that a tool has returned. */
export function textOf(tree: Tree, name: string): string {
  return Buffer.from(bytesOf(tree, name)).toString();
}

export function bytesOf(tree: Tree, name: string): Uint8Array {
  const content = tree[name];
  if (content instanceof Uint8Array) return content;
  throw new SimulatorError(`the tool wrote no ${name}`);
}

/** Source files as a tree, with a directory for each '/' in their names. */
export function treeOf(files: readonly SourceFile[]): Tree {
  const root: Tree = {};
  for (const { name, text } of files) {
    const path = name.split('/');
    const base = path.pop() ?? name;
    directoryAt(root, path)[base] = text;
  }
  return root;
}

function directoryAt(root: Tree, path: readonly string[]): Tree {
  let directory = root;
  for (const step of path) {
    const known = directory[step];
    const next = typeof known === 'object' && !(known instanceof Uint8Array) ? known : {};
    directory[step] = next;
    directory = next;
  }
  return directory;
}

/** Version of an npm package, as it goes into cache keys. */
export function packageVersion(name: '@yowasp/clang' | '@yowasp/yosys'): string {
  const manifest = join(dirname(require.resolve(name)), '../package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return `${name} ${version}`;
}

let runtime: Promise<Tree> | undefined;

/** The C++ headers that the output of write_cxxrtl includes, as a tree with `cxxrtl.h` at its root. */
export function cxxrtlHeaders(): Promise<Tree> {
  runtime ??= loadHeaders();
  return runtime;
}

/** Yosys carries the headers among its resources, which the package ships but doesn't export. */
async function loadHeaders(): Promise<Tree> {
  const path = join(dirname(require.resolve('@yowasp/yosys')), 'resources-yosys.js');
  const resources = (await import(pathToFileURL(path).href)) as { filesystem: Tree };
  const steps = ['share', 'include', 'backends', 'cxxrtl', 'runtime', 'cxxrtl'];
  return directoryAt(resources.filesystem, steps);
}
