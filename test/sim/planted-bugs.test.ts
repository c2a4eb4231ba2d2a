/**
 * Mutants of the emitted Verilog, one line each: the regression must catch every one, and shrink the failure
 * to what a person would have written by hand.
 */
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS, type GenerateOptions, generate } from '../../hdl-gen/generate.ts';
import type { Bench } from '../../sim/bench.ts';
import { benchesOf, type Failure, verify } from '../../sim/regression.ts';
import {
  type CompiledDesign,
  countRows,
  createRows,
  createSimulator,
  fieldOf,
  getField,
  inputLayout,
  outputLayout,
  type Simulator,
  setField,
} from '../../sim/simulators/index.ts';
import { describeValues, elementOf, nonzero, type RowValues, type Value } from '../../sim/values.ts';
import { LONG } from '../support/long.ts';
import { expectedOutputs, type Shape } from './transactions.ts';

interface PlantedBug {
  readonly block: 'rescaler' | 'dot_product_unit' | 'systolic_array';
  /** Beyond plain, macs 2, k 4, units 2. */
  readonly options?: Partial<GenerateOptions>;
  /** Where the line is, without its .v; by default in the block itself. */
  readonly module?: string;
  readonly line: RegExp;
  readonly becomes: string;
  /** Most cycles of the smallest case: reset, beats, and the cycles until the result shows. */
  readonly cycles: number;
  /** Signals that the waveform must have; without them none is made, because that takes another compilation. */
  readonly waveform?: readonly string[];
}

const BUGS: Readonly<Record<string, PlantedBug>> = {
  'rounding off by one': {
    block: 'rescaler',
    line: /(\+ \$signed\(\{8'd0, half\}\));/,
    becomes: '$1 - 1;',
    cycles: 1,
    waveform: [
      'acc',
      'multiplier',
      'shift',
      'zero_point',
      'act_min',
      'act_max',
      'out',
      'half',
      'rounded',
      'sum',
    ],
  },
  'no rounding at one shift': {
    block: 'rescaler',
    line: /\$signed\(\{8'd0, half\}\)/,
    becomes: "$signed({8'd0, shift == 17 ? {K+25{1'b0}} : half})",
    cycles: 1,
  },
  'zero point without its sign': {
    block: 'rescaler',
    line: /\{\{25\{zero_point\[7\]\}\}, zero_point\}/,
    becomes: "{25'd0, zero_point}",
    cycles: 1,
  },
  'zero point subtracted': {
    block: 'rescaler',
    line: /(\$signed\(\{\{25\{zero_point\[7\]\}\}, zero_point\}\)) \+ (.*);/,
    becomes: '$2 - $1;',
    cycles: 1,
  },
  'saturates at 127 instead of act_max': {
    block: 'rescaler',
    line: /sum > \$signed\(\{\{25\{act_max\[7\]\}\}, act_max\}\)/,
    becomes: "sum > 33'sd127",
    cycles: 1,
  },
  'quotient of 31 bits': {
    block: 'rescaler',
    line: /\{quotient\[31\], quotient\}/,
    becomes: '{{2{quotient[30]}}, quotient[30:0]}',
    cycles: 1,
  },
  'wrong at the greatest shift, fast': {
    block: 'rescaler',
    options: { arch: 'fast' },
    line: /assign out = (\w+);/,
    becomes: 'assign out = shift == K + 24 ? act_max : $1;',
    cycles: 1,
  },
  'weights without their sign': {
    block: 'dot_product_unit',
    line: /\{\{8\{weight\[7\]\}\}, weight\}/,
    becomes: "{8'd0, weight}",
    cycles: 4,
  },
  'elements of x swapped': {
    block: 'dot_product_unit',
    line: /activation = \$signed\(x\[[^\]]*\]\)/,
    becomes: 'activation = $signed(x[8*(2*MACS-1-i)+7:8*(2*MACS-1-i)])',
    cycles: 4,
  },
  'act_min and act_max swapped': {
    block: 'dot_product_unit',
    options: { arch: 'fast' },
    line: /\.act_min( *)\(last_act_min\)/,
    becomes: '.act_min$1(last_act_max)',
    cycles: 4,
    waveform: [
      'clk',
      'rst',
      'in_valid',
      'x',
      'w',
      'bias',
      'out_valid',
      'acc',
      'fresh',
      'last_act_min',
      'rescale',
    ],
  },
  'reset does not start a new sum': {
    block: 'dot_product_unit',
    line: /if \(rst\) begin(\s+)fresh <= 1'b1;/,
    becomes: 'if (rst) begin$1fresh <= fresh;',
    cycles: 4,
  },
  'reset leaves a result under way': {
    block: 'dot_product_unit',
    line: /valid_stage0 <= 1'b0;/,
    becomes: 'valid_stage0 <= last_beat;',
    // The beat enters with the reset.
    cycles: 3,
  },
  'a last beat does not start a new sum': {
    block: 'dot_product_unit',
    line: /fresh <= in_last;/,
    becomes: "fresh <= 1'b0;",
    cycles: 5,
  },
  'bias taken with the last beat': {
    block: 'dot_product_unit',
    line: /fresh \? bias : acc;/,
    becomes: "(fresh ? 32'sd0 : acc) + (in_last ? bias : 32'sd0);",
    cycles: 5,
  },
  'bubbles are beats': {
    block: 'dot_product_unit',
    line: /if \(in_valid\) begin(\s+)acc <=/,
    becomes: "if (1'b1) begin$1acc <=",
    // Where the bubble comes first, the beat after it takes the bias anew.
    cycles: 6,
  },
  'result a cycle early': {
    block: 'dot_product_unit',
    options: { pipeline: 2 },
    line: /result_valid <= valid_stage2;/,
    becomes: 'result_valid <= valid_stage1;',
    cycles: 5,
  },
  'zero point taken a cycle late': {
    block: 'dot_product_unit',
    line: /\.zero_point( *)\(last_zero_point\)/,
    becomes: '.zero_point$1(zero_point)',
    cycles: 4,
  },
  'act_max a stage early in the pipeline': {
    block: 'dot_product_unit',
    options: { pipeline: 2 },
    module: 'rescaler_pipelined',
    line: /act_max_stage2 <= act_max_stage1;/,
    becomes: 'act_max_stage2 <= act_max;',
    cycles: 6,
  },
  'activations skip a unit': {
    block: 'systolic_array',
    line: /(hop_x[\s\S]*?)assign beat = previous;/,
    becomes: '$1assign beat = lane[u-1].beat;',
    cycles: 6,
    waveform: ['clk', 'x', 'w', 'out', 'all_valid', 'fresh', 'previous'],
  },
  'the weights of unit 0 in every unit': {
    block: 'systolic_array',
    line: /\.w( *)\(w\[[^\]]*\]\)/,
    becomes: '.w$1(w[8*MACS-1:0])',
    cycles: 6,
  },
  'outputs in the wrong lanes': {
    block: 'systolic_array',
    line: /= lane\[j\]\.y;/,
    becomes: '= lane[UNITS-1-j].y;',
    cycles: 4,
  },
  'reset misses a beat on its way to the next unit': {
    block: 'systolic_array',
    line: /previous <= 2'd0;/,
    becomes: 'previous <= lane[u-1].control;',
    cycles: 4,
  },
};

/** @throws Error unless the text has the pattern exactly once, so that no bug can silently fail to be planted */
function plant(text: string, pattern: RegExp, becomes: string): string {
  const found = [...text.matchAll(new RegExp(pattern, 'g'))];
  if (found.length !== 1) throw new Error(`${pattern} is in the Verilog ${found.length} times, not once`);
  return text.replace(pattern, becomes);
}

function mutantOf({ block, module = block, line, becomes, options: some }: PlantedBug) {
  const options: GenerateOptions = {
    ...DEFAULT_OPTIONS,
    ...{ arch: 'plain', macs: 2, k: 4, units: 2 },
    ...some,
  };
  const file = `${module}.v`;
  if (!generate(options).some(({ manifest }) => manifest.file === file))
    throw new Error(`there is no ${file}`);
  const blocks = generate(options).map(({ manifest, verilog }) => ({
    manifest,
    verilog: manifest.file === file ? plant(verilog, line, becomes) : verilog,
  }));
  const bench = benchesOf(options, blocks).find(({ design }) => design.top === block);
  if (!bench) throw new Error(`there is no bench for ${block}`);
  const { macs, k, leadingOne, units, pipeline } = options;
  const unitsOf = { rescaler: 0, dot_product_unit: 1, systolic_array: units };
  const shape: Shape = { macs, k, leadingOne, units: unitsOf[block], latencyCycles: 2 + pipeline };
  return { options, bench, shape };
}

/** The real thing, but that it keeps what it has compiled, and makes waveforms only where they are looked at. */
function keepingSimulator(withWaveform: boolean) {
  const compiled: CompiledDesign[] = [];
  const cxxrtl = createSimulator('cxxrtl');
  const simulator: Simulator = {
    ...cxxrtl,
    async compile(design) {
      const one = await cxxrtl.compile(design);
      compiled.push(one);
      return withWaveform ? one : { ...one, waveform: async () => '' };
    },
  };
  return { simulator, compiled };
}

/** Elements of that width side by side. */
function bitsOf(value: RowValues[string], width: number): bigint {
  const place = (one: Value, i: number) => BigInt.asUintN(width, BigInt(one)) << BigInt(i * width);
  return [value]
    .flat()
    .map(place)
    .reduce((sum, bits) => sum | bits, 0n);
}

/** Back from what is printed to rows of words. */
function rowsOf(bench: Bench, cycles: readonly RowValues[]): Uint32Array {
  const layout = inputLayout(bench.design);
  const rows = createRows(layout, cycles.length);
  for (const [row, values] of cycles.entries()) {
    for (const [name, value] of Object.entries(values)) {
      const field = fieldOf(layout, name);
      const { width } = elementOf(bench, field.port);
      const bits = bitsOf(value, width);
      setField(layout, rows, row, field, field.port.signed ? BigInt.asIntN(width, bits) : bits);
    }
  }
  return rows;
}

/** Values of ports as the transactions of the tests give them. */
function asPorts(bench: Bench, values: RowValues): Record<string, bigint> {
  const ports: Record<string, bigint> = {};
  for (const [name, value] of Object.entries(values)) {
    const { width } = elementOf(bench, fieldOf(outputLayout(bench.design), name).port);
    ports[name] = bitsOf(value, width);
  }
  return ports;
}

/** Names of scopes and signals in a VCD. */
function namesIn(vcd: string): ReadonlySet<string> {
  return new Set(
    [...vcd.matchAll(/^\$(?:var \w+ \d+ \S+|scope module) ([\w.]+)/gm)].map(([, name = '']) => name),
  );
}

describe('planted bugs', () => {
  async function isCaught(bug: PlantedBug): Promise<void> {
    const { options, bench, shape } = mutantOf(bug);
    const { simulator, compiled } = keepingSimulator(bug.waveform !== undefined);
    const [result] = await verify(options, simulator, { rows: 5000, seed: 1 }, [bench]);
    const failure = result?.failure as Failure;
    expect(failure, 'the bug was not caught').toBeDefined();
    const { smallest } = failure;
    const printed = smallest.cycles.map((values) => describeValues(nonzero(values))).join('\n');
    expect(smallest.cycles.length, printed).toBeLessThanOrEqual(bug.cycles);

    // The smallest case is one: run once more, it differs from what the tests work out themselves.
    const stimulus = rowsOf(bench, smallest.cycles);
    const last = smallest.cycles.length - 1;
    const expected = expectedOutputs(bench.design, shape, stimulus)[last];
    expect(asPorts(bench, smallest.expected)).toEqual(expected);
    const layout = outputLayout(bench.design);
    const response = await compiled[0]?.run(stimulus);
    const actual = Object.fromEntries(
      layout.fields.map((field) => {
        const value = getField(layout, response?.outputs ?? createRows(layout, last + 1), last, field);
        return [field.port.name, BigInt.asUintN(field.port.width, value)];
      }),
    );
    expect(asPorts(bench, smallest.actual)).toEqual(actual);
    expect(actual).not.toEqual(expected);
    expect(countRows(inputLayout(bench.design), stimulus)).toBe(last + 1);

    if (bug.waveform) {
      const names = namesIn(failure.waveform);
      for (const name of [bug.block, ...bug.waveform]) expect(names).toContain(name);
      // Ten nanoseconds a cycle.
      const times = [...failure.waveform.matchAll(/^#(\d+)$/gm)].map(([, time]) => Number(time));
      expect(Math.max(...times)).toBe(10 * (last + 1));
    }
  }

  for (const [name, bug] of Object.entries(BUGS)) {
    // Clang takes its time on the fast circuit.
    test(name, bug.options?.arch === 'fast' ? LONG : {}, () => isCaught(bug));
  }

  test('a pattern that no longer matches is an error, not a bug that nobody plants', () => {
    expect(() => plant('a <= b;', /c <= d;/, '')).toThrow('0 times');
    expect(() => plant('a <= b; a <= b;', /a <= b;/, '')).toThrow('2 times');
    expect(plant('a <= b;', /(a) <= b;/, '$1 <= c;')).toBe('a <= c;');
  });
});
