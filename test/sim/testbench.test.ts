import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, type TestOptions, test } from 'vitest';
import { DEFAULT_OPTIONS, type GenerateOptions, generate } from '../../hdl-gen/generate.ts';
import { Coverage } from '../../sim/coverage.ts';
import { benchesOf } from '../../sim/regression.ts';
import { countRows, inputLayout } from '../../sim/simulators/index.ts';
import { testbenches, testbenchStimulus } from '../../sim/testbench.ts';
import { LONG } from '../support/long.ts';
import { testWith } from '../support/tools.ts';

const BLOCKS = ['rescaler', 'dot_product_unit', 'systolic_array'] as const;

const optionsOf = (options: Partial<GenerateOptions>): GenerateOptions => ({
  ...DEFAULT_OPTIONS,
  ...options,
});

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'testbench-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Everything that `gen --testbench` writes, but for the manifests. */
function write(options: GenerateOptions): void {
  const blocks = generate(options);
  const sources = blocks.map(({ manifest, verilog }) => ({ name: manifest.file, text: verilog }));
  for (const { name, text } of [...sources, ...testbenches(options, blocks)]) {
    writeFileSync(join(folder, name), text);
  }
}

/** What a tool printed, however it ended. */
function run(command: string, args: readonly string[]): string {
  const { stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  return stdout + stderr;
}

/** As the header of the test bench says it. */
function icarus(block: string): string {
  const compiled = run('iverilog', ['-g2005', '-Wall', '-y', '.', '-o', 'tb.vvp', `${block}_tb.v`]);
  // The blocks have no timescale, and neither has the test bench.
  return compiled.replace(/^.*timescale.*\n/gm, '') + run('vvp', ['tb.vvp']);
}

describe('test benches for other simulators', () => {
  test('are the same text each time, for each block a test bench and its vectors', () => {
    const files = testbenches(DEFAULT_OPTIONS);
    expect(files.map(({ name }) => name)).toEqual(
      BLOCKS.flatMap((block) => [`${block}_tb.v`, `${block}_tb.hex`]),
    );
    expect(testbenches(DEFAULT_OPTIONS)).toEqual(files);
  });

  test('have a few thousand vectors, in less than 2 MB', () => {
    const vectors = testbenches(DEFAULT_OPTIONS).filter(({ name }) => name.endsWith('.hex'));
    for (const { text } of vectors) {
      const lines = text.trimEnd().split('\n');
      expect(lines.length).toBeGreaterThanOrEqual(2000);
      expect(lines.length).toBeLessThanOrEqual(5000);
      expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
      expect(text).toMatch(/^[0-9a-f\n]+$/);
    }
    expect(vectors.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(2_000_000);
  });

  test('have fewer vectors where they are wide', () => {
    const [, , array] = benchesOf(optionsOf({ macs: 64, k: 32, units: 32, arch: 'plain' }));
    expect(countRows(inputLayout(array.design), testbenchStimulus(array))).toBe(1000);
  });

  test.each<Partial<GenerateOptions>>([
    {},
    { macs: 1, k: 1, units: 1 },
    { macs: 1, k: 32, units: 2, leadingOne: 'hidden' },
    { macs: 16, k: 8, units: 4, pipeline: 3 },
  ])('their vectors see every case: %o', (options) => {
    for (const bench of benchesOf(optionsOf({ ...options, arch: 'plain' }))) {
      const coverage = new Coverage(bench.bins);
      bench.expect(testbenchStimulus(bench), coverage);
      expect(coverage.empty(), bench.design.top).toEqual([]);
    }
  });

  test('say how they are run, and take the parameters of the generation', () => {
    const files = testbenches(optionsOf({ macs: 3, k: 5, units: 2, pipeline: 1 }));
    const text = files.find(({ name }) => name === 'systolic_array_tb.v')?.text ?? '';
    expect(text).toContain('iverilog -g2005 -y . -o systolic_array_tb.vvp systolic_array_tb.v');
    expect(text).toContain('verilator --binary --timing -y . systolic_array_tb.v');
    expect(text).toMatch(/compile systolic_array\.v, .*rescaler_pipelined\.v.* with it/);
    expect(text).toContain('localparam UNITS = 2;\n    localparam MACS = 3;\n    localparam K = 5;');
    expect(text).toContain('systolic_array #(.UNITS(UNITS), .MACS(MACS), .K(K)) dut (');
    expect(text).toContain('parameter VECTORS = "systolic_array_tb.hex"');
    for (const line of text.split('\n')) expect(line).not.toMatch(/[ \t]$/);
  });
});

describe('gen --testbench', () => {
  const cli = fileURLToPath(new URL('../../cli/npu-rescaler.ts', import.meta.url));
  const gen = (...args: readonly string[]) => run(process.execPath, [cli, 'gen', ...args]);

  test('writes them beside the Verilog, and says so', () => {
    const args = ['--macs', '1', '--k', '2', '--units', '1', '--arch', 'plain', '--out', '.', '--json'];
    gen(...args);
    expect(readdirSync(folder).filter((name) => name.includes('_tb'))).toEqual([]);
    const { written } = JSON.parse(gen(...args, '--testbench')) as { readonly written: readonly string[] };
    const options = optionsOf({ macs: 1, k: 2, units: 1, arch: 'plain' });
    for (const { name, text } of testbenches(options)) {
      expect(written).toContain(name);
      expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
    }
    expect(written.toSorted()).toEqual(readdirSync(folder).toSorted());
  });

  test('is in the help', () => {
    expect(gen('--help').replaceAll(/\s+/g, ' ')).toContain(
      '--testbench also write self-checking test benches with their vectors',
    );
  });
});

/** Options beyond a small plain unit, so that a run takes no longer than it must. */
const CONFIGURATIONS: readonly (readonly [Partial<GenerateOptions>, TestOptions?])[] = [
  [{}],
  [{ arch: 'fast' }, LONG],
  [{ pipeline: 1, leadingOne: 'hidden' }],
  [{ pipeline: 2, arch: 'fast', macs: 1, k: 32 }, LONG],
  [{ pipeline: 3, k: 1, macs: 3 }],
];
const small = (options: Partial<GenerateOptions>): GenerateOptions =>
  optionsOf({ arch: 'plain', macs: 2, units: 2, ...options });

const rows = (block: string): number =>
  readFileSync(join(folder, `${block}_tb.hex`), 'utf8')
    .trimEnd()
    .split('\n').length;

/** Rows before the first reset are not compared: one, in a block with a reset. */
const compared = (block: string): number => rows(block) - (block === 'rescaler' ? 0 : 1);

describe('on Icarus', () => {
  for (const [options, length] of CONFIGURATIONS) {
    const everyBlockPasses = () => {
      write(small(options));
      for (const block of BLOCKS) expect(icarus(block)).toBe(`PASS: ${compared(block)} vectors\n`);
    };
    testWith('iverilog', `every block passes: ${JSON.stringify(options)}`, everyBlockPasses, length);
  }

  /** The mutant of one line of a block. */
  function plant(block: string, line: string | RegExp, becomes: string): void {
    const path = join(folder, `${block}.v`);
    const text = readFileSync(path, 'utf8');
    const mutant = text.replace(line, becomes);
    if (mutant === text) throw new Error(`${line} is not in ${block}.v`);
    writeFileSync(path, mutant);
  }

  testWith('iverilog', 'a planted bug fails, with the first ten mismatches and their number', () => {
    write(small({}));
    plant('rescaler', /assign out = (\w+);/, "assign out = $1 ^ {7'd0, acc[0]};");
    const output = icarus('rescaler');
    expect(output).toMatch(/\nFAIL: (\d+) of 4000 vectors\n$/);
    expect(
      output.match(
        /^cycle \d+: acc=-?\d+ multiplier=\d+ shift=\d+ zero_point=-?\d+ act_min=-?\d+ act_max=-?\d+$/gm,
      ),
    ).toHaveLength(10);
    expect(output.match(/^ {2}expected out=-?\d+\n {2}actual {3}out=-?\d+$/gm)).toHaveLength(10);
    expect(output.match(/PASS|FAIL/g)).toHaveLength(1);
    const [, failed] = /FAIL: (\d+)/.exec(output) ?? [];
    expect(Number(failed)).toBeGreaterThan(100);
  });

  testWith('iverilog', 'an output that is unknown fails', () => {
    write(small({}));
    plant('dot_product_unit', "result <= 8'sd0;", 'result <= result;');
    const output = icarus('dot_product_unit');
    expect(output).toContain('  actual   out_valid=0 out=x\n');
    expect(output).toMatch(/FAIL: \d+ of \d+ vectors\n$/);
  });

  testWith('iverilog', 'a bug of the array shows its flattened ports', () => {
    write(small({}));
    plant('systolic_array', '= lane[j].y;', '= lane[UNITS-1-j].y;');
    const output = icarus('systolic_array');
    expect(output).toMatch(
      /^cycle \d+: rst=\d in_valid=\d in_last=\d x=0x[0-9a-f]{4} w=0x[0-9a-f]{8} bias=0x/m,
    );
    expect(output).toMatch(/FAIL: \d+ of \d+ vectors\n$/);
  });

  testWith('iverilog', 'vectors that are missing, cut short, or of another block fail', () => {
    write(small({}));
    const file = join(folder, 'rescaler_tb.hex');
    const lines = readFileSync(file, 'utf8').split('\n');

    writeFileSync(file, lines.slice(0, 1000).join('\n'));
    expect(icarus('rescaler')).toMatch(
      /rescaler_tb\.hex has 1000 of 4000 vectors\nFAIL: 3000 of 4000 vectors\n$/,
    );
    truncateSync(file);
    expect(icarus('rescaler')).toMatch(/has 0 of 4000 vectors\nFAIL: 4000 of 4000 vectors\n$/);
    rmSync(file);
    expect(icarus('rescaler')).toBe('cannot open rescaler_tb.hex\nFAIL: 4000 of 4000 vectors\n');
    writeFileSync(file, readFileSync(join(folder, 'dot_product_unit_tb.hex')));
    expect(icarus('rescaler')).toMatch(/\nFAIL: \d+ of 4000 vectors\n$/);
  });

  testWith('iverilog', 'the vectors may be elsewhere', () => {
    write(small({}));
    const elsewhere = join(folder, 'vectors.hex');
    writeFileSync(elsewhere, readFileSync(join(folder, 'rescaler_tb.hex')));
    rmSync(join(folder, 'rescaler_tb.hex'));
    const override = `-Prescaler_tb.VECTORS="${elsewhere}"`;
    run('iverilog', ['-g2005', '-y', '.', override, '-o', 'tb.vvp', 'rescaler_tb.v']);
    expect(run('vvp', ['tb.vvp'])).toBe('PASS: 4000 vectors\n');
  });
});

describe('on Verilator', () => {
  testWith('verilator', 'lint finds nothing', () => {
    for (const options of [small({}), optionsOf({ k: 7, pipeline: 1, leadingOne: 'hidden' })]) {
      write(options);
      for (const block of BLOCKS) {
        expect(run('verilator', ['--lint-only', '-Wall', '--timing', '-y', '.', `${block}_tb.v`])).toBe('');
      }
    }
  });

  testWith(
    'verilator',
    'the test bench becomes a program, which passes, and fails without its vectors',
    () => {
      write(small({ arch: 'fast' }));
      run('verilator', ['--binary', '--timing', '-y', '.', 'dot_product_unit_tb.v']);
      const program = join(folder, 'obj_dir', 'Vdot_product_unit_tb');
      expect(run(program, []).split('\n')[0]).toBe(`PASS: ${compared('dot_product_unit')} vectors`);
      rmSync(join(folder, 'dot_product_unit_tb.hex'));
      expect(run(program, [])).toMatch(/^cannot open dot_product_unit_tb\.hex\nFAIL: \d+ of \d+ vectors\n/);
    },
    LONG,
  );
});
