/** From stored pixels to what a network is trained on, with or without augmentation. */
import type { Shape } from './network.ts';

/** Real values of pixels 0..255: pixel / 128 - 1. An int8 input of scale 1/128 and zero point 0 holds them exactly. */
export const PIXEL_RANGE = { minimum: -1, maximum: 127 / 128 } as const;

/** How training images are varied. */
export interface Augmentation {
  /** Greatest shift, in pixels, along each side; what comes in is the border again. */
  readonly shift: number;
  /** Half of them left to right. */
  readonly flip: boolean;
}

/** One image, as it is. @param to height x width x channels */
export function encodePixels(pixels: Uint8Array, to: Float32Array): void {
  pixels.forEach((pixel, i) => {
    to[i] = pixel / 128 - 1;
  });
}

/** One image, varied as three numbers say that are the same for the same image of the same epoch. */
export function encodeAugmented(
  pixels: Uint8Array,
  { height, width, channels }: Shape,
  { shift, flip }: Augmentation,
  random: number,
  to: Float32Array,
): void {
  const shifts = 2 * shift + 1;
  const down = (random % shifts) - shift;
  const right = (Math.floor(random / shifts) % shifts) - shift;
  const mirrored = flip && random >= 2 ** 31;
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    const row = Math.min(Math.max(y + down, 0), height - 1) * width;
    for (let x = 0; x < width; x += 1) {
      const column = Math.min(Math.max((mirrored ? width - 1 - x : x) + right, 0), width - 1);
      const from = (row + column) * channels;
      for (let c = 0; c < channels; c += 1) {
        to[at] = (pixels[from + c] ?? 0) / 128 - 1;
        at += 1;
      }
    }
  }
}

/**
 * A number in 0..2^32-1 that looks random and depends on nothing but its arguments, so that neither threads nor an
 * interruption change it (the finalizer of MurmurHash3, for each of them).
 */
export function hash(...values: readonly number[]): number {
  return values.reduce((state, value) => {
    let mixed = Math.imul(state ^ value, 0x9e3779b1);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  }, 0x2545f491);
}
