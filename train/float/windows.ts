/** Which pixels the windows of a convolution meet: strides and SAME padding as tables, made once for all images. */
import type { Shape } from './network.ts';

export interface Windows {
  readonly pixels: number;
  /** Of the output. */
  readonly positions: number;
  /** Of the window: its height times its width. */
  readonly taps: number;
  readonly stride: number;
  /** [positions][taps]: the pixel, -1 outside of the image. */
  readonly table: Int32Array;
}

/** Padding is SAME: as many positions as strides fit, what is missing before them half of it, rounded down. */
export function windowsOf(input: Shape, kernel: number, stride: number): Windows {
  const rows = alongOneSide(input.height, kernel, stride);
  const columns = alongOneSide(input.width, kernel, stride);
  const table = rows.flatMap((y) =>
    columns.flatMap((x) =>
      y.flatMap((row) => x.map((column) => (row < 0 || column < 0 ? -1 : row * input.width + column))),
    ),
  );
  return {
    pixels: input.height * input.width,
    positions: rows.length * columns.length,
    taps: kernel * kernel,
    stride,
    table: Int32Array.from(table),
  };
}

/** For each position the pixels of its window, -1 outside. */
function alongOneSide(size: number, kernel: number, stride: number): readonly (readonly number[])[] {
  const positions = Math.ceil(size / stride);
  const before = Math.floor(Math.max((positions - 1) * stride + kernel - size, 0) / 2);
  return Array.from({ length: positions }, (_, position) =>
    Array.from({ length: kernel }, (_unused, tap) => {
      const pixel = position * stride + tap - before;
      return pixel < size ? pixel : -1;
    }).map((pixel) => Math.max(pixel, -1)),
  );
}

/** The other way round, [pixels][taps]: the position whose window meets the pixel with that tap, -1 for none. */
export function meetingsOf({ pixels, positions, taps, table }: Windows): Int32Array {
  const meetings = new Int32Array(pixels * taps).fill(-1);
  for (let position = 0; position < positions; position += 1) {
    for (let tap = 0; tap < taps; tap += 1) {
      const pixel = table[position * taps + tap] ?? -1;
      if (pixel >= 0) meetings[pixel * taps + tap] = position;
    }
  }
  return meetings;
}

/** Rows of positions whose pixels are in one row of the image, for each tap; see `convolveFilterGradient`. */
export interface Runs {
  readonly perTap: number;
  /** [taps][perTap] of first pixel, first position, how many; those that a tap does not need are 0. */
  readonly table: Int32Array;
}

export function runsOf({ positions, taps, stride, table }: Windows): Runs {
  const byTap = Array.from({ length: taps }, (_, tap) => {
    const runs: { readonly pixel: number; readonly position: number; count: number }[] = [];
    for (let position = 0; position < positions; position += 1) {
      const pixel = table[position * taps + tap] ?? -1;
      if (pixel < 0) continue;
      const last = runs.at(-1);
      const goesOn =
        last !== undefined &&
        last.position + last.count === position &&
        last.pixel + last.count * stride === pixel;
      if (goesOn) last.count += 1;
      else runs.push({ pixel, position, count: 1 });
    }
    return runs;
  });
  const perTap = Math.max(...byTap.map(({ length }) => length));
  const flat = byTap.flatMap((runs) => [
    ...runs.flatMap(({ pixel, position, count }) => [pixel, position, count]),
    ...Array.from({ length: 3 * (perTap - runs.length) }, () => 0),
  ]);
  return { perTap, table: Int32Array.from(flat) };
}
