/** Variations of an image that show the same: mirrored, and moved by a few pixels. */
import type { ImageShape } from '../datasets/index.ts';
import type { Elements } from '../infer/index.ts';

export interface Augmentation {
  /** Whether half of the images are mirrored, left to right. */
  readonly mirror: boolean;
  /** Largest move along each axis, in pixels; what comes in repeats the edge. */
  readonly shiftPixels: number;
}

export const NO_AUGMENTATION: Augmentation = { mirror: false, shiftPixels: 0 };

/** @param next numbers in [0, 1) */
export function augment<Pixels extends Elements>(
  image: Pixels,
  { height, width, channels }: ImageShape,
  { mirror, shiftPixels }: Augmentation,
  next: () => number,
): Pixels {
  const mirrored = mirror && next() < 0.5;
  const [down, right] = [0, 0].map(() => Math.floor(next() * (2 * shiftPixels + 1)) - shiftPixels);
  const result = image.slice() as Pixels;
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = clamp(y + (down ?? 0), height) * width;
    for (let x = 0; x < width; x++) {
      const column = clamp((mirrored ? width - 1 - x : x) + (right ?? 0), width);
      const from = (row + column) * channels;
      for (let c = 0; c < channels; c++) result[to++] = image[from + c] ?? 0;
    }
  }
  return result;
}

function clamp(position: number, size: number): number {
  return Math.min(Math.max(position, 0), size - 1);
}
