import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  countRows,
  createRows,
  createSimulator,
  type Design,
  fieldOf,
  getField,
  getNumber,
  inputLayout,
  outputLayout,
  type Port,
  type Response,
  SimulatorError,
  type SimulatorName,
  setField,
  simulatorNames,
} from '../../sim/simulators/index.ts';
import { LONG } from '../support/long.ts';

// ---------------------------------------------------------------- designs, each with a model of its own

type Values = Readonly<Record<string, bigint>>;

interface Example {
  readonly design: Design;
  /** A fresh instance: takes the inputs of a row, returns its outputs, and then has seen the clock's edge. */
  readonly model: () => (inputs: Values) => Values;
}

const input = (name: string, width: number, signed = false): Port => ({
  name,
  direction: 'input',
  signed,
  width,
});
const output = (name: string, width: number, signed = false): Port => ({
  name,
  direction: 'output',
  signed,
  width,
});

const arithmetic: Example = {
  design: {
    top: 'arithmetic',
    files: [
      {
        name: 'rtl/arithmetic.v',
        text: `module arithmetic (
          input signed [36:0] a, input signed [36:0] b, input [5:0] shift,
          output signed [37:0] sum, output signed [73:0] product, output signed [36:0] shifted, output less
        );
          wire signed [73:0] raw_product = a * b;
          assign sum = a + b;
          assign product = raw_product;
          assign shifted = a >>> shift;
          assign less = a < b;
        endmodule`,
      },
    ],
    ports: [
      ...[input('a', 37, true), input('b', 37, true), input('shift', 6)],
      ...[output('sum', 38, true), output('product', 74, true), output('shifted', 37, true)],
      output('less', 1),
    ],
  },
  model:
    () =>
    ({ a = 0n, b = 0n, shift = 0n }) => ({
      sum: a + b,
      product: a * b,
      shifted: a >> shift,
      less: a < b ? 1n : 0n,
    }),
};

const accumulator: Example = {
  design: {
    top: 'accumulator',
    clock: 'clk',
    files: [
      {
        name: 'accumulator.v',
        text: `module accumulator (
          input clk, input rst, input en, input signed [7:0] x__in,
          output reg signed [31:0] acc, output signed [31:0] preview, output [3:0] \\count 
        );
          reg [3:0] edges = 4'd9;
          assign preview = acc + x__in;
          assign count = edges;
          always @(posedge clk) begin
            edges <= edges + 4'd1;
            if (rst) acc <= 0;
            else if (en) acc <= preview;
          end
        endmodule`,
      },
    ],
    ports: [
      ...[input('clk', 1), input('rst', 1), input('en', 1), input('x__in', 8, true)],
      ...[output('acc', 32, true), output('preview', 32, true), output('count', 4)],
    ],
  },
  model: () => {
    let acc = 0n;
    let count = 9n;
    return ({ rst, en, x__in: x = 0n }) => {
      const preview = BigInt.asIntN(32, acc + x);
      const outputs = { acc, preview, count };
      if (rst) acc = 0n;
      else if (en) acc = preview;
      count = (count + 1n) & 15n;
      return outputs;
    };
  },
};

/** A row of processing elements that pass their inputs on, as in a systolic array. */
const systolic: Example = {
  design: {
    top: 'systolic',
    clock: 'clk',
    files: [
      {
        name: 'pe.v',
        text: `module pe (
          input clk, input rst, input signed [7:0] x, input signed [7:0] w, input signed [23:0] from,
          output reg signed [7:0] x_next, output reg signed [23:0] to
        );
          wire signed [15:0] product = x * w;
          always @(posedge clk) begin
            x_next <= rst ? 8'sd0 : x;
            to <= rst ? 24'sd0 : from + product;
          end
        endmodule`,
      },
      {
        name: 'systolic.v',
        text: `module systolic (
          input clk, input rst, input signed [7:0] x, input [31:0] w,
          output signed [23:0] sum, output signed [7:0] x_out, output [95:0] partial
        );
          wire signed [23:0] chain [0:4];
          wire signed [7:0] xs [0:4];
          assign chain[0] = 24'sd0;
          assign xs[0] = x;
          genvar i;
          generate
            for (i = 0; i < 4; i = i + 1) begin : column
              pe u_pe (.clk(clk), .rst(rst), .x(xs[i]), .w(w[8*i +: 8]), .from(chain[i]),
                       .x_next(xs[i + 1]), .to(chain[i + 1]));
              assign partial[24*i +: 24] = chain[i + 1];
            end
          endgenerate
          assign sum = chain[4];
          assign x_out = xs[4];
        endmodule`,
      },
    ],
    ports: [
      ...[input('clk', 1), input('rst', 1), input('x', 8, true), input('w', 32)],
      ...[output('sum', 24, true), output('x_out', 8, true), output('partial', 96)],
    ],
  },
  model: () => {
    let xs = [0n, 0n, 0n, 0n];
    let sums = [0n, 0n, 0n, 0n];
    return ({ rst, x = 0n, w = 0n }) => {
      const partial = sums.reduceRight((packed, sum) => (packed << 24n) | BigInt.asUintN(24, sum), 0n);
      const outputs = { sum: sums[3] ?? 0n, x_out: xs[3] ?? 0n, partial };
      const arriving = [x, ...xs];
      const above = [0n, ...sums];
      const weight = (i: number) => BigInt.asIntN(8, w >> BigInt(8 * i));
      sums = sums.map((_, i) =>
        rst ? 0n : BigInt.asIntN(24, (above[i] ?? 0n) + (arriving[i] ?? 0n) * weight(i)),
      );
      xs = xs.map((_, i) => (rst ? 0n : (arriving[i] ?? 0n)));
      return outputs;
    };
  },
};

/** Registers after registers, some driving outputs directly, one of them fed by an output. */
const chain: Example = {
  design: {
    top: 'chain',
    clock: 'clk',
    files: [
      {
        name: 'chain.v',
        text: `module chain (input clk, input rst, input [64:0] d,
          output reg [64:0] first, output [64:0] last, output parity, output reg was_odd);
          reg [64:0] second, third;
          assign last = third;
          assign parity = ^(first ^ d);
          always @(posedge clk) begin
            third <= rst ? 65'd0 : second;
            second <= rst ? 65'd0 : first;
            first <= rst ? 65'd0 : d;
          end
          always @(posedge clk) was_odd <= rst ? 1'b0 : parity;
        endmodule`,
      },
    ],
    ports: [
      ...[input('clk', 1), input('rst', 1), input('d', 65)],
      ...[output('first', 65), output('last', 65), output('parity', 1), output('was_odd', 1)],
    ],
  },
  model: () => {
    let [first, second, last, wasOdd] = [0n, 0n, 0n, 0n];
    return ({ rst, d = 0n }) => {
      const parity = BigInt([...(first ^ d).toString(2)].filter((bit) => bit === '1').length % 2);
      const outputs = { first, last, parity, was_odd: wasOdd };
      [first, second, last, wasOdd] = rst ? [0n, 0n, 0n, 0n] : [d, first, second, parity];
      return outputs;
    };
  },
};

/** What a single evaluation would get wrong: a reset and a latch that don't wait for the clock, the clock as data. */
const asynchronous: Example = {
  design: {
    top: 'asynchronous',
    clock: 'clk',
    files: [
      {
        name: 'asynchronous.v',
        text: `module asynchronous (input clk, input rst, input open, input [7:0] d,
          output reg [7:0] q, output [7:0] next, output reg [7:0] latch, output level);
          assign next = q + latch;
          assign level = clk;
          always @(posedge clk or posedge rst) if (rst) q <= 0; else q <= next;
          always @* if (rst | open) latch = d;
        endmodule`,
      },
    ],
    ports: [
      ...[input('clk', 1), input('rst', 1), input('open', 1), input('d', 8)],
      ...[output('q', 8), output('next', 8), output('latch', 8), output('level', 1)],
    ],
  },
  model: () => {
    let [q, latch] = [0n, 0n];
    return ({ rst, open, d = 0n }) => {
      if (rst) q = 0n;
      if (rst || open) latch = d;
      const next = (q + latch) & 255n;
      const outputs = { q, next, latch, level: 0n };
      if (!rst) q = next;
      return outputs;
    };
  },
};

/** A memory, for which cxxrtl needs the whole of its runtime, and a division. */
const memory: Example = {
  design: {
    top: 'memory',
    clock: 'clk',
    files: [
      {
        name: 'memory.v',
        text: `module memory (input clk, input rst, input write, input [3:0] address, input [39:0] data,
          output [39:0] value, output [39:0] quotient);
          reg [39:0] words [0:15];
          integer i;
          assign value = words[address];
          assign quotient = data / {36'd0, address | 4'd1};
          always @(posedge clk) begin
            if (rst) for (i = 0; i < 16; i = i + 1) words[i] <= 0;
            else if (write) words[address] <= data;
          end
        endmodule`,
      },
    ],
    ports: [
      ...[input('clk', 1), input('rst', 1), input('write', 1), input('address', 4), input('data', 40)],
      ...[output('value', 40), output('quotient', 40)],
    ],
  },
  model: () => {
    const words = new Map<bigint, bigint>();
    return ({ rst, write, address = 0n, data = 0n }) => {
      const outputs = { value: words.get(address) ?? 0n, quotient: data / (address | 1n) };
      if (rst) words.clear();
      else if (write) words.set(address, data);
      return outputs;
    };
  },
};

/** A result of which some bits go nowhere. */
const gaps: Example = {
  design: {
    top: 'gaps',
    files: [
      {
        name: 'gaps.v',
        text: `module gaps (input [3:0] a, input [3:0] b, output [1:0] even);
          wire low, high;
          assign {high, even[1], low, even[0]} = a ^ b;
        endmodule`,
      },
    ],
    ports: [input('a', 4), input('b', 4), output('even', 2)],
  },
  model:
    () =>
    ({ a = 0n, b = 0n }) => {
      const sum = a ^ b;
      return { even: ((sum >> 1n) & 2n) | (sum & 1n) };
    },
};

const examples = [arithmetic, gaps, accumulator, systolic, chain, asynchronous, memory];

// ---------------------------------------------------------------- stimuli and expectations

/** Uniform random 32-bit words from a fixed seed (mulberry32). */
function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

/** Random rows with an occasional reset, the first row among them, and words above the ports' widths clear. */
function randomStimulus(design: Design, rows: number): Uint32Array {
  const layout = inputLayout(design);
  const stimulus = createRows(layout, rows);
  const word = randomWords(rows);
  for (let row = 0; row < rows; row++) {
    for (const field of layout.fields) {
      const isReset = field.port.name === 'rst';
      let bits = 0n;
      for (let i = 0; i < field.words; i++) bits = (bits << 32n) | BigInt(word());
      if (isReset) bits = row === 0 || bits % 32n === 0n ? 1n : 0n;
      const value = (field.port.signed ? BigInt.asIntN : BigInt.asUintN)(field.port.width, bits);
      setField(layout, stimulus, row, field, value);
    }
  }
  return stimulus;
}

function expectedOutputs({ design, model }: Example, stimulus: Uint32Array): Uint32Array {
  const inputs = inputLayout(design);
  const outputs = outputLayout(design);
  const rows = countRows(inputs, stimulus);
  const expected = createRows(outputs, rows);
  const step = model();
  for (let row = 0; row < rows; row++) {
    const values = Object.fromEntries(
      inputs.fields.map((field) => [field.port.name, getField(inputs, stimulus, row, field)]),
    );
    const results = step(values);
    for (const field of outputs.fields) {
      setField(outputs, expected, row, field, results[field.port.name] ?? 0n);
    }
  }
  return expected;
}

/** The first disagreement in words that a person can use, or undefined. */
function firstDifference(design: Design, response: Response, expected: Uint32Array): string | undefined {
  const layout = outputLayout(design);
  if (response.outputs.length !== expected.length) return `${response.outputs.length} words of outputs`;
  const at = expected.findIndex((word, i) => {
    const known = ~(response.unknown?.[i] ?? 0);
    return (((response.outputs[i] ?? 0) ^ word) & known) !== 0;
  });
  if (at < 0) return undefined;
  const row = Math.floor(at / layout.words);
  const field = layout.fields.findLast(({ offset }) => offset <= at % layout.words);
  if (field === undefined) return `word ${at}`;
  const [got, want] = [response.outputs, expected].map((rows) => getField(layout, rows, row, field));
  return `row ${row}: ${field.port.name} is ${got}, should be ${want}`;
}

// ---------------------------------------------------------------- tests

const programs: Readonly<Record<SimulatorName, string | undefined>> = {
  cxxrtl: undefined,
  verilator: 'verilator',
  icarus: 'iverilog',
};

/** The program that a simulator would need and that is not installed. */
function missingProgram(name: SimulatorName): string | undefined {
  const program = programs[name];
  return program === undefined || spawnSync(program, ['-V']).error === undefined ? undefined : program;
}

let cacheDirectory: string;
/** Of this file alone, so that what the simulators leave there can be told from what others do. */
let temporary: string;

beforeAll(async () => {
  const home = await mkdtemp(join(tmpdir(), 'simulators-test-'));
  cacheDirectory = join(home, 'cache');
  temporary = join(home, 'temporary');
  await mkdir(temporary);
  vi.stubEnv('TMPDIR', temporary);
});

afterAll(async () => {
  await rm(join(temporary, '..'), { recursive: true, force: true });
  vi.unstubAllEnvs();
});

describe.each(simulatorNames)('%s', (name) => {
  const missing = missingProgram(name);
  const title = (text: string) =>
    missing === undefined ? text : `${text} (skipped: ${missing} is not on the PATH)`;
  const native = test.skipIf(missing !== undefined);
  // Clang takes its time on the C++ of Verilator, and on memories.
  const lengthOf = (top: string) => (name === 'verilator' || top === 'memory' ? LONG : {});

  describe.each(examples.map((example) => ({ example, top: example.design.top })))(
    '$top',
    ({ example, top }) => {
      native(title('equals the model'), lengthOf(top), async () => {
        const { design } = example;
        const compiled = await createSimulator(name, { cacheDirectory }).compile(design);
        // More rows than a block of any simulator for one word of input and output, so that state crosses blocks.
        const stimulus = randomStimulus(design, name === 'icarus' ? 3000 : 12_000);
        const expected = expectedOutputs(example, stimulus);
        const response = await compiled.run(stimulus);
        expect(firstDifference(design, response, expected)).toBeUndefined();
        // Every register is reset by the edge of row 0.
        expect(response.unknown?.subarray(outputLayout(design).words).some((mask) => mask !== 0)).not.toBe(
          true,
        );
        // The second run starts from power-up again, and bits above the ports' widths do not matter.
        const again = await compiled.run(stimulus);
        expect(firstDifference(design, again, expected)).toBeUndefined();
        expect((await compiled.run(new Uint32Array())).outputs).toEqual(new Uint32Array());
        await compiled.dispose();
      });
    },
  );

  native(title('takes no notice of bits above a port'), lengthOf('accumulator'), async () => {
    const { design } = accumulator;
    const compiled = await createSimulator(name, { cacheDirectory }).compile(design);
    const stimulus = randomStimulus(design, 64);
    const noisy = stimulus.map((word, i) => (i % 3 < 2 ? word | 0xffff_fff0 : word | 0xffff_ff00));
    expect(await compiled.run(noisy)).toEqual(await compiled.run(stimulus));
    await expect(compiled.run(stimulus.subarray(1))).rejects.toThrow(
      '191 words are not a whole number of rows',
    );
    await compiled.dispose();
  });

  native(title('shows the hierarchy in a waveform'), lengthOf('systolic'), async () => {
    const { design } = systolic;
    const compiled = await createSimulator(name, { cacheDirectory }).compile(design);
    const stimulus = randomStimulus(design, 20);
    const waveform = parseVcd(await compiled.waveform(stimulus));
    const expected = expectedOutputs(systolic, stimulus);
    const layout = outputLayout(design);
    const partial = fieldOf(layout, 'partial');
    for (let row = 1; row < 20; row++) {
      const settled = 10 * row + 9;
      const packed = getField(layout, expected, row, partial);
      expect(waveform.valueAt('column[2].u_pe.to', settled)).toBe((packed >> 48n) & 0xff_ffffn);
      const x = getField(inputLayout(design), stimulus, row, fieldOf(inputLayout(design), 'x'));
      expect(waveform.valueAt('column[0].u_pe.x', settled)).toBe(BigInt.asUintN(8, x));
      expect(waveform.valueAt('column[3].u_pe.clk', settled)).toBe(0n);
      expect(waveform.valueAt('clk', 10 * row + 2)).toBe(1n);
    }
    await compiled.dispose();
  });

  native(title("fails in the tool's own words, and leaves no files behind"), async () => {
    const broken = {
      ...chain.design,
      files: [{ name: 'rtl/broken.v', text: 'module chain (\n  input clk\n  oops' }],
    };
    const failure = createSimulator(name, { cacheDirectory }).compile(broken);
    await expect(failure).rejects.toThrow(SimulatorError);
    await expect(failure).rejects.toThrow(/failed[\s\S]*broken\.v:3[\s\S]*error/i);
    expect(await readdir(temporary)).toEqual([]);
  });
});

describe.each(['verilator', 'icarus'] as const)('%s', (name) => {
  test('says what to do when it is not installed', async () => {
    const { PATH } = process.env;
    vi.stubEnv('PATH', '/nowhere');
    const failure = createSimulator(name, { cacheDirectory }).compile(chain.design);
    const message = await failure.catch(String).finally(() => vi.stubEnv('PATH', PATH));
    expect(message).toMatch(
      new RegExp(`: ${programs[name]} is not on the PATH: install .*, or use the simulator 'cxxrtl'`),
    );
  });
});

describe('cxxrtl', () => {
  const simulator = createSimulator('cxxrtl', { cacheDirectory: false });

  test('refuses clocks that it would miss', async () => {
    const text = `module chain (input clk, output reg slow);
      reg half; always @(posedge clk) half <= !half; always @(posedge half) slow <= !slow; endmodule`;
    const design = {
      top: 'chain',
      clock: 'clk',
      files: [{ name: 'divider.v', text }],
      ports: [input('clk', 1), output('slow', 1)],
    };
    await expect(simulator.compile(design)).rejects.toThrow('takes its clock from logic inside');
  });

  test('says where a loop does not come to rest', async () => {
    const text = 'module ring (input run, output a); wire b = ~(a & run); assign a = b; endmodule';
    const ports = [input('run', 1), output('a', 1)];
    const compiled = await simulator.compile({ top: 'ring', files: [{ name: 'ring.v', text }], ports });
    expect((await compiled.run(new Uint32Array([0, 0]))).outputs).toEqual(new Uint32Array([1, 1]));
    await expect(compiled.run(new Uint32Array([0, 0, 1]))).rejects.toThrow('come to rest in row 2');
  });
});

/** A reader of its own, so that the one format serves as a check of the three writers. */
function parseVcd(text: string): { valueAt(path: string, time: number): bigint | undefined } {
  const codes = new Map<string, string>();
  const changes = new Map<string, { time: number; value: string }[]>();
  const scopes: string[] = [];
  let time = 0;
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    const [keyword = '', , third = '', code = '', name = ''] = line.split(/\s+/);
    if (keyword === '$scope') scopes.push(third);
    if (keyword === '$upscope') scopes.pop();
    if (keyword === '$var') codes.set([...scopes, name].join('.'), code);
    if (keyword.startsWith('#')) time = Number(keyword.slice(1));
    const change = /^b([01xz]+) (\S+)$/.exec(line) ?? /^([01xz])(\S+)$/.exec(line);
    if (change === null) continue;
    const [, value = '', of = ''] = change;
    changes.set(of, [...(changes.get(of) ?? []), { time, value }]);
  }
  return {
    valueAt(path, at) {
      const full = [...codes.keys()].find((key) => key.endsWith(`systolic.${path}`));
      const value = changes.get(codes.get(full ?? '') ?? '')?.findLast((change) => change.time <= at)?.value;
      return value === undefined || /[xz]/.test(value) ? undefined : BigInt(`0b${value}`);
    },
  };
}

describe('a design that contradicts itself', () => {
  const simulator = createSimulator('cxxrtl', { cacheDirectory: false });
  const { design } = accumulator;
  const port = (name: string, change: Partial<Port>) =>
    design.ports.map((candidate) => (candidate.name === name ? { ...candidate, ...change } : candidate));

  test.each([
    ["output 'acc' of 32 bits, the design says output 'acc' of 31", { ports: port('acc', { width: 31 }) }],
    ["input 'en' of 1 bit, the design says", { ports: port('en', { direction: 'output' as const }) }],
    ["the Verilog has no port 'extra'", { ports: [...design.ports, input('extra', 2)] }],
    ["does not list port 'en'", { ports: design.ports.filter(({ name }) => name !== 'en') }],
    ["clock 'x__in' is not a one-bit input", { clock: 'x__in' }],
    ["Module `nothing' not found", { top: 'nothing' }],
    ['there are no source files', { files: [] }],
    ["'../escape.v' is not a relative path", { files: [{ name: '../escape.v', text: '' }] }],
    ["port 'a c' is not a plain Verilog identifier", { ports: port('acc', { name: 'a c' }) }],
    ["port 'preview' is listed twice", { ports: port('acc', { name: 'preview' }) }],
    ["port 'acc' has a width of 0 bits", { ports: port('acc', { width: 0 }) }],
    ['there are no outputs to observe', { ports: design.ports.slice(0, 4) }],
  ])('%s', async (message, change) => {
    const failure = simulator.compile({ ...design, ...change });
    await expect(failure).rejects.toThrow(SimulatorError);
    await expect(failure).rejects.toThrow(message);
  });
});

describe('rows', () => {
  const ports = [input('clk', 1), input('a', 37, true), input('b', 32), output('y', 1), input('c', 65)];
  const layout = inputLayout({ top: 'top', files: [], ports, clock: 'clk' });

  test('a port takes whole words, in port order, without the clock', () => {
    expect(layout.fields.map(({ port, offset, words }) => [port.name, offset, words])).toEqual([
      ['a', 0, 2],
      ['b', 2, 1],
      ['c', 3, 3],
    ]);
    expect(layout.words).toBe(6);
    expect(inputLayout({ top: 'top', files: [], ports: [input('clk', 1)], clock: 'clk' }).words).toBe(1);
  });

  test('values come back as they went in, and leave their neighbours alone', () => {
    const values = fc.tuple(
      fc.bigInt({ min: -(2n ** 36n), max: 2n ** 36n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 65n - 1n }),
    );
    fc.assert(
      fc.property(values, fc.constantFrom(0, 1, 2), (row, at) => {
        const rows = createRows(layout, 3);
        layout.fields.forEach((field, i) => {
          setField(layout, rows, at, field, row[i] ?? 0n);
        });
        expect(layout.fields.map((field) => getField(layout, rows, at, field))).toEqual(row);
        expect(getNumber(layout, rows, at, fieldOf(layout, 'b'))).toBe(Number(row[1]));
        expect(rows.every((word, i) => word === 0 || Math.floor(i / layout.words) === at)).toBe(true);
        expect(rows[at * layout.words + 1] ?? 0).toBeLessThan(32);
      }),
    );
  });

  test('narrow signed ports read as negative numbers', () => {
    const narrow = inputLayout({ top: 'top', files: [], ports: [input('s', 8, true)] });
    const rows = createRows(narrow, 1);
    setField(narrow, rows, 0, fieldOf(narrow, 's'), -128);
    expect(rows[0]).toBe(128);
    expect(getNumber(narrow, rows, 0, fieldOf(narrow, 's'))).toBe(-128);
  });

  test('what does not fit is refused', () => {
    const rows = createRows(layout, 1);
    expect(() => setField(layout, rows, 0, fieldOf(layout, 'b'), -1)).toThrow(
      '-1 does not fit into b, 32 unsigned bits',
    );
    expect(() => getNumber(layout, rows, 0, fieldOf(layout, 'a'))).toThrow(
      'a has 37 bits: read it with getField',
    );
    expect(() => fieldOf(layout, 'z')).toThrow("no port 'z' in a row of: a, b, c");
  });
});

describe('the cache', () => {
  test.each(['cxxrtl', 'verilator'] as const)('%s compiles a design once', LONG, async (name) => {
    if (missingProgram(name) !== undefined) return;
    const stages: string[] = [];
    const onStage = (stage: string) => stages.push(stage);
    const first = await createSimulator(name, { cacheDirectory }).compile(chain.design);
    const second = await createSimulator(name, { cacheDirectory, onStage }).compile(chain.design);
    expect(stages).toEqual([]);
    const stimulus = randomStimulus(chain.design, 10);
    expect(await second.run(stimulus)).toEqual(await first.run(stimulus));
    await Promise.all([first.dispose(), second.dispose()]);
  });

  test('a damaged entry is built anew', async () => {
    const directory = join(cacheDirectory, 'damaged');
    const stages: string[] = [];
    const onStage = (stage: string) => stages.push(stage);
    const simulator = createSimulator('cxxrtl', { cacheDirectory: directory, onStage });
    await simulator.compile(arithmetic.design);
    expect(stages).toEqual(['yosys', 'clang']);
    const [name = ''] = await readdir(directory);
    const whole = await readFile(join(directory, name));
    await writeFile(
      join(directory, name),
      whole.map((byte, i) => (i === whole.length >> 1 ? byte ^ 1 : byte)),
    );
    await simulator.compile(arithmetic.design);
    expect(stages).toEqual(['yosys', 'clang', 'yosys', 'clang']);
    expect(await readdir(directory)).toEqual([name]);
    expect(await readFile(join(directory, name))).toEqual(whole);
  });
});

// The child imports a TypeScript file.
test.skipIf(!process.features.typescript)('an interrupt ends the tools and removes their files', async () => {
  const processes = new URL('../../sim/simulators/processes.ts', import.meta.url);
  const script = `
    import { runTool, withDirectory } from ${JSON.stringify(processes.href)};
    await withDirectory(async (directory) => {
      const running = runTool('sh', ['-c', 'sleep 60 & echo $! > pid; wait'], { directory, advice: '' });
      setTimeout(() => console.log(directory), 500);
      await running;
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  const directory = chunk.toString().trim();
  const sleeper = Number(await readFile(join(directory, 'pid'), 'utf8'));
  expect(() => process.kill(sleeper, 0)).not.toThrow();
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([null, 'SIGINT']);
  await expect.poll(() => isRunning(sleeper)).toBe(false);
  expect(existsSync(directory)).toBe(false);
});

/** Whether a process still does anything; one that nobody has waited for yet is a zombie, and does not. */
async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ' Z ');
  return !status.includes(' Z ');
}
