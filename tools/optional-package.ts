/** Packages that weigh much and that only some commands need: whoever is about to use one asks here first. */
import { createRequire } from 'node:module';

/** An optional package is not installed; the message says what to install. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';
}

/**
 * @param purpose what needs it, such as 'the plot'
 * @param size roughly, as installed, such as '68 MB'
 * @throws MissingPackageError
 */
export function requirePackage(name: string, purpose: string, size: string): void {
  try {
    createRequire(import.meta.url).resolve(name);
  } catch {
    throw new MissingPackageError(
      `${purpose} needs ${name}, which is not installed: npm install ${name} (${size})`,
    );
  }
}
