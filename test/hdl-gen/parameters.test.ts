/**
 * One file serves every parameter value: the file generated for (8, 4) with its parameters overridden is
 * formally equivalent to the file generated for other values (formal/parameters.ts).
 */
import { describe, expect, test } from 'vitest';
import { decide } from '../../formal/claims.ts';
import { NetlistError } from '../../formal/netlist.ts';
import { overrideClaim, type ParameterValues } from '../../formal/parameters.ts';
import type { GeneratedBlock, GenerateOptions } from '../../hdl-gen/generate.ts';
import { describeOptions, generated } from '../support/generated.ts';
import { LONG } from '../support/long.ts';

interface Sizes {
  readonly macs: number;
  readonly k: number;
  readonly units: number;
}

const SMALL: readonly Sizes[] = [
  { macs: 1, k: 1, units: 1 },
  { macs: 3, k: 2, units: 2 },
];

/** With the small ones both ends of each range, a macs that is no power of two, and k on either side of the default. */
const LARGE: readonly Sizes[] = [
  { macs: 1, k: 32, units: 2 },
  { macs: 16, k: 8, units: 2 },
  { macs: 8, k: 4, units: 3 },
  { macs: 4, k: 16, units: 3 },
  { macs: 32, k: 1, units: 1 },
];

const VARIANTS: readonly Pick<GenerateOptions, 'arch' | 'pipeline' | 'leadingOne'>[] = [
  { arch: 'plain', pipeline: 0, leadingOne: 'hidden' },
  { arch: 'plain', pipeline: 2, leadingOne: 'explicit' },
  { arch: 'fast', pipeline: 0, leadingOne: 'explicit' },
  { arch: 'fast', pipeline: 3, leadingOne: 'hidden' },
];

const BASE = { macs: 8, k: 4, units: 4 } as const;

/** The tops of a configuration whose defaults are the sizes. The files of others are the same for all sizes. */
function topsOf(options: Partial<GenerateOptions>): readonly Top[] {
  return generated(options)
    .blocks.map(({ manifest }) => ({
      name: manifest.module,
      parameters: manifest.parameters.map(({ name }) => name),
    }))
    .filter(({ parameters }) => parameters.some((parameter) => parameter in VALUES));
}

interface Top {
  readonly name: string;
  readonly parameters: readonly string[];
}

const VALUES: Readonly<Record<string, keyof Sizes>> = { MACS: 'macs', K: 'k', UNITS: 'units' };

function valuesOf({ parameters }: Top, sizes: Sizes): ParameterValues {
  return Object.fromEntries(parameters.map((name) => [name, sizes[VALUES[name] ?? 'k']]));
}

/** Whether they are proven equal; anything but a proof or a refutation is an error. */
async function isProven(
  top: Top,
  sizes: Sizes,
  own: readonly GeneratedBlock[],
  base: readonly GeneratedBlock[],
): Promise<boolean> {
  try {
    const claim = await overrideClaim(top.name, valuesOf(top, sizes), own, base);
    return (await decide(claim)).verdict.kind === 'proven';
  } catch (error) {
    // Other ports, or other registers.
    if (error instanceof NetlistError) return false;
    throw error;
  }
}

describe.each(VARIANTS.map((variant) => [describeOptions(variant), variant] as const))('%s', (_, variant) => {
  // The array has the unit and its rescaler in it.
  const tops = topsOf(variant).filter(({ name }) => name === 'rescaler' || name === 'systolic_array');
  const base = generated({ ...variant, ...BASE }).blocks;

  async function expectProven(sizes: Sizes): Promise<void> {
    const own = generated({ ...variant, ...sizes }).blocks;
    for (const top of tops) expect(await isProven(top, sizes, own, base), top.name).toBe(true);
    expect(tops).toHaveLength(2);
  }
  const title = 'the file for (8, 4) at macs $macs, k $k, units $units';
  test.each(SMALL)(title, expectProven);
  test.each(LARGE)(title, LONG, expectProven);
});

describe('the proof can fail', () => {
  const sizes = { macs: 3, k: 2, units: 2 };

  /** One change of the text each, in a file of the default configuration. */
  const PLANTED = [
    ['an inverted multiplexer', 'rescaler', 'fast', 0, /(shift\[\w+\]) \? /, '!$1 ? '],
    ['another operand', 'rescaler', 'fast', 0, /(\n\);[\s\S]*?)\bzero_point\b/, '$1act_min'],
    ['a slice one bit too high', 'rescaler', 'plain', 0, 'shifted[31:0]', 'shifted[32:1]'],
    ['an unsigned shift', 'rescaler', 'plain', 0, 'rounded >>> shift', 'rounded >> shift'],
    ['a constant of another value', 'rescaler', 'plain', 0, "{32'd0, multiplier}", "{32'd1, multiplier}"],
    ['a difference for a sum', 'dot_product_unit', 'plain', 0, 'node[2*i].total +', 'node[2*i].total -'],
    ['another reset value', 'dot_product_unit', 'fast', 0, "fresh <= 1'b1", "fresh <= 1'b0"],
    ['a lost enable', 'dot_product_unit', 'plain', 0, 'if (in_valid) begin', 'if (1) begin'],
    ['the neighbour element', 'systolic_array', 'fast', 0, 'multiplier[K*u+K-1:K*u]', 'multiplier[K-1:0]'],
    ['a register that is stuck', 'rescaler_pipelined', 'fast', 2, /(\w+_stage1) <= \w+;/, '$1 <= 0;'],
  ] as const;

  test.each(PLANTED)('%s in %s (%s, pipeline %i)', async (_, module, arch, pipeline, from, to) => {
    const variant = { arch, pipeline, leadingOne: 'explicit' } as const;
    const base = generated({ ...variant, ...BASE }).blocks;
    const changed = base.map((block) =>
      block.manifest.module === module ? { ...block, verilog: block.verilog.replace(from, to) } : block,
    );
    expect(changed, `'${from}' is no longer in ${module}.v`).not.toEqual(base);
    const own = generated({ ...variant, ...sizes }).blocks;
    const top = topNamed(variant, module);
    expect(await isProven(top, sizes, own, base)).toBe(true);
    expect(await isProven(top, sizes, own, changed)).toBe(false);
  });

  test.each(['K', 'MACS', 'UNITS'] as const)('%s off by one', async (parameter) => {
    const variant = { arch: 'fast', pipeline: 0, leadingOne: 'explicit' } as const;
    const base = generated({ ...variant, ...BASE }).blocks;
    const key = VALUES[parameter] ?? 'k';
    const wrong = { ...sizes, [key]: sizes[key] + 1 };
    const own = generated({ ...variant, ...sizes }).blocks;
    expect(await isProven(topNamed(variant, 'systolic_array'), wrong, own, base)).toBe(false);
  });
});

function topNamed(variant: Partial<GenerateOptions>, module: string): Top {
  const top = topsOf(variant).find(({ name }) => name === module);
  if (!top) throw new Error(`there is no ${module}`);
  return top;
}

test('every parameter that depends on the sizes is overridden', () => {
  for (const variant of VARIANTS) {
    const tops = topsOf(variant);
    for (const { name, parameters } of tops) {
      const known = parameters.filter((parameter) => parameter in VALUES);
      expect(known, `${name} (${describeOptions(variant)})`).toEqual(parameters);
    }
    const others = (sizes: Sizes) =>
      generated({ ...variant, ...sizes }).files.filter(
        ({ name }) => !tops.some((top) => `${top.name}.v` === name),
      );
    expect(others({ macs: 3, k: 17, units: 2 })).toEqual(others(BASE));
  }
});
