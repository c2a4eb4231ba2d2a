/**
 * Native tools and temporary directories, neither of which outlives this process: both go when it exits or is
 * interrupted. (SIGKILL leaves no chance to.)
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SimulatorError, type SourceFile } from './simulator.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const children = new Set<ChildProcess>();
const directories = new Set<string>();

function cleanUp(): void {
  for (const child of children) killTree(child);
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
}

/** Kills the tool with what it started, such as the compiler under make under verilator. */
function killTree({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}

function onSignal(signal: NodeJS.Signals): void {
  cleanUp();
  stopWatching();
  // Without a handler of its own, the program ends by the signal as it would have without ours.
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}

let watching = false;

/** Handlers stay only while there is something to clean up, so that programs keep their own Ctrl-C. */
function watch(): void {
  if (watching) return;
  watching = true;
  process.on('exit', cleanUp);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function stopWatching(): void {
  watching = false;
  process.off('exit', cleanUp);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

function stopWatchingIfIdle(): void {
  if (children.size === 0 && directories.size === 0) stopWatching();
}

/** A new empty directory, to be given back with `removeDirectory`. */
export async function createDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'npu-rescaler-'));
  directories.add(directory);
  watch();
  return directory;
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  directories.delete(directory);
  stopWatchingIfIdle();
}

/** Lends a temporary directory to `work`, and removes it whether that succeeds or not. */
export async function withDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await createDirectory();
  try {
    return await work(directory);
  } finally {
    await removeDirectory(directory);
  }
}

export async function writeSources(directory: string, files: readonly SourceFile[]): Promise<void> {
  for (const { name, text } of files) {
    const path = join(directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/**
 * Runs a tool to its end and returns what it printed, errors included.
 * @throws SimulatorError with that text if the tool fails, or with `advice` if it is not on the PATH.
 */
export async function runTool(
  command: string,
  args: readonly string[],
  { directory, advice }: { directory: string; advice: string },
): Promise<string> {
  // A process group of its own is what lets killTree reach all of it.
  const child = spawn(command, args, { cwd: directory, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  watch();
  try {
    const { output, ending } = await collect(child);
    if (ending === 0) return output;
    throw new SimulatorError(`${command} failed (${ending}):\n${output.trim()}`);
  } catch (error) {
    if (isMissing(error)) throw new SimulatorError(advice);
    throw error;
  } finally {
    children.delete(child);
    stopWatchingIfIdle();
  }
}

/**
 * Runs a tool only to see that it is there.
 * @throws SimulatorError with `advice` if it is not.
 */
export async function requireTool(command: string, args: readonly string[], advice: string): Promise<void> {
  await withDirectory((directory) => runTool(command, args, { directory, advice }));
}

function collect(child: ChildProcess): Promise<{ output: string; ending: number | NodeJS.Signals | null }> {
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ output: Buffer.concat(chunks).toString(), ending: code ?? signal }),
    );
  });
}

/** Whether an error of `spawn` says that there is no such program, or none that may be run. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES');
}
