/** From stored pixels to what a network is trained on. */

/** Real values of pixels 0..255: pixel / 128 - 1. An int8 input of scale 1/128 and zero point 0 holds them exactly. */
export const PIXEL_RANGE = { minimum: -1, maximum: 127 / 128 } as const;

/** @param to as many */
export function encodePixels(pixels: Uint8Array, to: Float32Array): void {
  pixels.forEach((pixel, i) => {
    to[i] = pixel / 128 - 1;
  });
}
