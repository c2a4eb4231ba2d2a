/**
 * One file serves every parameter value: the file generated for (8, 4) with its parameters overridden is
 * formally equivalent to the file generated for other values. Yosys proves it by induction over the named
 * wires and registers of both, so registers without a reset are taken to start equal.
 */
import { describe, expect, test } from 'vitest';
import type { GenerateOptions } from '../../hdl-gen/generate.ts';
import { type SourceFile, treeOf, yosys } from '../../tools/yowasp.ts';
import { describeOptions, generated } from '../support/generated.ts';

interface Sizes {
  readonly macs: number;
  readonly k: number;
  readonly units: number;
}

/** Both ends of each range, a macs that is no power of two, and a k on either side of the default. */
const SIZES: readonly Sizes[] = [
  { macs: 1, k: 1, units: 1 },
  { macs: 1, k: 32, units: 2 },
  { macs: 3, k: 2, units: 2 },
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

function overrides({ parameters }: Top, sizes: Sizes): string {
  return parameters.map((name) => `-chparam ${name} ${sizes[VALUES[name] ?? 'k']}`).join(' ');
}

const inFolder = (folder: string, files: readonly SourceFile[]): readonly SourceFile[] =>
  files.map(({ name, text }) => ({ name: `${folder}/${name}`, text }));

/** @throws ToolError unless every named wire and register is proven equal, and the ports are the same. */
async function prove(
  tops: readonly { readonly top: Top; readonly sizes: Sizes | undefined }[],
  gold: readonly SourceFile[],
  gate: readonly SourceFile[],
): Promise<string> {
  const sides = { gold: inFolder('gold', gold), gate: inFolder('gate', gate) };
  const elaborate = (side: keyof typeof sides, top: string, parameters: string): string =>
    [
      `design -reset; read_verilog ${sides[side].map(({ name }) => name).join(' ')}`,
      `hierarchy -check -top ${top} ${parameters}; proc; flatten; opt_clean`,
      `rename ${top} ${side}; design -stash ${side}`,
    ].join('; ');
  const script = tops
    .map(({ top, sizes }) =>
      [
        elaborate('gold', top.name, ''),
        elaborate('gate', top.name, sizes ? overrides(top, sizes) : ''),
        'design -reset; design -copy-from gold -as gold gold; design -copy-from gate -as gate gate',
        // A miter needs ports of the same names and widths, which equiv_make would not insist on.
        'miter -equiv gold gate same_ports; delete same_ports',
        'equiv_make gold gate both; hierarchy -top both; opt_clean',
        // Equal cells with equal inputs become one, on trust. What was trusted stays as an $equiv cell, which
        // `keep` holds, until its two sides are one net or SAT proves them equal.
        'equiv_struct -icells; setattr -set keep 1 t:$equiv; opt_clean; equiv_simple -short',
        'equiv_status -assert',
      ].join('; '),
    )
    .join('; ');
  return (await yosys(script, treeOf([...sides.gold, ...sides.gate]))).output;
}

describe.each(VARIANTS.map((variant) => [describeOptions(variant), variant] as const))('%s', (_, variant) => {
  const tops = topsOf(variant);
  const base = generated({ ...variant, ...BASE }).files;

  test.each(SIZES)('the file for (8, 4) at macs $macs, k $k, units $units', async (sizes) => {
    const own = generated({ ...variant, ...sizes }).files;
    const output = await prove(
      tops.map((top) => ({ top, sizes })),
      own,
      base,
    );
    expect(output.match(/Equivalence successfully proven!/g)).toHaveLength(tops.length);
  });
});

describe('the proof can fail', () => {
  const sizes = { macs: 3, k: 2, units: 2 };
  const refuted = /Found [1-9]\d* unproven \$equiv cells|gold and gate|match/;

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
    const base = generated({ ...variant, ...BASE }).files;
    const changed = base.map(({ name, text }) =>
      name === `${module}.v` ? { name, text: text.replace(from, to) } : { name, text },
    );
    expect(changed, `'${from}' is no longer in ${module}.v`).not.toEqual(base);
    const own = generated({ ...variant, ...sizes }).files;
    const tops = topsOf(variant)
      .filter(({ name }) => name === module)
      .map((top) => ({ top, sizes }));
    await expect(prove(tops, own, base)).resolves.toContain('Equivalence successfully proven!');
    await expect(prove(tops, own, changed)).rejects.toThrow(refuted);
  });

  test.each(['K', 'MACS', 'UNITS'] as const)('%s off by one', async (parameter) => {
    const variant = { arch: 'fast', pipeline: 0, leadingOne: 'explicit' } as const;
    const base = generated({ ...variant, ...BASE }).files;
    const key = VALUES[parameter] ?? 'k';
    const wrong = { ...sizes, [key]: sizes[key] + 1 };
    const tops = topsOf(variant).filter(({ name }) => name === 'systolic_array');
    const own = generated({ ...variant, ...sizes }).files;
    await expect(
      prove(
        tops.map((top) => ({ top, sizes: wrong })),
        own,
        base,
      ),
    ).rejects.toThrow(refuted);
  });
});

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
