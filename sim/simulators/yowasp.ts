/**
 * Yosys and Clang for simulators: their failures are the simulator's.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commands, runLLVM } from '@yowasp/clang';
import { bytesOf, directoryAt, runWasmTool, ToolError, type Tree, yosys } from '../../tools/yowasp.ts';
import { SimulatorError } from './simulator.ts';

const require = createRequire(import.meta.url);

/** @throws SimulatorError with Yosys' own error line. */
export async function translate(script: string, files: Tree): Promise<Tree> {
  return (await asSimulator(yosys(script, files, { quiet: true }))).files;
}

/** @throws SimulatorError with Clang's own error lines. */
export async function clang(args: readonly string[], files: Tree): Promise<Uint8Array> {
  // Without arguments it only loads itself, and this is the one call that can be kept from reporting progress.
  await runLLVM(undefined, undefined, { fetchProgress: () => undefined });
  const output = 'output.wasm';
  const run = await asSimulator(runWasmTool('clang', commands['clang++'], [...args, '-o', output], files));
  return bytesOf(run.files, output);
}

async function asSimulator<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ToolError) throw new SimulatorError(error.message);
    throw error;
  }
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
