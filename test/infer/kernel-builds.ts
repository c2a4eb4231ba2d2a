/** Every build of the kernels that this engine runs. */
import { describe, test } from 'vitest';
import type { KernelModule } from '../../infer/fast/kernels.ts';
import { loadRelaxedKernels, loadSimdKernels } from '../../infer/fast/load-kernels.ts';

const simd = await loadSimdKernels();
const relaxed = await loadRelaxedKernels();

/** A block of tests for each of them. */
export function describeBuilds(run: (kernels: KernelModule) => void): void {
  describe('plain SIMD', () => run(simd));
  if (relaxed === undefined) test.skip('skipped: relaxed SIMD is not here, or not exact', () => {});
  else describe('relaxed SIMD', () => run(relaxed));
}
