/**
 * The libraries of a sweep, from files or the embedded one, kept in the cache in the form that tools take.
 */
import { createHash } from 'node:crypto';
import { GENERATOR } from '../hdl-gen/version.ts';
import { cached, contentKey } from '../tools/cache.ts';
import { type CellLibrary, cellLibrary } from './cell-library.ts';
import { genericLibrary } from './generic-library.ts';
import { LibertyError, libertyText, readLiberty } from './liberty.ts';
import { slug } from './report/text.ts';

/** A library with where it comes from. */
export interface LoadedLibrary extends CellLibrary {
  /** SHA-256 of the file as it was given, or of the embedded text. */
  readonly sha256: string;
}

/** To be raised whenever {@link cellLibrary} makes something else of the same file. */
const FORMAT = 2;

/**
 * Libraries by the names that they give themselves. Without paths the embedded one.
 *
 * @throws LibertyError when a file is missing, broken, or lacks what synthesis needs, or the names of two are
 *   alike
 */
export async function loadLibraries(
  paths: readonly string[],
  cacheDirectory: string | false,
): Promise<ReadonlyMap<string, LoadedLibrary>> {
  const sources =
    paths.length === 0
      ? [{ path: 'the embedded library', bytes: Buffer.from(genericLibrary()) }]
      : paths.map((path) => ({ path, bytes: readLiberty(path) }));
  const loaded: { readonly source: Source; readonly library: LoadedLibrary }[] = [];
  for (const source of sources) {
    const { path, bytes } = source;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const key = contentKey(['library', `${FORMAT}`, GENERATOR.version, sha256]);
    const content = await cached(cacheDirectory, key, async () =>
      Buffer.from(JSON.stringify(cellLibrary(libertyText(bytes, path), path))),
    );
    const library = JSON.parse(Buffer.from(content).toString()) as CellLibrary;
    const { name } = library.facts;
    // Files of a report are named after libraries, by this form of their names.
    const alike = loaded.find((other) => slug(other.library.facts.name) === slug(name));
    if (alike === undefined) {
      loaded.push({ source, library: { ...library, sha256 } });
    } else if (!isSameText(alike.source, source)) {
      throw new LibertyError(
        `${alike.source.path} and ${path} hold libraries whose names are the same in reports, ` +
          `${alike.library.facts.name} and ${name}: sweep them one at a time`,
      );
    }
  }
  return new Map(loaded.map(({ library }) => [library.facts.name, library]));
}

interface Source {
  readonly path: string;
  readonly bytes: Buffer;
}

/** Packed or not. */
function isSameText(one: Source, other: Source): boolean {
  return (
    one.bytes.equals(other.bytes) || libertyText(one.bytes, one.path) === libertyText(other.bytes, other.path)
  );
}
