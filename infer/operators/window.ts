/** How a filter or a pool moves over an image. */
import type { Activation, Window } from '../../litert/index.ts';

export interface ImageShape {
  readonly batches: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** The sizes of [N, H, W, C]. */
export function imageShape({ shape }: Activation): ImageShape {
  const [batches = 1, height = 1, width = 1, channels = 1] = shape;
  return { batches, height, width, channels };
}

/**
 * The window of every output position, row by row, image by image.
 *
 * @param visit called with the number of the position, and for each tap inside of the image the number of the
 *   tap (row by row) and of the pixel that it meets, both counted from 0
 */
export function forEachTap(
  input: Activation,
  output: Activation,
  window: Window,
  visit: (position: number, tap: number, pixel: number) => void,
): void {
  const from = imageShape(input);
  const to = imageShape(output);
  let position = 0;
  for (let batch = 0; batch < to.batches; batch++) {
    for (let oy = 0; oy < to.height; oy++) {
      for (let ox = 0; ox < to.width; ox++, position++) {
        for (let ky = 0; ky < window.height; ky++) {
          const y = oy * window.strideHeight - window.paddingTop + ky * window.dilationHeight;
          if (y < 0 || y >= from.height) continue;
          for (let kx = 0; kx < window.width; kx++) {
            const x = ox * window.strideWidth - window.paddingLeft + kx * window.dilationWidth;
            if (x < 0 || x >= from.width) continue;
            visit(position, ky * window.width + kx, (batch * from.height + y) * from.width + x);
          }
        }
      }
    }
  }
}
