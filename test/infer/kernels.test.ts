/** The kernels in WebAssembly against the readable ones in TypeScript, which oracle.test.ts holds against LiteRT. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { probeRelaxedDot } from '../../infer/fast/relaxed.ts';
import { type Arithmetic, type KernelModule, prepare } from '../../infer/index.ts';
import { emulated } from './emulated-kernels.ts';
import { describeBuilds } from './kernel-builds.ts';
import {
  arithmetics,
  binaries,
  type Case,
  convolutions,
  depthwiseConvolutions,
  fullyConnected,
  unaries,
} from './random-operators.ts';

describeBuilds(compareOperators);

describe.each(['signed bytes', 'unsigned bytes'] as const)('relaxed SIMD with %s, emulated', async (dot) => {
  const module = await emulated(dot);
  const format = probeRelaxedDot(module);
  if (format === undefined) throw new Error(`the probe refuses ${dot}`);
  compareOperators({ module, format });
});

function compareOperators(kernels: KernelModule): void {
  test.each([
    ['CONV_2D', convolutions, 500],
    ['DEPTHWISE_CONV_2D', depthwiseConvolutions, 500],
    ['FULLY_CONNECTED', fullyConnected, 1000],
    ['ADD, SUB and MUL', binaries, 1000],
    ['QUANTIZE and RELU', unaries, 300],
  ] as const)('%s: any shape, scale and arithmetic', (_name, cases: fc.Arbitrary<Case>, numRuns) => {
    const property = ({ model, inputs }: Case, arithmetic: Arithmetic) => {
      const [reference] = prepare(model, arithmetic).run(inputs);
      const program = prepare(model, arithmetic, kernels);
      expect(program.run(inputs)).toEqual([reference]);
      // A kernel that writes where it should not spoils the constants.
      expect(program.run(inputs)).toEqual([reference]);
    };
    fc.assert(fc.property(cases, arithmetics, property), { numRuns });
  });
}
