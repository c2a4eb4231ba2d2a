import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  decomposeMultiplier,
  type MultiplierFormat,
  type QuantizedMultiplier,
  quantizeMultiplierLiteRt,
  rescale,
  rescaleDoubleRounding,
  rescaleSingleRounding,
} from '../../golden/index.ts';

/** Calls of genuine LiteRT, see ../shared/oracle/README.md. */
const file = new URL('../../../shared/oracle/rescale-vectors.csv', import.meta.url);
const present = existsSync(file);

/** What golden/ makes of a line: its multiplier, width and result. Widths beyond 32 were recorded with 32. */
function calculate(mode: string, k: number, rounding: string, M: number, acc: number) {
  if (mode === 'stock') {
    const quantized = quantizeMultiplierLiteRt(M);
    const rescaleStock = rounding === 'double' ? rescaleDoubleRounding : rescaleSingleRounding;
    const { multiplier, exponent } = quantized;
    return { bits: 31, split: { multiplier, shift: 31 - exponent }, result: rescaleStock(acc, quantized) };
  }
  const format: MultiplierFormat = {
    k,
    rounding: mode === 'round' || mode === 'hround' ? 'nearest' : 'truncate',
    leadingOne: (mode === 'hidden' || mode === 'hround') && k < 32 ? 'hidden' : 'explicit',
  };
  const stock = quantizeMultiplierLiteRt(M);
  const cut = mode === 'q31trunc' ? stock.multiplier * 2 ** (stock.exponent - 31) : M;
  const split = decomposeMultiplier(cut, format);
  return { bits: format.leadingOne === 'hidden' ? k + 1 : k, split, result: undefined };
}

/** As recorded: 31-bit multipliers are Q0.31, 32-bit ones unsigned Q0.32. */
function recorded({ multiplier, shift }: QuantizedMultiplier, bits: number) {
  const position = bits === 32 ? 32 : 31;
  return { q: multiplier * 2 ** (position - bits), exponent: bits - shift, position };
}

describe.skipIf(!present)('LiteRT recompiled for narrow multipliers', () => {
  const title = present
    ? 'equals golden on all 26,800 recorded calls'
    : `skipped: ${file.pathname} is not here`;
  it(title, () => {
    const lines = readFileSync(file, 'utf8').trim().split('\n').slice(1);
    expect(lines).toHaveLength(26_800);
    const seen: Record<string, number> = {};
    const wrong = lines.filter((line) => {
      const [, k, mode = '', rounding = '', real, bits, q, exponent, accumulator, result] = line.split(',');
      const acc = Number(accumulator);
      const golden = calculate(mode, Number(k), rounding, Number(real), acc);
      const { split } = golden;
      const wide = recorded(split, golden.bits);
      // M > 1 in few bits has a negative shift: LiteRT's wide position of the same value takes it
      const narrow = split.shift >= 0 ? rescale(acc, split) : undefined;
      const widely = rescale(acc, { multiplier: wide.q, shift: wide.position - wide.exponent });
      const results = [golden.result ?? widely, rounding === 'double' ? undefined : narrow];
      seen[mode] = (seen[mode] ?? 0) + 1;
      if (narrow === undefined) seen['negative shift'] = (seen['negative shift'] ?? 0) + 1;
      return !(
        golden.bits === Number(bits) &&
        wide.q === Number(q) &&
        wide.exponent === Number(exponent) &&
        results.every((value) => value === undefined || value === Number(result))
      );
    });
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(seen).toEqual({
      stock: 800,
      trunc: 5200,
      round: 5200,
      hidden: 5200,
      hround: 5200,
      q31trunc: 5200,
      'negative shift': 257,
    });
  });
});
