/** Factors against exact arithmetic, and exported tables against what LiteRT computes with such multipliers. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { accumulate, maxShift, multiplierFormat, Rational, requantize } from '../../golden/index.ts';
import {
  addFactors,
  channelWeights,
  type FullyConnected,
  isDotProduct,
  type Model,
  ModelError,
  mulFactor,
  namedFactors,
  readModel,
  relativeError,
  rescaleFactors,
  rescaleTable,
  tableFiles,
  weightScale,
} from '../../litert/index.ts';
import { modelFile, REAL_MODELS, readShared, testWithShared } from '../support/shared.ts';
import { testWith } from '../support/tools.ts';
import { buildModel, type TensorSpec } from './build-model.ts';

/** The float32 or double that is nearest to an exact value, found by trying its neighbours. */
function isNearest(value: number, exact: Rational, bits: 24 | 53): boolean {
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const halfStep = Rational.fromNumber(2 ** (exponent - bits + 1)).div(new Rational(2n));
  return Rational.fromNumber(value).sub(exact).abs().compare(halfStep) <= 0;
}

const exactly = Rational.fromNumber;

describe('factors of real models', () => {
  for (const name of REAL_MODELS) {
    testWithShared(modelFile(name), `${name}: rounded as LiteRT rounds, once or twice`, () => {
      for (const operator of readModel(readShared(modelFile(name))).operators) {
        if (isDotProduct(operator)) {
          const { input, weights, output } = operator;
          const perTensor = operator.op === 'FULLY_CONNECTED' && weights.scales.length === 1;
          rescaleFactors(operator).forEach((factor, channel) => {
            const product = exactly(input.scale).mul(exactly(weightScale(weights, channel)));
            // One rounding of the exact quotient, or a float32 product first, which must itself be nearest.
            const single = Math.fround(input.scale * weightScale(weights, channel));
            if (perTensor) expect(isNearest(single, product, 24)).toBe(true);
            const dividend = perTensor ? exactly(single) : product;
            expect(isNearest(factor, dividend.div(exactly(output.scale)), 53)).toBe(true);
          });
        } else if (operator.op === 'ADD') {
          const { left, right, output } = operator;
          const largest = exactly(2 * Math.max(left.scale, right.scale));
          const factors = addFactors(operator);
          expect(isNearest(factors.left, exactly(left.scale).div(largest), 53)).toBe(true);
          expect(isNearest(factors.right, exactly(right.scale).div(largest), 53)).toBe(true);
          expect(isNearest(factors.output, largest.div(exactly(2 ** 20 * output.scale)), 53)).toBe(true);
          expect(Math.max(factors.left, factors.right)).toBe(0.5);
        } else if (operator.op === 'MUL') {
          const factor = mulFactor(operator);
          expect(Math.fround(factor)).toBe(factor);
          const exact = exactly(operator.left.scale)
            .mul(exactly(operator.right.scale))
            .div(exactly(operator.output.scale));
          const error = exactly(factor).sub(exact).div(exact).abs().toNumber();
          expect(error).toBeLessThan(2 ** -23); // two roundings of 2^-24
        } else {
          for (const { factor } of namedFactors(operator)) expect(factor).toBeGreaterThan(0);
        }
      }
    });
  }
});

/** What `$readmemh` makes of a file: words at addresses. */
function readMem(
  files: readonly { readonly name: string; readonly text: string }[],
  name: string,
): readonly bigint[] {
  const text = files.find((file) => file.name === `${name}.mem`)?.text ?? '';
  const words: bigint[] = [];
  let address = 0;
  for (const token of text.replaceAll(/\/\/.*/g, '').split(/\s+/)) {
    if (token.startsWith('@')) address = Number.parseInt(token.slice(1), 16);
    else if (token !== '') words[address++] = BigInt(`0x${token}`);
  }
  return words;
}

const signed = (word: bigint | undefined, bits: number) => Number(BigInt.asIntN(bits, word ?? 0n));

/** Runs a chain of FULLY_CONNECTED with nothing but its weights and the exported memories. */
function runFromMemories(
  model: Model,
  k: number,
  leadingOne: 'explicit' | 'hidden',
  rounding: 'nearest' | 'truncate',
) {
  const format = multiplierFormat(k, { rounding, leadingOne });
  const files = tableFiles(rescaleTable(model, format), 'mem');
  const [multipliers, shifts, biases, zeroPoints, least, greatest] = [
    'multiplier',
    'shift',
    'bias',
    'zero_point',
    'act_min',
    'act_max',
  ].map((name) => readMem(files, name));
  const layers = model.operators.filter(
    (operator): operator is FullyConnected => operator.op === 'FULLY_CONNECTED',
  );
  expect(layers).toHaveLength(model.operators.length);
  return (input: Int8Array): Int8Array => {
    let values = input;
    let address = 0;
    layers.forEach(({ weights }, layer) => {
      values = Int8Array.from({ length: weights.channels }, (_, channel) => {
        const stored = Number(multipliers?.[address + channel] ?? 0n);
        return requantize(
          accumulate(values, channelWeights(weights, channel), signed(biases?.[address + channel], 32)),
          {
            multiplier: leadingOne === 'hidden' ? stored + 2 ** k : stored,
            shift: Number(shifts?.[address + channel] ?? 0n),
            outputZeroPoint: signed(zeroPoints?.[layer], 8),
            activationMin: signed(least?.[layer], 8),
            activationMax: signed(greatest?.[layer], 8),
          },
        );
      });
      address += weights.channels;
    });
    return values;
  };
}

describe('exported memories compute what genuine LiteRT computes with k-bit multipliers', () => {
  const cases = [
    { name: 'hello_world_int8', inputs: 'oracle/hello_world_int8/input.raw', inputSize: 1 },
    { name: 'ad01_autoencoder_int8', inputs: 'data/ad/ad01_196x640_int8.raw', inputSize: 640 },
  ] as const;
  for (const { name, inputs, inputSize } of cases) {
    for (const [k, rounding] of [
      [1, 'nearest'],
      [4, 'nearest'],
      [4, 'truncate'],
      [8, 'truncate'],
      [16, 'nearest'],
    ] as const) {
      const oracle = `oracle/${name}/k${k}_${rounding}.raw`;
      testWithShared([modelFile(name), inputs, oracle], `${name}, k = ${k}, ${rounding}`, () => {
        const model = readModel(readShared(modelFile(name)));
        const expected = new Int8Array(readShared(oracle));
        const samples = new Int8Array(readShared(inputs));
        const outputSize = model.outputs[0]?.size ?? 0;
        const formats = k === 1 ? (['explicit'] as const) : (['explicit', 'hidden'] as const);
        for (const leadingOne of formats) {
          const compute = runFromMemories(model, leadingOne === 'hidden' ? k - 1 : k, leadingOne, rounding);
          const count = expected.length / outputSize;
          expect(count).toBeGreaterThan(10);
          const outputs = Array.from({ length: count }, (_, i) => [
            ...compute(samples.slice(i * inputSize, (i + 1) * inputSize)),
          ]).flat();
          expect(outputs).toEqual([...expected]);
        }
      });
    }
  }
});

/** One FULLY_CONNECTED [1, 2] to [1, 3] with a given M for every channel, bias at its extremes. */
function withFactor(M: number, name = 'result'): Model {
  const tensors: TensorSpec[] = [
    { shape: [1, 2], scales: [1], zeroPoints: [-128] },
    { shape: [3, 2], scales: [M], data: Int8Array.of(127, 127, -128, -128, 0, 1) },
    { shape: [3], type: 2, data: Int32Array.of(2 ** 31 - 1, -(2 ** 31), 0) },
    { name, shape: [1, 3], scales: [1], zeroPoints: [5] },
  ];
  const operator = {
    code: 9,
    optionsType: 8,
    options: [{ slot: 0, int8: 1 }],
    inputs: [0, 1, 2],
    outputs: [3],
  };
  return readModel(buildModel({ tensors, operators: [operator], inputs: [0], outputs: [3] }));
}

describe('the files', () => {
  const table = (M: number, k: number, leadingOne: 'explicit' | 'hidden' = 'explicit') =>
    rescaleTable(withFactor(M, 'a "name",\nof two lines'), multiplierFormat(k, { leadingOne }));

  test("mem: one word a channel, two's complement, as wide as the port", () => {
    const files = tableFiles(table(0.75, 5), 'mem');
    const text = (name: string) => files.find((file) => file.name === name)?.text;
    // 0.75 = 24 * 2^-5; the shift of k = 5 goes to 29, which takes 5 bits. Biases wrap: 127 * 2 * 128 over 2^31 - 1.
    expect(text('multiplier.mem')).toBe(
      '// multiplier m; 5 bits a word, one word an output channel; k = 5, nearest, leading one explicit\n@0 // layer 0: FULLY_CONNECTED, operator 0, 3 channels\n18\n18\n18\n',
    );
    expect(text('shift.mem')?.split('\n').slice(2)).toEqual(['05', '05', '05', '']);
    expect(text('bias.mem')?.split('\n').slice(2)).toEqual(['80007eff', '7fff8000', '00000080', '']);
    expect(text('zero_point.mem')?.split('\n')[1]).toBe('05 // layer 0: FULLY_CONNECTED, operator 0');
    expect(text('act_min.mem')?.split('\n')[1]).toMatch(/^05 /);
    expect(text('act_max.mem')?.split('\n')[1]).toMatch(/^7f /);
    expect(tableFiles(table(0.5, 1), 'mem')[0]?.text).toMatch(/^\/\/ multiplier m; 1 bit a word,/);
  });

  testWith('iverilog', 'mem: $readmemh of a Verilog simulator reads the same words', () => {
    const { layers, format } = table(0.7, 7);
    const folder = mkdtempSync(join(tmpdir(), 'readmemh-test-'));
    try {
      for (const { name, text } of tableFiles({ layers, format }, 'mem'))
        writeFileSync(join(folder, name), text);
      writeFileSync(
        join(folder, 'read.v'),
        [
          'module read;',
          '  reg [6:0] multiplier [0:2]; reg [4:0] shift [0:2]; reg signed [31:0] bias [0:2];',
          '  reg signed [7:0] zero_point [0:0];',
          '  integer i;',
          '  initial begin',
          ...['multiplier', 'shift', 'bias', 'zero_point'].map(
            (name) => `    $readmemh("${name}.mem", ${name});`,
          ),
          '    for (i = 0; i < 3; i = i + 1) $display("%0d %0d %0d", multiplier[i], shift[i], bias[i]);',
          '    $display("%0d", zero_point[0]);',
          '  end',
          'endmodule',
        ].join('\n'),
      );
      execFileSync('iverilog', ['-g2005', '-o', 'read.vvp', 'read.v'], { cwd: folder });
      const printed = execFileSync('vvp', ['read.vvp'], { cwd: folder, encoding: 'utf8' });
      const rows = layers.flatMap(({ channels }) => channels);
      const expected = rows.map(({ quantized, effectiveBias }) =>
        'problem' in quantized ? '' : `${quantized.multiplier} ${quantized.shift} ${effectiveBias}`,
      );
      expect(printed.trimEnd().split('\n')).toEqual([...expected, '5']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('shift.mem is as wide as the shift port, for every k', () => {
    for (const leadingOne of ['explicit', 'hidden'] as const) {
      for (let k = 1; k <= 32; k++) {
        const format = multiplierFormat(k, { leadingOne });
        const files = tableFiles(rescaleTable(withFactor(0.75), format), 'mem');
        const [, bits] =
          /; (\d+) bits/.exec(files.find(({ name }) => name === 'shift.mem')?.text ?? '') ?? [];
        expect(2 ** Number(bits)).toBeGreaterThan(maxShift(format));
        expect(2 ** (Number(bits) - 1)).toBeLessThanOrEqual(maxShift(format));
      }
    }
  });

  test('csv and json carry the same numbers', () => {
    const [channels, layers] = tableFiles(table(0.75, 5, 'hidden'), 'csv');
    expect(channels?.text.split('\n').slice(0, 2)).toEqual([
      'layer,channel,address,multiplier,shift,effective_bias,factor,relative_error',
      `0,0,0,16,6,${(2 ** 31 - 1 + 128 * 254) | 0},0.75,0`,
    ]);
    expect(layers?.text.split('\n')[1]).toBe(
      '0,FULLY_CONNECTED,0,"a ""name"",?of two lines",0,3,-128,5,5,127',
    );
    const [json] = tableFiles(table(0.75, 5, 'hidden'), 'json');
    expect(JSON.parse(json?.text ?? '')).toMatchObject({
      k: 5,
      leadingOne: 'hidden',
      layers: [
        {
          base: 0,
          channels: [{ multiplier: 16, shift: 6 }, { effectiveBias: 2 ** 31 - 128 * 256 }, {}],
        },
      ],
    });
  });

  test('an M that the hardware cannot have is reported, and no file is made of it', () => {
    const [layer] = table(40, 5).layers;
    expect(layer?.channels[0]?.quantized).toMatchObject({
      problem: expect.stringContaining('needs shift = -1'),
    });
    for (const as of ['csv', 'json', 'mem'] as const) {
      expect(() => tableFiles(table(40, 5), as)).toThrow(ModelError);
      expect(() => tableFiles(table(40, 5), as)).toThrow(
        /^FULLY_CONNECTED \(operator 0\), tensor 3 "a "name",\?of two lines", channel 0: M = 40 needs shift = -1/,
      );
    }
    expect(table(31, 5).layers[0]?.channels[0]?.quantized).toEqual({ multiplier: 31, shift: 0 });
  });
});

test('relativeError is (Mq - M) / M', () => {
  expect(relativeError(0.7, { multiplier: 3, shift: 2 })).toBeCloseTo(0.05 / 0.7, 12);
  expect(relativeError(0.8, { multiplier: 3, shift: 2 })).toBeCloseTo(-0.05 / 0.8, 12);
});
