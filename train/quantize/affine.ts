/** int8 codes for real values, as LiteRT's converter lays them. */

/** Real values that a tensor takes. */
export interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/** real = scale * (code - zeroPoint). */
export interface Affine {
  /** float32, > 0. */
  readonly scale: number;
  /** -128..127. */
  readonly zeroPoint: number;
}

const CODES = { minimum: -128, maximum: 127 } as const;

/**
 * Codes -128..127 over the range, widened to hold 0, which has a code of its own: padding and ReLU stay exact. So
 * the ends may be off by half a step.
 */
export function affineOver(range: Range): Affine {
  const minimum = Math.min(range.minimum, 0);
  const maximum = Math.max(range.maximum, 0);
  // Values that are 0 and nothing else: any scale will do.
  const width = maximum > minimum ? maximum - minimum : 1;
  const scale = Math.fround(width / (CODES.maximum - CODES.minimum));
  const zeroPoint = CODES.minimum - Math.round(minimum / scale);
  return { scale, zeroPoint: Math.min(zeroPoint, CODES.maximum) };
}

/** To the nearest code, saturated. */
export function toCodes(values: Float32Array, { scale, zeroPoint }: Affine): Int8Array {
  return Int8Array.from(values, (value) =>
    Math.min(Math.max(Math.round(value / scale) + zeroPoint, CODES.minimum), CODES.maximum),
  );
}
