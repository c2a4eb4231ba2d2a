/** The emitted files: stable, as their manifests say, and clean for the tools that will read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { ARCHITECTURES, LEADING_ONES, PIPELINE_DEPTHS } from '../../hdl-gen/blocks/parameters.ts';
import { DEFAULT_OPTIONS, type GenerateOptions, generate } from '../../hdl-gen/generate.ts';
import type { Manifest } from '../../hdl-gen/verilog/manifest.ts';
import { runTool, withDirectory, writeSources } from '../../sim/simulators/processes.ts';
import { type SourceFile, textOf, treeOf, yosys } from '../../tools/yowasp.ts';
import { describeOptions, generated } from '../support/generated.ts';
import { lint } from '../support/lint.ts';
import { LONG } from '../support/long.ts';
import { testWith } from '../support/tools.ts';
import { evaluateVerilog } from '../support/verilog-expression.ts';

type Variant = Pick<GenerateOptions, 'arch' | 'pipeline' | 'leadingOne'>;

const VARIANTS: readonly Variant[] = ARCHITECTURES.flatMap((arch) =>
  PIPELINE_DEPTHS.flatMap((pipeline) => LEADING_ONES.map((leadingOne) => ({ arch, pipeline, leadingOne }))),
);

const titled = (variant: Variant) => [describeOptions(variant), variant] as const;

test('the same options give the same text, also to another instance of the generator', LONG, async () => {
  const first = VARIANTS.map((variant) => generate({ ...DEFAULT_OPTIONS, ...variant }));
  vi.resetModules();
  const again: typeof import('../../hdl-gen/generate.ts') = await import('../../hdl-gen/generate.ts');
  expect(again.generate).not.toBe(generate);
  // In another order, in case one description leaves traces in the next.
  const second = VARIANTS.toReversed().map((variant) => again.generate({ ...DEFAULT_OPTIONS, ...variant }));
  expect(second.toReversed()).toEqual(first);
});

test('every option changes some file, and nothing but defaults depends on the sizes', () => {
  const texts = VARIANTS.map((variant) => JSON.stringify(generated(variant).files));
  expect(new Set(texts).size).toBe(VARIANTS.length);
  const withoutDefaults = (sizes: Partial<GenerateOptions>) =>
    generated(sizes).files.map(({ text }) => text.replace(/parameter (\w+) = \d+/g, 'parameter $1'));
  expect(withoutDefaults({ macs: 3, k: 17, units: 2 })).toEqual(withoutDefaults({}));
  expect(generated({ macs: 3 }).files).not.toEqual(generated({}).files);
});

describe('rtl/ is the default configuration', () => {
  const folder = new URL('../../rtl/', import.meta.url);
  const blocks = generate(DEFAULT_OPTIONS);
  const advice = 'run `npm run gen` to write rtl/ anew';

  test('no file more, no file fewer', () => {
    const expected = blocks.flatMap(({ manifest: { module } }) => [`${module}.v`, `${module}.json`]);
    expect(readdirSync(folder).toSorted(), advice).toEqual(expected.toSorted());
  });

  test.each(blocks.map(({ manifest, verilog }) => [manifest.module, manifest, verilog] as const))(
    '%s',
    (name, manifest, verilog) => {
      const read = (file: string): string => readFileSync(new URL(file, folder), 'utf8');
      expect(read(`${name}.v`), advice).toBe(verilog);
      expect(JSON.parse(read(`${name}.json`)), advice).toEqual(JSON.parse(JSON.stringify(manifest)));
    },
  );
});

// ---------------------------------------------------------------- the manifest, by Yosys' reading

interface YosysPort {
  readonly direction: string;
  readonly bits: readonly unknown[];
  readonly signed?: number;
}

interface YosysModule {
  readonly ports: Readonly<Record<string, YosysPort>>;
  readonly parameter_default_values?: Readonly<Record<string, string>>;
}

async function modulesAfter(script: string, files: readonly SourceFile[]) {
  const names = files.map(({ name }) => name).join(' ');
  const result = await yosys(`read_verilog ${names}; ${script}; proc; write_json all.json`, treeOf(files));
  const { modules } = JSON.parse(textOf(result.files, 'all.json')) as {
    modules: Readonly<Record<string, YosysModule>>;
  };
  return modules;
}

interface SimplePort {
  readonly name: string;
  readonly direction: string;
  readonly sign: string;
  readonly bits: number;
}

const portsRead = (module: YosysModule | undefined): readonly SimplePort[] =>
  Object.entries(module?.ports ?? {}).map(([name, { direction, bits, signed }]) => ({
    name,
    direction,
    sign: signed ? 'signed' : 'unsigned',
    bits: bits.length,
  }));

const portsTold = ({ ports }: Manifest, bits: (port: Manifest['ports'][number]) => number) =>
  ports.map((port) => ({ name: port.name, direction: port.direction, sign: port.sign, bits: bits(port) }));

describe('a manifest says what Yosys reads from the Verilog', () => {
  const variants: readonly Variant[] = [
    { arch: 'plain', pipeline: 0, leadingOne: 'hidden' },
    { arch: 'fast', pipeline: 0, leadingOne: 'explicit' },
    { arch: 'fast', pipeline: 3, leadingOne: 'hidden' },
  ];
  /** The least, one near it, and the greatest value that elaborates quickly. */
  const choices: readonly ((range: Manifest['parameters'][number]) => number)[] = [
    ({ minimum }) => minimum,
    ({ minimum, maximum }) => Math.min(maximum, minimum + 4),
    ({ maximum }) => Math.min(maximum, 40),
  ];

  describe.each(variants.map(titled))('%s', (_, variant) => {
    const { blocks, files } = generated({ ...variant, macs: 5, k: 9, units: 3 });

    test('parameters and their defaults', async () => {
      const modules = await modulesAfter('', files);
      for (const { manifest } of blocks) {
        const defaults = modules[manifest.module]?.parameter_default_values ?? {};
        const read = Object.entries(defaults).map(([name, bits]) => [name, Number.parseInt(bits, 2)]);
        const told = manifest.parameters.map((parameter) => [parameter.name, parameter.default]);
        expect(Object.fromEntries(read), manifest.module).toEqual(Object.fromEntries(told));
      }
    });

    test('ports at the defaults', async () => {
      for (const { manifest } of blocks) {
        const modules = await modulesAfter(`hierarchy -check -top ${manifest.module}`, files);
        expect(portsTold(manifest, ({ width }) => width.bits)).toEqual(portsRead(modules[manifest.module]));
      }
    });

    test('ports at other parameters, by the width expressions', async () => {
      for (const { manifest } of blocks) {
        // Each parameter another of its values.
        const values = Object.fromEntries(
          manifest.parameters.map((range, i) => [
            range.name,
            choices[(i + manifest.ports.length) % 3]?.(range) ?? 0,
          ]),
        );
        const parameters = Object.entries(values)
          .map(([name, value]) => `-chparam ${name} ${value}`)
          .join(' ');
        const modules = await modulesAfter(`hierarchy -check -top ${manifest.module} ${parameters}`, files);
        expect(portsTold(manifest, ({ width }) => evaluateVerilog(width.expression, values))).toEqual(
          portsRead(modules[manifest.module]),
        );
      }
    });

    test('what must be compiled with it, and nothing else', async () => {
      for (const { manifest } of blocks) {
        const wanted = [manifest.module, ...manifest.instantiates];
        const needed = files.filter(({ name }) => wanted.includes(name.replace(/\.v$/, '')));
        expect(needed).toHaveLength(wanted.length);
        await modulesAfter(`hierarchy -check -top ${manifest.module}`, needed);
        for (const spare of manifest.instantiates) {
          const fewer = needed.filter(({ name }) => name !== `${spare}.v`);
          const attempt = modulesAfter(`hierarchy -check -top ${manifest.module}`, fewer);
          await expect(attempt).rejects.toThrow(spare);
        }
      }
    });
  });
});

// ---------------------------------------------------------------- what synthesis makes of it

const NO_LATCH = 'select -assert-none t:$dlatch t:$adlatch t:$dlatchsr t:$sr t:$_DLATCH_*';

describe('no latch, no combinational loop, no second driver', () => {
  test.each(VARIANTS.map(titled))('%s', async (_, variant) => {
    const k = variant.leadingOne === 'hidden' ? 1 : 13;
    const { blocks, files } = generated({ ...variant, macs: 3, k, units: 2 });
    const script = blocks
      .filter(({ manifest }) => ['rescaler', 'systolic_array'].includes(manifest.module))
      .map(
        ({ manifest: { module } }) =>
          `design -push-copy; hierarchy -check -top ${module}; proc; ${NO_LATCH}; flatten; ${NO_LATCH}; check -assert; design -pop`,
      )
      .join('; ');
    await modulesAfter(script, files);
  });

  const check = (body: string) =>
    modulesAfter(`hierarchy -top m; proc; ${NO_LATCH}; flatten; check -assert`, [
      { name: 'm.v', text: `module m (input a, input b, output reg y, output z); ${body} endmodule` },
    ]);

  test('the check can fail', async () => {
    await check('assign z = a; always @* y = b;');
    await expect(check('assign z = a; always @* if (a) y = b;')).rejects.toThrow(/[Aa]ssert/);
    await expect(check('wire l = z ^ a; assign z = l & b; always @* y = b;')).rejects.toThrow(/problems/);
    await expect(check('assign z = a; assign z = b; always @* y = b;')).rejects.toThrow(/problems/);
  });
});

test.each([
  ['rescaler', 'K', 0, '1_to_32'],
  ['rescaler', 'K', 33, '1_to_32'],
  ['dot_product_unit', 'MACS', 0, '1_to_64'],
  ['dot_product_unit', 'K', 33, '1_to_32'],
  ['systolic_array', 'UNITS', 33, '1_to_32'],
  ['systolic_array', 'MACS', 65, '1_to_64'],
])('%s with %s = %i stops, naming the parameter and its range', async (module, parameter, value, range) => {
  const elaborate = modulesAfter(
    `hierarchy -check -top ${module} -chparam ${parameter} ${value}`,
    generated({}).files,
  );
  await expect(elaborate).rejects.toThrow(`${parameter}_is_outside_${range}`);
});

// ---------------------------------------------------------------- native tools, where installed

testWith('iverilog', 'Icarus reads every file as Verilog-2005', async () => {
  for (const variant of VARIANTS) {
    const { files } = generated({ ...variant, macs: 3, k: 5, units: 2 });
    await withDirectory(async (directory) => {
      await writeSources(directory, files);
      const args = ['-g2005', '-Wall', '-t', 'null', '-s', 'systolic_array'];
      const printed = await runTool('iverilog', [...args, ...files.map(({ name }) => name)], {
        directory,
        advice: 'iverilog has gone',
      });
      // Without a test bench there is no time scale to speak of.
      expect(printed.split('\n').filter((line) => line && !/timescale/.test(line))).toEqual([]);
    });
  }
});

describe('verilator --lint-only -Wall is silent; npm run lint:verilog has the whole matrix', () => {
  const sample: readonly GenerateOptions[] = [
    { macs: 1, k: 1, units: 1, arch: 'fast', pipeline: 0, leadingOne: 'explicit' },
    { macs: 1, k: 1, units: 1, arch: 'plain', pipeline: 1, leadingOne: 'hidden' },
    { macs: 3, k: 2, units: 2, arch: 'fast', pipeline: 3, leadingOne: 'hidden' },
    { macs: 8, k: 4, units: 4, arch: 'fast', pipeline: 2, leadingOne: 'explicit' },
    { macs: 16, k: 32, units: 2, arch: 'plain', pipeline: 0, leadingOne: 'explicit' },
    { macs: 32, k: 32, units: 1, arch: 'fast', pipeline: 1, leadingOne: 'hidden' },
  ];

  for (const options of sample) {
    const { macs, k } = options;
    testWith('verilator', `macs ${macs}, k ${k}, ${describeOptions(options)}`, async () => {
      expect(await lint(options, 'generated')).toEqual([]);
      expect(await lint(options, 'overridden')).toEqual([]);
    });
  }

  testWith('verilator', 'and would not be about a width that is wrong', async () => {
    const [first] = sample;
    if (!first) throw new Error('no sample');
    const complaints = await lint(first, 'generated', (text) =>
      text.replace('wire signed [7:0] clamped', 'wire signed [8:0] clamped'),
    );
    expect(complaints.join('\n')).toMatch(/WIDTH/);
  });
});
