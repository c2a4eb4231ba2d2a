/**
 * What the emitted text means: random expressions, and the language's larger forms, simulated from the
 * Verilog and compared with exact integers that this folder computes by itself.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  clog2,
  concat,
  defineModule,
  input,
  output,
  signed,
  unsigned,
  unsignedLiteral,
} from '../../hdl-gen/dsl/index.ts';
import { createSimulator, type SimulatorName } from '../../sim/simulators/index.ts';
import { runTool, withDirectory, writeSources } from '../../sim/simulators/processes.ts';
import { type Bench, benchOf, type Instance, simulate, type Values } from '../support/bench.ts';
import { LONG } from '../support/long.ts';
import { testWith } from '../support/tools.ts';
import { randomModule } from './random-expressions.ts';

const ROWS = 150;
const SEEDS = { constant: 20_251, symbolic: 20_252, operands: 20_253, stimulus: 20_254 } as const;

// ---------------------------------------------------------------- random expressions

const constant = randomModule('constant_widths', 'constant', { seed: SEEDS.constant, count: 24 });
const symbolic = randomModule('symbolic_widths', 'symbolic', { seed: SEEDS.symbolic, count: 24 });
const expressions = benchOf([
  { module: constant.module, parameters: [{ P: 3 }] },
  { module: symbolic.module, parameters: [{ P: 1 }, { P: 6 }] },
]);

/** Edges of the range more often than chance would have them. */
function operandRows({ ports }: Instance, seed: number): readonly Values[] {
  const edges = (width: number, isSigned: boolean): readonly bigint[] => {
    const span = 2n ** BigInt(width);
    return isSigned ? [-span / 2n, span / 2n - 1n, 0n, -1n] : [0n, span - 1n, span / 2n, 1n % span];
  };
  const value = (width: number, isSigned: boolean): fc.Arbitrary<bigint> =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constantFrom(...edges(width, isSigned)) },
      {
        weight: 2,
        arbitrary: fc
          .bigInt({ min: 0n, max: 2n ** BigInt(width) - 1n })
          .map((bits) => (isSigned ? BigInt.asIntN(width, bits) : bits)),
      },
    );
  const row = fc.record(
    Object.fromEntries(
      ports
        .filter(({ direction }) => direction === 'input')
        .map((port) => [port.name, value(port.width, port.signed)]),
    ),
  );
  return fc.sample(row, { seed, numRuns: ROWS });
}

const inputsOf = (bench: Bench, seed: number) =>
  new Map(bench.instances.map((instance, i) => [instance, operandRows(instance, seed + i)]));

async function checkExpressions(simulator: SimulatorName): Promise<number> {
  const inputs = inputsOf(expressions, SEEDS.operands);
  const results = await simulate(createSimulator(simulator), expressions, inputs);
  const failures: string[] = [];
  let checked = 0;
  for (const [instance, rows] of results) {
    const { nodes } = instance.module === constant.module ? constant : symbolic;
    const { P: p = 0 } = instance.parameters;
    for (const [i, node] of nodes.entries()) {
      for (const [row, outputs] of rows.entries()) {
        const given = inputs.get(instance)?.[row] ?? {};
        const expected = node.value({ p, inputs: given });
        checked += 1;
        if (outputs[`y${i}`] === expected) continue;
        const operands = Object.entries(given).map(([name, value]) => `${name} = ${value}`);
        failures.push(
          `${instance.module.name} (seeds ${JSON.stringify(SEEDS)}), P = ${p}, y${i} = ${node.text}\n` +
            `  at ${operands.join(', ')}: ${outputs[`y${i}`]}, not ${expected}`,
        );
        break;
      }
    }
  }
  expect(failures.join('\n')).toBe('');
  return checked;
}

describe(`random expressions, seeds ${SEEDS.constant} and ${SEEDS.symbolic}`, () => {
  test('every width is what the exact result needs', () => {
    expect([...constant.wrongWidths, ...symbolic.wrongWidths]).toEqual([]);
  });

  test('they reach every printed form', () => {
    const texts = [...constant.nodes, ...symbolic.nodes].map(({ text }) => text).join('\n');
    const operations = [
      ...['add', 'addWrap', 'sub', 'mul', 'and', 'or', 'xor', 'not', 'equals', 'lessThan', 'greaterThan'],
      ...['any', 'all', 'shiftRight', 'shiftLeftWrap', 'extend', 'toSigned', 'asSigned', 'asUnsigned'],
      ...['wrap', 'slice', 'bit', 'top', 'saturate', 'clamp'],
    ];
    for (const operation of operations) {
      expect(texts.split(`.${operation}(`).length, operation).toBeGreaterThan(2);
    }
    expect(texts).toMatch(/repeat\(/);
    expect(texts).toMatch(/\{[^}]+, [^}]+\}/);
    expect(texts).toMatch(/ \? /);
  });

  // The slowest compilation of all tests: some 15 s on an idle machine.
  test('cxxrtl computes what exact integers say', LONG, async () => {
    const checked = await checkExpressions('cxxrtl');
    expect(checked).toBeGreaterThan(ROWS * 3 * 60);
  });

  testWith('iverilog', 'Icarus agrees', async () => {
    await checkExpressions('icarus');
  });

  testWith(
    'verilator',
    'Verilator agrees',
    async () => {
      await checkExpressions('verilator');
    },
    LONG,
  );

  testWith('verilator', 'verilator --lint-only -Wall is silent', async () => {
    await lintBench(expressions);
  });
});

/** Random expressions ignore operand bits on purpose; only such are forgiven. */
async function lintBench({ design }: Bench): Promise<void> {
  await withDirectory(async (directory) => {
    await writeSources(directory, design.files);
    const args = ['--lint-only', '-Wall', '-Wno-UNUSED', '-Wno-DECLFILENAME', '--top-module', design.top];
    const printed = await runTool('verilator', [...args, ...design.files.map(({ name }) => name)], {
      directory,
      advice: 'verilator has gone',
    });
    expect(printed).toBe('');
  });
}

// ---------------------------------------------------------------- registers, loops, choices

/** A counter with reset and enable, a register that has neither, and one that has only an enable. */
const registers = defineModule({
  name: 'registers',
  description: 'Every kind of clocked process.',
  parameters: { N: { minimum: 1, maximum: 9, default: 4, description: 'Width of the data' } },
  ports: ({ N }) => ({
    clk: input.unsigned(1, 'Clock'),
    rst: input.unsigned(1, 'Reset'),
    enable: input.unsigned(1, 'Enable'),
    data: input.signed(N, 'Data'),
    count: output.unsigned(N.plus(2), 'Enabled cycles since reset, started at 3, modulo 2^(N+2)'),
    beats: output.unsigned(4, 'Cycles since reset, started at 9'),
    previous: output.signed(N, 'Data of the cycle before'),
    held: output.signed(N.plus(3), 'Data of the last enabled cycle'),
    sign: output.signed(N, 'The least N-bit number after reset, then data'),
  }),
  body: (scope, { clk, rst, enable, data }, { N }) => {
    const count = scope.register('counted', unsigned(N.plus(2)), 3);
    scope.clocked({ clock: clk, reset: rst, enable }, count.becomes(count.addWrap(unsignedLiteral(1))));
    const beats = scope.register('beat', unsigned(4), 9);
    const sign = scope.register('signs', signed(N), -1);
    scope.clocked(
      { clock: clk, reset: rst },
      beats.becomes(beats.addWrap(unsignedLiteral(1))),
      sign.becomes(data),
    );
    const previous = scope.register('one_ago', signed(N));
    scope.clocked({ clock: clk }, previous.becomes(data));
    const held = scope.register('kept', signed(N.plus(3)));
    scope.clocked({ clock: clk, enable }, held.becomes(data));
    return { count, beats, previous, held, sign };
  },
});

/** A running sum that counts up, a running maximum that counts down, both through a family. */
const loops = defineModule({
  name: 'loops',
  description: 'Families, choices and packs.',
  parameters: { N: { minimum: 1, maximum: 9, default: 4, description: 'Elements' } },
  ports: ({ N }) => ({
    values: input.unsigned(N.times(5), 'N numbers of 5 signed bits'),
    total: output.signed(clog2(N).plus(5), 'Their sum'),
    sums: output.unsigned(N.times(clog2(N).plus(5)), 'Sums of the first 1, 2, ... N'),
    greatest: output.unsigned(N.times(5), 'Maxima of the last N, N-1, ... 1'),
    many: output.unsigned(1, 'N is at least 4'),
    size: output.unsigned(3, '5 where N is 5, else 4 from 7 on, 1 from 4 on, 2 below'),
    exact: output.unsigned(4, 'N where N is 5, else 0'),
    square: output.unsigned(6, 'N^2 modulo 64'),
    marks: output.unsigned(N, 'Elements whose neighbours differ in sign; the first has none'),
  }),
  body: (scope, { values }, { N }) => {
    const width = scope.localParameter('WIDTH', clog2(N).plus(5));
    const last = N.minus(1);
    const sums = scope.family(
      'prefix',
      { genvar: 'i', first: 0, last },
      () => ({ sum: signed(width) }),
      (block, i, family) => {
        const value = block.wire('value', values.element(i, 5).asSigned());
        return {
          sum: block.choose(
            'sum',
            signed(width),
            i.lessThan(1),
            { label: 'start', describe: () => value },
            { label: 'more', describe: () => family.at(i.minus(1)).sum.addWrap(value) },
          ),
        };
      },
    );
    const maxima = scope.family(
      'suffix',
      { genvar: 'i', first: last, last: 0 },
      () => ({ most: signed(5) }),
      (block, i, family) => {
        const value = block.wire('value', values.element(i, 5).asSigned());
        return {
          most: block.choose(
            'greater',
            signed(5),
            i.atLeast(last),
            { label: 'at_last', describe: () => value },
            {
              label: 'inner',
              describe: (inner) => {
                const next = inner.wire('next', family.at(i.plus(1)).most);
                return next.greaterThan(value).select(next, value);
              },
            },
          ),
        };
      },
    );
    const constantOf = (value: number) => () => unsignedLiteral(value);
    return {
      total: sums.at(last).sum,
      sums: scope.pack('all_sums', { genvar: 'j', count: N, width }, (j) => sums.at(j).sum.asUnsigned()),
      greatest: scope.pack('most', { genvar: 'j', count: N, width: 5 }, (j) =>
        maxima.at(j).most.asUnsigned(),
      ),
      many: scope.choose(
        'is_many',
        unsigned(1),
        N.atLeast(4),
        { label: 'four', describe: constantOf(1) },
        { label: 'fewer', describe: constantOf(0) },
      ),
      size: scope.chooseFirst(
        'rank',
        unsigned(3),
        [
          { condition: N.equals(5), label: 'odd_one', describe: constantOf(5) },
          { condition: N.atLeast(7), label: 'many_more', describe: constantOf(4) },
          // From 1 to 3 bits only where no case before holds.
          { condition: N.atLeast(4), label: 'middling', describe: () => unsignedLiteral(1, N.minus(3)) },
        ],
        { label: 'few', describe: constantOf(2) },
      ),
      exact: scope.choose(
        'is_five',
        unsigned(4),
        N.equals(5),
        { label: 'five', describe: constantOf(5) },
        { label: 'other', describe: constantOf(0) },
      ),
      square: scope.constant('SQUARE', N.times(N), 6),
      marks: scope.pack('marked', { genvar: 'k', count: N, width: 1 }, (k) =>
        values.bit(k.times(5).plus(4)).xor(values.bit(4)),
      ),
    };
  },
});

/** Instances whose parameters depend on the parameters around them, in a loop. */
const nested = defineModule({
  name: 'nested',
  description: 'Instances inside a loop.',
  parameters: { N: { minimum: 2, maximum: 5, default: 3, description: 'Instances' } },
  ports: ({ N }) => ({
    values: input.unsigned(N.times(N.plus(1)).times(5), 'N groups of N+1 numbers'),
    totals: output.unsigned(N.times(8), 'Sums of the groups, signed'),
    swapped: output.unsigned(N.times(8), 'The same, groups in reverse'),
  }),
  body: (scope, { values }, { N }) => {
    const group = N.plus(1).times(5);
    const totals = scope.family(
      'group',
      { genvar: 'g', first: 0, last: N.minus(1) },
      () => ({ sum: signed(8) }),
      (block, g) => {
        const { total } = block.instance(
          'adder',
          loops,
          { N: N.plus(1) },
          { values: values.element(g, group) },
        );
        return { sum: total };
      },
    );
    const at = (family: typeof totals) => (j: Parameters<typeof family.at>[0]) =>
      family.at(j).sum.asUnsigned();
    const reversed = scope.family(
      'reverse',
      { genvar: 'g', first: 0, last: N.minus(1) },
      () => ({ both: unsigned(16), sum: signed(8) }),
      (block, g) => {
        const mine = totals.at(N.minus(1).minus(g)).sum;
        const both = block.wire('both', concat(mine, totals.at(g).sum));
        return { both, sum: both.slice(8, 8).asSigned() };
      },
    );
    return {
      totals: scope.pack('all', { genvar: 'j', count: N, width: 8 }, at(totals)),
      swapped: scope.pack('all_swapped', { genvar: 'j', count: N, width: 8 }, (j) =>
        reversed.at(j).sum.asUnsigned(),
      ),
    };
  },
});

/** Bounds that a double does not hold. */
const wide = defineModule({
  name: 'wide',
  description: 'Saturation to many bits.',
  parameters: {},
  ports: () => ({
    value: input.signed(70, 'Any number'),
    to55: output.signed(55, 'The nearest of 55 bits'),
    to64: output.signed(64, 'The nearest of 64 bits'),
  }),
  body: (_, { value }) => ({ to55: value.saturate(55), to64: value.saturate(64) }),
});

const described = benchOf(
  [
    { module: wide, parameters: [{}] },
    { module: registers, parameters: [{ N: 1 }, { N: 4 }, { N: 9 }] },
    { module: loops, parameters: [{ N: 1 }, { N: 2 }, { N: 4 }, { N: 5 }, { N: 6 }, { N: 9 }] },
    { module: nested, parameters: [{ N: 2 }, { N: 3 }, { N: 5 }] },
  ],
  { clock: 'clk' },
);

type Expected = Readonly<Record<string, bigint | undefined>>;

/** Row by row; `undefined` before anything has given a register its value. */
function registersModel(n: number, rows: readonly Values[]): readonly Expected[] {
  let state: Record<'count' | 'beats' | 'previous' | 'held' | 'sign', bigint | undefined> = {
    count: undefined,
    beats: undefined,
    previous: undefined,
    held: undefined,
    sign: undefined,
  };
  return rows.map(({ rst, enable, data }) => {
    const shown = state;
    const counted = shown.count === undefined ? undefined : (shown.count + 1n) % 2n ** BigInt(n + 2);
    const beaten = shown.beats === undefined ? undefined : (shown.beats + 1n) % 16n;
    state = {
      count: rst === 1n ? 3n : enable === 1n ? counted : shown.count,
      beats: rst === 1n ? 9n : beaten,
      previous: data,
      held: enable === 1n ? data : shown.held,
      sign: rst === 1n ? -1n : data,
    };
    return shown;
  });
}

const digits = (value: bigint, count: number, bits: number): readonly bigint[] =>
  Array.from({ length: count }, (_, i) => BigInt.asIntN(bits, value >> BigInt(i * bits)));
const joined = (values: readonly bigint[], bits: number): bigint =>
  values.reduceRight((sum, value) => (sum << BigInt(bits)) | BigInt.asUintN(bits, value), 0n);
const sum = (values: readonly bigint[]): bigint => values.reduce((a, b) => a + b, 0n);

function loopsModel(n: number, { values = 0n }: Values): Expected {
  const elements = digits(values, n, 5);
  const bits = [5, 5, 6, 7, 7, 8, 8, 8, 8, 9][n] ?? 0;
  return {
    total: sum(elements),
    sums: joined(
      elements.map((_, i) => sum(elements.slice(0, i + 1))),
      bits,
    ),
    greatest: joined(
      elements.map((_, i) => elements.slice(i).reduce((a, b) => (a > b ? a : b))),
      5,
    ),
    many: n >= 4 ? 1n : 0n,
    size: n === 5 ? 5n : n >= 7 ? 4n : n >= 4 ? 1n : 2n,
    exact: n === 5 ? 5n : 0n,
    square: BigInt((n * n) % 64),
    marks: joined(
      elements.map((element) => (element < 0n !== (elements[0] ?? 0n) < 0n ? 1n : 0n)),
      1,
    ),
  };
}

function nestedModel(n: number, { values = 0n }: Values): Expected {
  const groups = Array.from({ length: n }, (_, g) =>
    sum(digits(values >> BigInt(g * (n + 1) * 5), n + 1, 5)),
  );
  return { totals: joined(groups, 8), swapped: joined(groups.toReversed(), 8) };
}

function wideModel({ value = 0n }: Values): Expected {
  const nearest = (bits: bigint) => {
    const end = 2n ** (bits - 1n);
    return value < -end ? -end : value >= end ? end - 1n : value;
  };
  return { to55: nearest(55n), to64: nearest(64n) };
}

function expectedRows(
  { module, parameters: { N = 0 } }: Instance,
  rows: readonly Values[],
): readonly Expected[] {
  if (module === registers) return registersModel(N, rows);
  if (module === wide) return rows.map(wideModel);
  return rows.map((row) => (module === nested ? nestedModel(N, row) : loopsModel(N, row)));
}

async function checkDescribed(simulator: SimulatorName): Promise<void> {
  const inputs = inputsOf(described, SEEDS.stimulus);
  const results = await simulate(createSimulator(simulator), described, inputs);
  const compared = new Map<string, number>();
  for (const [instance, rows] of results) {
    for (const [row, expected] of expectedRows(instance, inputs.get(instance) ?? []).entries()) {
      for (const [name, value] of Object.entries(expected)) {
        // cxxrtl and Verilator start from zero: nothing is promised there before the first value.
        if (value === undefined) continue;
        const port = `${instance.name}.${name}`;
        compared.set(port, (compared.get(port) ?? 0) + 1);
        const place = `${port}, row ${row}, seed ${SEEDS.stimulus}`;
        expect(`${place}: ${rows[row]?.[name]}`).toBe(`${place}: ${value}`);
      }
    }
  }
  for (const { name, ports } of described.instances) {
    for (const port of ports.filter(({ direction }) => direction === 'output')) {
      expect(compared.get(`${name}.${port.name}`), `${name}.${port.name}`).toBeGreaterThan(ROWS / 2);
    }
  }
}

describe('registers, families, choices, packs and instances, at other parameters than the defaults', () => {
  test('cxxrtl computes what the models of this file say', () => checkDescribed('cxxrtl'));
  testWith('iverilog', 'Icarus agrees, and knows every value', () => checkDescribed('icarus'));
  testWith('verilator', 'Verilator agrees', () => checkDescribed('verilator'), LONG);
  testWith('verilator', 'verilator --lint-only -Wall is silent', () => lintBench(described));
});

test('the oracle of this file is independent: it imports nothing that prints or elaborates', () => {
  const text = readFileSync(new URL('random-expressions.ts', import.meta.url), 'utf8');
  expect(text).not.toMatch(/hdl-gen\/verilog|printExpression/);
});
