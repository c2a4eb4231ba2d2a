import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newMemory } from '../../tools/wasm.ts';
import { instantiateTrainingKernels, loadTrainingKernels, RESERVED_BYTES } from '../../train/kernels.ts';

const memory = newMemory(2 ** 22);
const kernels = instantiateTrainingKernels(await loadTrainingKernels(), memory);

/** Areas that do not meet. */
const [A, B, C, D, E, PACKED] = [1, 2, 3, 4, 5, 6].map((i) => i * 2 ** 18) as [
  number,
  number,
  number,
  number,
  number,
  number,
];

const floats = (address: number, size: number): Float32Array =>
  new Float32Array(memory.buffer, address, size);
const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

/** Small integers: float32 holds every sum of products exactly, so results are compared as they are. */
function fill(address: number, size: number, seed: number): Float32Array {
  let state = seed;
  return floats(address, size).map((_, i, all) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0;
    all[i] = (state >> 16) % 17;
    return at(all, i);
  });
}

/** A guard behind what a kernel writes. */
const GUARD = 12_345.5;

function guarded(address: number, size: number): Float32Array {
  const area = floats(address, size + 8);
  area.fill(GUARD);
  return area.subarray(0, size);
}

function expectGuard(address: number, size: number): void {
  expect([...floats(address + 4 * size, 8)]).toEqual(Array.from({ length: 8 }, () => GUARD));
}

const sizes = fc.record({
  rows: fc.integer({ min: 1, max: 13 }),
  terms: fc.integer({ min: 1, max: 13 }),
  columns: fc.integer({ min: 1, max: 19 }),
  across: fc.constantFrom('neither', 'a', 'b'),
  accumulate: fc.constantFrom<0 | 1>(0, 1),
  seed: fc.integer(),
});

test('what the kernels keep for themselves is as much as they say', () => {
  expect(kernels.reservedBytes()).toBeGreaterThan(0);
  expect(kernels.reservedBytes()).toBeLessThanOrEqual(RESERVED_BYTES);
});

describe('gemm', () => {
  test('is the matrix product, whichever operand lies across', () => {
    fc.assert(
      fc.property(sizes, ({ rows, terms, columns, across, accumulate, seed }) => {
        const a = fill(A, rows * terms, seed);
        const b = fill(B, terms * columns, seed + 1);
        const [aRow, aTerm] = across === 'a' ? [1, rows] : [terms, 1];
        const [bRow, bColumn] = across === 'b' ? [1, terms] : [columns, 1];
        const stride = columns + 3;
        const c = guarded(C, (rows - 1) * stride + columns);
        const before = c.slice();
        kernels.pack(B, terms, columns, bRow, bColumn, PACKED);
        kernels.gemm(A, aRow, aTerm, PACKED, rows, terms, columns, C, stride, accumulate);
        const wanted = before.slice();
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) {
            let sum = accumulate === 1 ? at(before, i * stride + j) : 0;
            for (let k = 0; k < terms; k++) {
              sum += at(a, i * aRow + k * aTerm) * at(b, k * bRow + j * bColumn);
            }
            wanted[i * stride + j] = sum;
          }
        }
        expect([...c]).toEqual([...wanted]);
        expectGuard(C, c.length);
        expect(kernels.packedBytes(terms, columns)).toBe(Math.ceil(columns / 8) * terms * 32);
      }),
    );
  });
});

const windows = fc.record({
  pixels: fc.integer({ min: 1, max: 9 }),
  positions: fc.integer({ min: 1, max: 7 }),
  taps: fc.integer({ min: 1, max: 5 }),
  channels: fc.integer({ min: 1, max: 11 }),
  zeroPoint: fc.integer({ min: -128, max: 127 }),
  seed: fc.integer(),
});

/** A table that meets every pixel, and what is outside. */
function tableOf(pixels: number, size: number, seed: number): Int32Array {
  const table = new Int32Array(memory.buffer, D, size);
  return table.map((_, i, all) => {
    all[i] = (Math.abs(Math.imul(seed + i, 2_654_435_761) >> 8) % (pixels + 1)) - 1;
    return at(all, i);
  });
}

describe('windows', () => {
  test('gather, its transpose, and the gathering of int8', () => {
    fc.assert(
      fc.property(windows, ({ pixels, positions, taps, channels, zeroPoint, seed }) => {
        const x = fill(A, pixels * channels, seed);
        const table = tableOf(pixels, positions * taps, seed);
        const size = positions * taps * channels;
        const wanted = Array.from({ length: size }, (_, i) => {
          const pixel = at(table, Math.floor(i / channels));
          return pixel < 0 ? 0 : at(x, pixel * channels + (i % channels));
        });
        const patches = guarded(C, size);
        kernels.gather(A, D, positions, taps, channels, C);
        expect([...patches]).toEqual(wanted);
        expectGuard(C, size);

        const bytes = new Int8Array(memory.buffer, B, pixels * channels).map((_, i, all) => {
          all[i] = at(x, i) * 7;
          return at(all, i);
        });
        kernels.gatherInt8(B, zeroPoint, D, positions, taps, channels, C);
        expect([...patches]).toEqual(
          wanted.map((_, i) => {
            const pixel = at(table, Math.floor(i / channels));
            return pixel < 0 ? 0 : at(bytes, pixel * channels + (i % channels)) - zeroPoint;
          }),
        );
        expectGuard(C, size);

        const dx = fill(E, pixels * channels, seed + 2);
        const sums = dx.slice();
        patches.forEach((value, i) => {
          const pixel = at(table, Math.floor(i / channels));
          if (pixel >= 0)
            sums[pixel * channels + (i % channels)] = at(sums, pixel * channels + (i % channels)) + value;
        });
        kernels.scatterAdd(C, D, positions, taps, channels, E);
        expect([...floats(E, sums.length)]).toEqual([...sums]);
      }),
    );
  });

  test('depthwise and its gradients are gather, multiply and sum', () => {
    fc.assert(
      fc.property(windows, ({ pixels, positions, taps, channels, seed }) => {
        const x = fill(A, pixels * channels, seed);
        const w = fill(B, taps * channels, seed + 1);
        const bias = fill(B + 2 ** 16, channels, seed + 2);
        const dy = fill(B + 2 ** 17, positions * channels, seed + 3);
        const table = tableOf(pixels, positions * taps, seed);
        const y = new Array<number>(positions * channels).fill(0);
        const dx = [...fill(E, pixels * channels, seed + 4)];
        const dw = [...fill(PACKED, taps * channels, seed + 5)];
        for (let p = 0; p < positions; p++) {
          for (let c = 0; c < channels; c++) {
            const here = p * channels + c;
            y[here] = at(bias, c);
            for (let tap = 0; tap < taps; tap++) {
              const pixel = at(table, p * taps + tap);
              if (pixel < 0) continue;
              const [from, weight] = [pixel * channels + c, tap * channels + c];
              y[here] = at(y, here) + at(x, from) * at(w, weight);
              dx[from] = at(dx, from) + at(dy, here) * at(w, weight);
              dw[weight] = at(dw, weight) + at(dy, here) * at(x, from);
            }
          }
        }
        const out = guarded(C, y.length);
        kernels.depthwise(A, B, B + 2 ** 16, D, positions, taps, channels, C);
        expect([...out]).toEqual(y);
        expectGuard(C, y.length);
        kernels.depthwiseInputGradient(B + 2 ** 17, B, D, positions, taps, channels, E);
        expect([...floats(E, dx.length)]).toEqual(dx);
        kernels.depthwiseFilterGradient(B + 2 ** 17, A, D, positions, taps, channels, PACKED);
        expect([...floats(PACKED, dw.length)]).toEqual(dw);
      }),
    );
  });
});

test('a gradient goes straight through rounding, and not through the clamp', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: -128, max: 0 }),
      fc.integer({ min: 1, max: 127 }),
      fc.integer(),
      (positions, channels, least, greatest, seed) => {
        const size = positions * channels;
        const dy = fill(A, size, seed).slice();
        const factors = fill(B, channels, seed + 1);
        const y = new Int8Array(memory.buffer, C, size);
        y.forEach((_, i) => {
          y[i] = Math.min(Math.max(Math.imul(seed + i, 40_503) >> 8, least), greatest);
        });
        guarded(D, size);
        kernels.straightThrough(C, A, B, positions, channels, least, greatest, D);
        const wanted = Array.from(y, (q, i) =>
          q > least && q < greatest ? at(dy, i) * at(factors, i % channels) : 0,
        );
        // A clamped gradient is +0, a product may be -0.
        expect([...floats(D, size)].map((v) => v + 0)).toEqual(wanted.map((v) => v + 0));
        expectGuard(D, size);
      },
    ),
  );
});

test('sums of columns and of arrays', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer(),
      (count, channels, seed) => {
        const rows = fill(A, count * channels, seed);
        const sums = [...fill(B, channels, seed + 1)];
        const columns = sums.map((sum, c) =>
          Array.from({ length: count }, (_, r) => at(rows, r * channels + c)).reduce((a, b) => a + b, sum),
        );
        kernels.addColumns(A, count, channels, B);
        expect([...floats(B, channels)]).toEqual(columns);
        const before = [...fill(C, rows.length, seed + 2)];
        kernels.addTo(A, rows.length, C);
        expect([...floats(C, rows.length)]).toEqual(before.map((v, i) => v + at(rows, i)));
      },
    ),
  );
});
