/**
 * A cache of what tools made, addressed by what they made it from: compiled simulators, synthesized points.
 *
 * An entry carries the length and the hash of its content, and appears under its name in one step, so that
 * processes can share a directory; one that was cut short or damaged counts as absent. The cache never fails:
 * a directory that cannot be read or written only means that nothing is kept. {@link obstacle} tells.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { makeFolder } from './folder.ts';

const MAGIC = 'npu-res1';
const HEADER_BYTES = MAGIC.length + 4 + 32;

/** `$NPU_RESCALER_CACHE`, else `$XDG_CACHE_HOME/npu-rescaler`, else `~/.cache/npu-rescaler`. */
export function defaultCacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { NPU_RESCALER_CACHE: own, XDG_CACHE_HOME: shared } = environment;
  if (own) return own;
  // The XDG specification has relative paths ignored.
  if (shared && isAbsolute(shared)) return join(shared, 'npu-rescaler');
  return join(homedir(), '.cache', 'npu-rescaler');
}

/** Name of the entry that is determined by these texts. */
export function contentKey(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The content under `key`, out of the directory if it is there and whole, else built and kept there. */
export async function cached(
  directory: string | false,
  key: string,
  build: () => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const found = await lookUp(directory, key);
  if (found !== undefined) return found;
  const content = await build();
  await keep(directory, key, content);
  return content;
}

/** The content under `key`, if the directory has it whole. */
export async function lookUp(directory: string | false, key: string): Promise<Uint8Array | undefined> {
  if (directory === false) return undefined;
  try {
    return unpack(await readFile(pathOf(directory, key)));
  } catch {
    return undefined;
  }
}

export async function keep(directory: string | false, key: string, content: Uint8Array): Promise<void> {
  if (directory === false) return;
  await store(directory, key, content).catch(() => undefined);
}

/** Why nothing can be kept in a directory, which is made when it is not there; undefined where it can. */
export async function obstacle(directory: string): Promise<string | undefined> {
  const key = `probe-${process.pid}`;
  try {
    await store(directory, key, new Uint8Array());
    await rm(pathOf(directory, key), { force: true });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function store(directory: string, key: string, content: Uint8Array): Promise<void> {
  const path = pathOf(directory, key);
  const draft = `${path}.${process.pid}.${randomUUID()}.tmp`;
  makeFolder(directory);
  try {
    await writeFile(draft, pack(content));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
}

function pathOf(directory: string, key: string): string {
  return join(directory, `${key}.entry`);
}

function pack(content: Uint8Array): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(MAGIC, 'latin1');
  header.writeUInt32LE(content.length, MAGIC.length);
  sha256(content).copy(header, MAGIC.length + 4);
  return Buffer.concat([header, content]);
}

function unpack(entry: Buffer): Uint8Array | undefined {
  const content = entry.subarray(HEADER_BYTES);
  const whole =
    entry.length >= HEADER_BYTES &&
    entry.toString('latin1', 0, MAGIC.length) === MAGIC &&
    entry.readUInt32LE(MAGIC.length) === content.length &&
    sha256(content).equals(entry.subarray(MAGIC.length + 4, HEADER_BYTES));
  return whole ? content : undefined;
}

function sha256(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
