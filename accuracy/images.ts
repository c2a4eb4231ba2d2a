/** JPEG and PNG files as pixels of the size that a model takes. */
import type { Sharp } from 'sharp';
import { requirePackage } from '../tools/optional-package.ts';
import { DataError } from './data-error.ts';

/** How an image of another size becomes one of the model's. */
export type Fit =
  /** Resized to the model's width and height, whatever its own. */
  | { readonly kind: 'stretch' }
  /** Its centre; first resized so that the shorter side has this many pixels, if that is given. */
  | { readonly kind: 'crop'; readonly shortSide: number | undefined };

export interface PixelShape {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue, or grey. */
  readonly channels: 1 | 3;
}

/** @throws MissingPackageError */
export function requireImageDecoder(): void {
  requirePackage('sharp', 'reading images', '20 MB');
}

/**
 * The pixels, row by row, channels interleaved. Orientation tags are ignored and transparency is dropped, as
 * training pipelines do. Resizing is bicubic (a = -1/2) over as many pixels as fall into one, like Pillow's.
 *
 * @throws DataError where the file is not an image, or too small to crop
 */
export async function readPixels(path: string, shape: PixelShape, fit: Fit): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const { width, height, channels } = shape;
  try {
    const image = sharp(path, { failOn: 'error', autoOrient: false });
    const fitted = fit.kind === 'stretch' ? stretched(image, shape) : await cropped(image, shape, fit);
    const { data, info } = await fitted
      .removeAlpha()
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.width !== width || info.height !== height || info.channels !== channels) {
      throw new Error(`decoded to ${info.width}x${info.height}x${info.channels}`);
    }
    return data;
  } catch (error) {
    throw new DataError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Shrinking while decoding is faster and coarser. */
const RESIZE = { fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false } as const;

function stretched(image: Sharp, { width, height }: PixelShape): Sharp {
  return image.resize({ ...RESIZE, width, height });
}

async function cropped(
  image: Sharp,
  { width, height }: PixelShape,
  { shortSide }: Extract<Fit, { kind: 'crop' }>,
): Promise<Sharp> {
  const size = await image.metadata();
  const scale = shortSide === undefined ? 1 : shortSide / Math.min(size.width, size.height);
  const fullWidth = Math.round(size.width * scale);
  const fullHeight = Math.round(size.height * scale);
  if (fullWidth < width || fullHeight < height) {
    throw new Error(
      `${fullWidth}x${fullHeight} is smaller than the model's ${width}x${height}; enlarge it with --short-side, or use --fit stretch`,
    );
  }
  return image.resize({ ...RESIZE, width: fullWidth, height: fullHeight }).extract({
    left: Math.floor((fullWidth - width) / 2),
    top: Math.floor((fullHeight - height) / 2),
    width,
    height,
  });
}
