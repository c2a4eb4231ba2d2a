/**
 * Tools that YoWASP publishes on npm, compiled to WebAssembly and run inside this process.
 *
 * Each works on a tree of files in memory. The first call of a tool loads it, which costs seconds; the engine
 * keeps the compiled code, so later calls in the same process are several times faster.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Command, runYosys, type Tree } from '@yowasp/yosys';

export type { Command, Tree } from '@yowasp/yosys';

/** What a tool leaves behind: its files, those that it was given among them, and all that it printed. */
export interface ToolRun {
  readonly files: Tree;
  readonly output: string;
}

/** A tool refused its input, or died. The message is its own error lines. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** A file with a relative path; tools name it so in their messages. */
export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/**
 * Runs Yosys commands. With `quiet` only warnings and errors are printed.
 *
 * @throws ToolError
 */
export function yosys(script: string, files: Tree, options: { readonly quiet?: boolean } = {}) {
  return runWasmTool('yosys', runYosys, [...(options.quiet ? ['-q'] : []), '-p', script], files);
}

/** @throws ToolError */
export async function runWasmTool(
  tool: string,
  command: Command,
  args: readonly string[],
  files: Tree,
): Promise<ToolRun> {
  const printed: Uint8Array[] = [];
  const print = (bytes: Uint8Array | null) => {
    if (bytes !== null) printed.push(bytes.slice());
  };
  const outputText = () => Buffer.concat(printed).toString();
  try {
    const left = await command([...args], files, { stdout: print, stderr: print, decodeASCII: false });
    return { files: left ?? {}, output: outputText() };
  } catch (error) {
    throw new ToolError(`${tool} failed:\n${explain(outputText(), error)}`);
  }
}

/** What the tool said about its failure; where it said nothing, as in a trap, what WebAssembly did, and where. */
function explain(output: string, error: unknown): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => /error:/i.test(line));
  if (errors.length > 0) return errors.join('\n');
  const reason = error instanceof Error ? error.message : String(error);
  const last = lines.at(-1);
  return `it ended without an error message (${reason})${last === undefined ? '' : `; the last that it printed: ${last}`}`;
}

/** Text of a file in a tree that a tool has returned. */
export function textOf(tree: Tree, name: string): string {
  return Buffer.from(bytesOf(tree, name)).toString();
}

export function bytesOf(tree: Tree, name: string): Uint8Array {
  const content = tree[name];
  if (content instanceof Uint8Array) return content;
  throw new ToolError(`the tool wrote no ${name}`);
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

/** The directory under a path of names, made where it is missing. */
export function directoryAt(root: Tree, path: readonly string[]): Tree {
  let directory = root;
  for (const step of path) {
    const known = directory[step];
    const next = typeof known === 'object' && !(known instanceof Uint8Array) ? known : {};
    directory[step] = next;
    directory = next;
  }
  return directory;
}

const require = createRequire(import.meta.url);

/** Name and version of an npm package of YoWASP, as they go into cache keys. */
export function packageVersion(name: `@yowasp/${string}`): string {
  const manifest = join(dirname(require.resolve(name)), '../package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return `${name} ${version}`;
}
