/**
 * Output files: written whole or not at all.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { obstacle } from '../tools/cache.ts';
import { makeFolder } from '../tools/folder.ts';
import { UsageError } from './failure.ts';

export type OutputFile = { readonly name: string } & (
  | { readonly text: string }
  | { readonly bytes: Uint8Array }
);

/**
 * Writes all files into a folder, which is made when it is not there. Every file is first written beside
 * its place and then renamed, so that an interrupt or a full disk leaves the old files or the new ones.
 *
 * @returns the paths, in the order of the files
 * @throws UsageError when the folder cannot be written
 */
export function writeFiles(folder: string, files: readonly OutputFile[]): readonly string[] {
  if (files.length === 0) return [];
  const staged = files.map((file) => ({
    path: join(folder, file.name),
    temporary: join(folder, `.${file.name}.${process.pid}.tmp`),
    content: 'text' in file ? file.text : file.bytes,
  }));
  const unfinished = new Set<string>();
  const discard = () => {
    for (const temporary of unfinished) rmSync(temporary, { force: true });
  };
  process.once('exit', discard);
  try {
    makeFolder(resolve(folder));
    for (const { temporary, content } of staged) {
      unfinished.add(temporary);
      writeFileSync(temporary, content);
    }
    for (const { temporary, path } of staged) {
      renameSync(temporary, path);
      unfinished.delete(temporary);
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot write to ${resolve(folder)} (--out): ${reason}`);
  } finally {
    process.off('exit', discard);
    discard();
  }
  return staged.map(({ path }) => path);
}

/**
 * Before hours of work: whether files could be written to a folder, which is made when it is not there.
 *
 * @throws UsageError when they could not
 */
export function requireWritable(folder: string): void {
  const probe = `.${process.pid}.probe`;
  writeFiles(folder, [{ name: probe, text: '' }]);
  rmSync(join(folder, probe), { force: true });
}

/** Before hours of work: whether its results can be kept in a cache directory. Where they cannot, says so. */
export async function canKeep(directory: string): Promise<boolean> {
  const reason = await obstacle(directory);
  if (reason === undefined) return true;
  console.error(
    `results cannot be kept in ${directory} (NPU_RESCALER_CACHE): ${reason}; an interrupted run starts over`,
  );
  return false;
}
