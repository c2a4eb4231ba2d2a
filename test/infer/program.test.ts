import { describe, expect, test } from 'vitest';
import { type Arithmetic, loadKernels, prepare } from '../../infer/index.ts';
import { bias, int8, modelOf, weights } from './models.ts';

const kernels = await loadKernels();

function smallModel(weightScale = 0.5) {
  const input = int8([1, 4], 0.5, 3);
  const output = int8([1, 2], 1, -1);
  const operator = {
    ...({ op: 'FULLY_CONNECTED', index: 7, activation: 'none', batches: 1, input, output } as const),
    outputRange: { outputZeroPoint: -1, activationMin: -128, activationMax: 127 },
    weights: weights([2, 4], 0, [weightScale, weightScale], Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
    bias: bias(Int32Array.of(10, -10)),
  };
  return modelOf(operator, [input]);
}

describe.each([
  ['kernels', kernels],
  ['reference', undefined],
] as const)('%s', (_name, module) => {
  test('a run, by hand', () => {
    // (2-3)*1 + (4-3)*2 + (5-3)*3 + (3-3)*4 + 10 = 17; 17/4 = 4.25; 4 - 1 = 3
    // (2-3)*5 + (4-3)*6 + (5-3)*7 + (3-3)*8 - 10 = 5; 5/4 = 1.25; 1 - 1 = 0
    const program = prepare(smallModel(), 'single', module);
    expect(program.run([Int8Array.of(2, 4, 5, 3)])).toEqual([Int8Array.of(3, 0)]);
  });

  test('outputs stay as they were when the program runs again', () => {
    const program = prepare(smallModel(), 'stock', module);
    const [first] = program.run([Int8Array.of(2, 4, 5, 3)]);
    program.run([Int8Array.of(100, 100, 100, 100)]);
    expect(first).toEqual(Int8Array.of(3, 0));
  });

  test('an observer sees every operator', () => {
    const program = prepare(smallModel(), 'stock', module);
    const seen: string[] = [];
    program.run([Int8Array.of(2, 4, 5, 3)], ({ op, index }, output) => seen.push(`${index} ${op} ${output}`));
    expect(seen).toEqual(['7 FULLY_CONNECTED 3,0']);
  });

  test.each([
    [[], 'the input for tensor 0 (t0) is missing, the model takes 4 x int8'],
    [[new Int8Array(5)], 'the input for tensor 0 (t0) is 5 x int8, the model takes 4 x int8'],
    [[new Uint8Array(4)], 'the input for tensor 0 (t0) is 4 x uint8, the model takes 4 x int8'],
  ])('an input that does not fit: %o', (inputs, message) => {
    const model = smallModel();
    const [tensor] = model.inputs;
    const named = message.replace('tensor 0 (t0)', `tensor ${tensor?.index} (${tensor?.name})`);
    expect(() => prepare(model, 'stock', module).run(inputs)).toThrow(new RangeError(named));
  });

  test.each([0, 33, 2.5])('k = %d is refused', (k) => {
    const arithmetic: Arithmetic = { k, rounding: 'nearest', scope: 'all' };
    expect(() => prepare(smallModel(), arithmetic, module)).toThrow(
      /^operator 7 \(FULLY_CONNECTED\): k = .*1\.\.32|integer/,
    );
  });

  test('a factor that no multiplier can be is named', () => {
    expect(() => prepare(smallModel(2 ** 40), 'single', module)).toThrow(
      /^operator 7 \(FULLY_CONNECTED\): M = 549755813888 needs exponent = 40, which is above 31/,
    );
  });
});
