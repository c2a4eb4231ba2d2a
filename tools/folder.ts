/** Folders, made where they are missing. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Level by level, because Node's recursive mkdir never returns on file systems such as /proc.
 *
 * @throws where there is something else, or a level cannot be made
 */
export function makeFolder(path: string): void {
  if (!existsSync(path)) {
    makeFolder(dirname(path));
    try {
      mkdirSync(path);
    } catch (error) {
      // Another process may have been quicker.
      if (!existsSync(path)) throw error;
    }
  }
  if (!statSync(path).isDirectory()) throw new Error(`${path} is not a folder`);
}
