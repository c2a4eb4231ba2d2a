/** Convolutions that read windows where they lie, against the same as a product of gathered patches. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newMemory } from '../../../tools/wasm.ts';
import { meetingsOf, runsOf, windowsOf } from '../../../train/float/windows.ts';
import { instantiateTrainingKernels, loadTrainingKernels } from '../../../train/kernels.ts';

const memory = newMemory(2 ** 22);
const kernels = instantiateTrainingKernels(await loadTrainingKernels(), memory);

/** Areas that do not meet. */
const area = (index: number) => (index + 1) * 2 ** 18;
const floats = (index: number, size: number) => new Float32Array(memory.buffer, area(index), size);
const integers = (index: number, values: Int32Array) =>
  new Int32Array(memory.buffer, area(index), values.length).set(values);

const [X, FILTER, PACKED, TABLE, RUNS, PATCHES, PACKED_PATCHES, Y, DW, WANTED, ZEROS] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
] as const;

/** Behind what a kernel writes. */
const GUARD = 12_345.5;

/** Small integers: float32 holds every sum of products exactly, so that the order of terms does not matter. */
function fill(index: number, size: number, seed: number): void {
  let state = seed;
  floats(index, size).forEach((_, i, all) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    all[i] = (state >> 16) % 17;
  });
}

const cases = fc.record({
  height: fc.integer({ min: 1, max: 7 }),
  width: fc.integer({ min: 1, max: 7 }),
  channels: fc.integer({ min: 1, max: 18 }),
  outputs: fc.integer({ min: 1, max: 18 }),
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  accumulate: fc.constantFrom<0 | 1>(0, 1),
  seed: fc.integer(),
});

test('output and gradient of the filter', () => {
  fc.assert(
    fc.property(cases, ({ height, width, channels, outputs, kernel, stride, accumulate, seed }) => {
      const windows = windowsOf({ height, width, channels }, kernel, stride);
      const { positions, taps } = windows;
      const terms = taps * channels;
      integers(TABLE, windows.table);
      fill(X, height * width * channels, seed);
      fill(FILTER, outputs * terms, seed + 1);
      kernels.gather(area(X), area(TABLE), positions, taps, channels, area(PATCHES));
      kernels.pack(area(FILTER), terms, outputs, 1, terms, area(PACKED));
      const compare = (index: number, size: number) => {
        expect([...floats(index, size)]).toEqual([...floats(WANTED, size)]);
        expect(floats(index, size + 1)[size]).toBe(GUARD);
      };

      for (const index of [Y, WANTED]) fill(index, positions * outputs, seed + 2);
      floats(Y, positions * outputs + 1)[positions * outputs] = GUARD;
      floats(ZEROS, channels).fill(0);
      kernels.convolve(
        ...([area(X), area(ZEROS), area(TABLE), positions, taps, channels] as const),
        ...([area(PACKED), outputs, area(Y), accumulate] as const),
      );
      kernels.gemm(
        ...([area(PATCHES), terms, 1, area(PACKED), positions, terms, outputs] as const),
        ...([area(WANTED), outputs, accumulate] as const),
      );
      compare(Y, positions * outputs);

      const runs = runsOf(windows);
      integers(RUNS, runs.table);
      for (const index of [DW, WANTED]) fill(index, outputs * terms, seed + 3);
      floats(DW, outputs * terms + 1)[outputs * terms] = GUARD;
      kernels.convolveFilterGradient(
        ...([area(X), area(RUNS), runs.perTap, stride, taps, channels] as const),
        ...([area(Y), outputs, area(DW)] as const),
      );
      kernels.pack(area(PATCHES), positions, terms, terms, 1, area(PACKED_PATCHES));
      kernels.gemm(
        ...([area(Y), 1, outputs, area(PACKED_PATCHES), outputs, positions, terms] as const),
        ...([area(WANTED), terms, 1] as const),
      );
      compare(DW, outputs * terms);
    }),
    { numRuns: 150 },
  );
});

test('meetings are windows the other way round', () => {
  fc.assert(
    fc.property(cases, ({ height, width, channels, kernel, stride }) => {
      const windows = windowsOf({ height, width, channels }, kernel, stride);
      const pairs = (table: Int32Array) =>
        [...table].flatMap((to, i) => (to < 0 ? [] : [[Math.floor(i / windows.taps), i % windows.taps, to]]));
      const back = pairs(meetingsOf(windows)).map(([pixel, tap, position]) => [position, tap, pixel]);
      expect(back.map(String).toSorted()).toEqual(pairs(windows.table).map(String).toSorted());
      expect(meetingsOf(windows)).toHaveLength(height * width * windows.taps);
    }),
  );
});

test('padding is where TensorFlow has it', () => {
  // Four pixels, kernel 3, stride 2: two positions, and the one pixel that is missing is behind the last.
  const { table } = windowsOf({ height: 1, width: 4, channels: 1 }, 3, 2);
  expect([...table]).toEqual([-1, -1, -1, 0, 1, 2, -1, -1, -1, -1, -1, -1, 2, 3, -1, -1, -1, -1]);
});

test('the memory of the kernels ends where that of a network begins', () => {
  expect(kernels.reservedBytes()).toBeLessThanOrEqual(65_536);
});
