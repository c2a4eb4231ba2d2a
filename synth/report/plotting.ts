/**
 * What the plots are drawn with. It is an optional package, because it weighs 68 MB and nothing else needs it:
 * whoever is about to spend hours on a sweep asks here first.
 */
import { createRequire } from 'node:module';

const PACKAGE = 'echarts';

/** The plotting library is not installed; the message says what to install. */
export class PlottingError extends Error {
  override readonly name = 'PlottingError';
}

/** @throws PlottingError */
export function requirePlotting(): void {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
  } catch {
    throw new PlottingError(
      `the report of a sweep needs ${PACKAGE}, which is not installed: npm install ${PACKAGE} (68 MB)`,
    );
  }
}
