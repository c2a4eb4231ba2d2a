/** The builds of kernels/, for engines with and without relaxed SIMD. */
import { type KernelSources, readKernelSources } from '../../tools/assemblyscript.ts';

/** The file that says what each exports, and the features that it takes. */
const BUILDS = {
  simd: { entry: 'index.ts', features: ['simd'] },
  relaxed: { entry: 'relaxed.ts', features: ['simd', 'relaxed-simd'] },
} as const;

export type Build = keyof typeof BUILDS;

export const buildNames: readonly Build[] = ['simd', 'relaxed'];

export function sourcesOf(build: Build): Promise<KernelSources> {
  const { entry, features } = BUILDS[build];
  return readKernelSources(new URL('../kernels/', import.meta.url), entry, features);
}
