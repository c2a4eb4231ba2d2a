import { afterEach, expect, test } from 'vitest';
import { loadKernels, prepare, startThreads, type Threads } from '../../infer/index.ts';
import { int8, modelOf, weights } from './models.ts';

const input = int8([1, 4], 0.5, 3);
const operator = {
  ...({ op: 'FULLY_CONNECTED', index: 0, activation: 'none', batches: 1, input, bias: undefined } as const),
  output: int8([1, 2], 1, -1),
  outputRange: { outputZeroPoint: -1, activationMin: -128, activationMax: 127 },
  weights: weights([2, 4], 0, [0.1], Int8Array.of(1, 2, 3, 4, 5, 6, 7, 8)),
};
const model = modelOf(operator, [input]);

let threads: Threads | undefined;

afterEach(() => threads?.close());

test('outputs come in the order of the inputs, whatever thread they come from', async () => {
  threads = await startThreads(model, 3);
  const program = prepare(model, 'stock', await loadKernels());
  const runs = Array.from({ length: 200 }, (_, i) => [Int8Array.of(i - 100, i, -i, 3)]);
  const progress: number[] = [];
  const outputs = await threads.run('stock', runs, (done) => progress.push(done));
  expect(outputs).toEqual(runs.map((inputs) => program.run(inputs)));
  expect(progress.at(-1)).toBe(200);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
});

test('threads change their arithmetic', async () => {
  threads = await startThreads(model, 2);
  const runs = Array.from({ length: 40 }, (_, i) => [Int8Array.of(100 - i, i, -i, 3)]);
  for (const arithmetic of ['stock', { k: 1, rounding: 'truncate', scope: 'all' }, 'single'] as const) {
    const program = prepare(model, arithmetic);
    expect(await threads.run(arithmetic, runs)).toEqual(runs.map((inputs) => program.run(inputs)));
  }
});

test('what a thread refuses is refused here, and it goes on', async () => {
  threads = await startThreads(model, 2);
  await expect(threads.run('stock', [[new Int8Array(3)]])).rejects.toThrow(
    new RangeError(
      `the input for tensor ${input.index} (${input.name}) is 3 x int8, the model takes 4 x int8`,
    ),
  );
  await expect(
    threads.run({ k: 40, rounding: 'nearest', scope: 'all' }, [[new Int8Array(4)]]),
  ).rejects.toThrow('k = 40 is outside 1..32');
  expect(await threads.run('stock', [[Int8Array.of(3, 3, 3, 3)]])).toEqual([[Int8Array.of(-1, -1)]]);
  expect(await threads.run('stock', [])).toEqual([]);
});
