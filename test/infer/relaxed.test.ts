/** The probe tells apart all that the specification allows; no engine has more than one of them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { probeRelaxedDot } from '../../infer/fast/relaxed.ts';
import { emulated } from './emulated-kernels.ts';

test.each([
  ['signed bytes', { bytes: 1, offset: 0 }],
  ['unsigned bytes', { bytes: 1, offset: 128 }],
  ['signed bytes, sums that wrap', undefined],
  ['signed bytes, sums that saturate', undefined],
  ['unsigned bytes, sums that wrap', undefined],
  ['unsigned bytes, sums that saturate', undefined],
] as const)('%s', async (dot, format) => {
  expect(probeRelaxedDot(await emulated(dot))).toEqual(format);
});

const title = 'x86 without VNNI saturates, and is given plain SIMD';
if (process.arch !== 'x64') test.skip(`skipped: this is ${process.arch}: ${title}`, () => {});
else {
  test(title, async () => {
    const file = new URL('../../infer/index.ts', import.meta.url).href;
    const script = `const { loadKernels } = await import('${file}'); console.log((await loadKernels()).format.bytes);`;
    const flags = ['--no-enable-avx-vnni', '--no-enable-avx-vnni-int8', '--input-type=module'];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', script]);
    expect(stdout.trim()).toBe('2');
  });
}
