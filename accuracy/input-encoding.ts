/** From pixels to the integers that a model takes: what the quantization of its input implies. */
import type { Activation } from '../litert/index.ts';
import { DataError } from './data-error.ts';

/** The integer for each pixel value 0..255, for each channel. */
export interface InputEncoding {
  readonly type: Activation['type'];
  /** One table of 256 a channel. */
  readonly tables: readonly (readonly number[])[];
}

/** What a model was trained on: real = (pixel - mean) / std, pixel in 0..255. One value, or one a channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Ranges of reals that pixels 0..255 commonly stand for. */
const USUAL_RANGES = [
  [0, 1],
  [-1, 1],
  [0, 255],
] as const;

/**
 * Without a normalization the pixels are taken as they are, as uint8 or less 128 as int8: right where the 256
 * codes of the input span one of the usual ranges, to within a step at both ends.
 *
 * @throws DataError where they do not, or where a normalization has the wrong number of channels
 */
export function inputEncoding(
  input: Activation,
  channels: number,
  normalization?: Normalization,
): InputEncoding {
  const { type, scale, zeroPoint } = input;
  const least = type === 'uint8' ? 0 : -128;
  if (normalization === undefined) {
    const low = scale * (least - zeroPoint);
    const high = scale * (least + 255 - zeroPoint);
    const usual = USUAL_RANGES.some(
      ([from, to]) => Math.abs(low - from) <= scale && Math.abs(high - to) <= scale,
    );
    if (!usual) {
      throw new DataError(
        `the model's input stands for ${short(low)}..${short(high)}, which is none of 0..1, -1..1, 0..255; say what a pixel becomes with --mean and --std`,
      );
    }
    const table = Array.from({ length: 256 }, (_, pixel) => pixel + least);
    return { type, tables: Array.from({ length: channels }, () => table) };
  }
  const mean = perChannel(normalization.mean, channels, '--mean');
  const std = perChannel(normalization.std, channels, '--std');
  if (!std.every((value) => value > 0)) throw new DataError(`std = ${std.join()} must be positive (--std)`);
  const tables = mean.map((centre, channel) =>
    Array.from({ length: 256 }, (_, pixel) => {
      const real = (pixel - centre) / (std[channel] ?? 1);
      return Math.min(Math.max(Math.round(real / scale) + zeroPoint, least), least + 255);
    }),
  );
  return { type, tables };
}

/** @param pixels channels interleaved */
export function encode(pixels: Uint8Array, { type, tables }: InputEncoding): Int8Array | Uint8Array {
  const codes = type === 'int8' ? new Int8Array(pixels.length) : new Uint8Array(pixels.length);
  tables.forEach((table, channel) => {
    for (let i = channel; i < pixels.length; i += tables.length) codes[i] = table[pixels[i] ?? 0] ?? 0;
  });
  return codes;
}

function perChannel(values: readonly number[], channels: number, flag: string): readonly number[] {
  const [first] = values;
  if (values.length === 1 && first !== undefined) return Array<number>(channels).fill(first);
  if (values.length === channels) return values;
  throw new DataError(
    `${values.length} values for an input of ${channels} channels; give one or ${channels} (${flag})`,
  );
}

function short(value: number): string {
  return `${Number(value.toPrecision(3))}`;
}
