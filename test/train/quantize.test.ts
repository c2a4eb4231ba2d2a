/** From random float networks to `.tflite` files: near the float network, and the same in infer and in LiteRT. */
import { describe, expect, test } from 'vitest';
import { loadKernels, prepare } from '../../infer/index.ts';
import { readModel, writeModel } from '../../litert/index.ts';
import { Random } from '../../sim/random.ts';
import type { Activation, FloatNetwork } from '../../train/float/network.ts';
import { affineOver, type Range, toCodes } from '../../train/quantize/affine.ts';
import { quantizeFilter } from '../../train/quantize/filter.ts';
import { count, emptyHistogram, leastErrorRange } from '../../train/quantize/histogram.ts';
import { calibrate, layerFidelity, quantizeNetwork } from '../../train/quantize/index.ts';
import { loadLiteRtModel } from '../support/litert-js.ts';
import { randomImages, randomNetwork } from './random-network.ts';
import { referenceRunner } from './reference-runner.ts';

const kernels = await loadKernels();
const PIXELS = { minimum: 0, maximum: 1 };

function quantized(network: FloatNetwork, random: Random, count = 12) {
  const runner = referenceRunner(network);
  const images = { ...randomImages(random, network.architecture.input, count), count };
  const ranges = calibrate(network.architecture, runner, images, PIXELS);
  const file = writeModel(quantizeNetwork(network, ranges));
  return { runner, images, ranges, file };
}

const SEEDS = Array.from({ length: 24 }, (_, seed) => seed);

function networkOf(seed: number) {
  const random = new Random(seed);
  return { random, network: randomNetwork(random, random.below(5)) };
}

describe.each(SEEDS)('random network %i', (seed) => {
  const { random, network } = networkOf(seed);
  const { runner, images, file } = quantized(network, random);
  const program = prepare(readModel(file), 'single', kernels);
  const kinds = network.architecture.layers.map(({ kind }) => kind).join(', ');

  test(`each layer is near the float network: ${kinds}`, () => {
    const fidelity = layerFidelity(network, program, runner, images);
    expect(fidelity.map(({ kind }) => kind).join(', ')).toBe(kinds);
    // One rounding to 8 bits costs some 40 to 50 dB, each further layer a little.
    for (const { sqnrDb } of fidelity) expect(sqnrDb).toBeGreaterThan(30);
  });

  test('LiteRT computes what infer does', async () => {
    const peer = await loadLiteRtModel(file, 'compatible');
    const size = images.codes.length / images.count;
    for (let image = 0; image < images.count; image++) {
      const codes = images.codes.slice(image * size, (image + 1) * size);
      const [own] = program.run([codes]);
      expect(own).toEqual(new Int8Array(await peer.run(codes)));
    }
  });
});

test('these networks have every kind of layer', () => {
  const kinds = SEEDS.flatMap((seed) => networkOf(seed).network.architecture.layers.map(({ kind }) => kind));
  const all = ['add', 'convolution', 'dense', 'depthwise', 'global-average-pool', 'max-pool'];
  expect([...new Set(kinds)].toSorted()).toEqual(all);
});

test('an error in the order of the weights is seen in the fidelity', () => {
  const random = new Random(1);
  const network = randomNetwork(random, 3);
  const { runner, images, file } = quantized(network, random);
  const reversed = network.filters.map(
    (filter) => filter && { ...filter, weights: filter.weights.toReversed() },
  );
  const wrong = { ...network, filters: reversed };
  const program = prepare(readModel(file), 'single', kernels);
  const [first] = layerFidelity(wrong, program, referenceRunner(wrong), images);
  expect(layerFidelity(network, program, runner, images)[0]?.sqnrDb).toBeGreaterThan(30);
  expect(first?.sqnrDb).toBeLessThan(10);
});

describe('activations', () => {
  test('pixels 0..255 as reals 0..1 keep all their codes', () => {
    expect(affineOver(PIXELS)).toEqual({ scale: Math.fround(1 / 255), zeroPoint: -128 });
    const { values, codes } = randomImages(new Random(1), { height: 16, width: 16, channels: 1 }, 1);
    expect(toCodes(values, affineOver(PIXELS))).toEqual(codes);
  });

  test('a range is held to half a step, and 0 exactly', () => {
    const random = new Random(2);
    for (let i = 0; i < 1000; i++) {
      const ends = [random.int32() / 2 ** 29, random.int32() / 2 ** random.between(25, 33)];
      const range = { minimum: Math.min(...ends), maximum: Math.max(...ends) };
      const { scale, zeroPoint } = affineOver(range);
      expect(Number.isInteger(zeroPoint) && Math.abs(zeroPoint + 0.5) < 128).toBe(true);
      expect(Math.fround(scale)).toBe(scale);
      const least = scale * (-128 - zeroPoint);
      const greatest = scale * (127 - zeroPoint);
      expect(least).toBeLessThanOrEqual(Math.min(range.minimum, 0) + 0.501 * scale);
      expect(greatest).toBeGreaterThanOrEqual(Math.max(range.maximum, 0) - 0.501 * scale);
      expect((greatest - least) / (Math.max(range.maximum, 0) - Math.min(range.minimum, 0))).toBeCloseTo(
        1,
        6,
      );
    }
  });

  test('a tensor that is always 0 has a scale all the same', () => {
    expect(affineOver({ minimum: 0, maximum: 0 })).toEqual({ scale: Math.fround(1 / 255), zeroPoint: -128 });
  });

  test.each<Activation>(['none', 'relu', 'relu6'])(
    '%s is the clamp of its layer; pools keep the scale',
    (activation) => {
      const network = small(activation);
      const { file, ranges } = quantized(network, new Random(3), 4);
      const [convolution, pool, mean] = readModel(file).operators;
      expect(convolution).toMatchObject({ op: 'CONV_2D', activation });
      // The filter gives values up to some 20 on both sides.
      const expected = {
        none: { minimum: expect.closeTo(-20, -1), maximum: expect.closeTo(20, -1) },
        relu: { minimum: 0, maximum: expect.closeTo(20, -1) },
        relu6: { minimum: 0, maximum: 6 },
      };
      expect(ranges[1]).toEqual(expected[activation]);
      const { scale, zeroPoint } = convolution?.output ?? {};
      if (activation !== 'none') expect(zeroPoint).toBe(-128);
      expect(pool).toMatchObject({ op: 'MAX_POOL_2D', output: { scale, zeroPoint } });
      expect(mean).toMatchObject({
        op: 'AVERAGE_POOL_2D',
        output: { scale, zeroPoint, shape: [1, 1, 1, 2] },
      });
    },
  );

  test('of 67 images, which are seen in batches, every one counts', () => {
    const network = small('none');
    const images = randomImages(new Random(4), network.architecture.input, 67);
    // All but the last pixel are dim.
    const values = images.values.map((value) => value / 100);
    values[values.length - 1] = 1;
    const [, range] = calibrate(
      network.architecture,
      referenceRunner(network),
      { values, count: 67 },
      PIXELS,
    );
    expect(range?.maximum).toBeGreaterThan(1);
    expect(range?.minimum).toBeLessThan(-1);
  });

  // Where 8 bits cut a Laplace and a normal distribution best is known: at 9.89 (Banner, Nahshan and Soudry 2019, both
  // sides) and, with half of it on 8 bits, 4.2.
  test.each([
    ['uniform', { minimum: -1, maximum: 3 }, () => 1, 3],
    ['half normal', { minimum: 0, maximum: 5 }, (x: number) => Math.exp((-x * x) / 2), 4.2],
    ['Laplace', { minimum: -20, maximum: 20 }, (x: number) => Math.exp(-Math.abs(x)), 9.89],
    ['negative', { minimum: -4, maximum: 0 }, () => 1, 0],
  ] as const)('%s: the range of least error, as measured by quantizing', (_, all, density, maximum) => {
    const { counts } = emptyHistogram(all);
    const width = (all.maximum - all.minimum) / counts.length;
    const values = Float32Array.from(counts, (_count, bin) => all.minimum + (bin + 0.5) * width);
    const errorOf = (range: Range) => {
      const affine = affineOver(range);
      return toCodes(values, affine).reduce((sum, code, bin) => {
        const value = values[bin] ?? 0;
        return sum + density(value) * (affine.scale * (code - affine.zeroPoint) - value) ** 2;
      }, 0);
    };
    const chosen = leastErrorRange({ ...all, counts: Float64Array.from(values, density) });
    const errors = Array.from({ length: 40 }, (_step, i) => 1 - i / 50).flatMap((up) =>
      [1, 0.9, 0.8, 0.7, 0.6, 0.5].map((down) =>
        errorOf({ minimum: all.minimum * down, maximum: all.maximum * up }),
      ),
    );
    expect(errorOf(chosen) / Math.min(...errors)).toBeLessThan(1.05);
    expect(Math.abs(chosen.maximum - maximum)).toBeLessThanOrEqual(all.maximum / 50);
  });

  test('values are counted where they lie, zeros nowhere', () => {
    const histogram = emptyHistogram({ minimum: -1, maximum: 1 });
    count(histogram, Float32Array.of(-1, -1, 0, 0, 1, 1e-9, -1e-9, 0.5));
    const filled = [...histogram.counts.entries()].filter(([, times]) => times > 0);
    expect(filled).toEqual([
      [0, 2],
      [1023, 1],
      [1024, 1],
      [1536, 1],
      [2047, 1],
    ]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a network that gives %d is refused', (value) => {
    expect(() => quantized(small('none', value), new Random(5), 1)).toThrow(
      new RangeError(
        `layer 0 (convolution) of small gives ${value}; the training diverged: lower its learning rate`,
      ),
    );
  });
});

/** A convolution of two channels, pooled. */
function small(activation: Activation, bias = 0): FloatNetwork {
  const weights = Float32Array.from([20, -20]);
  return {
    architecture: {
      name: 'small',
      input: { height: 4, width: 4, channels: 1 },
      layers: [
        {
          kind: 'convolution',
          from: 0,
          channels: 2,
          kernel: 1,
          stride: 1,
          activation,
          normalization: 'none',
        },
        { kind: 'max-pool', from: 1, size: 2 },
        { kind: 'global-average-pool', from: 2 },
      ],
    },
    filters: [{ weights, bias: Float32Array.of(bias, 0) }, undefined, undefined],
  };
}

describe('filters', () => {
  const around = { input: 1 / 255, output: 0.05 };

  test.each(['first', 'last'] as const)(
    'weights and biases to half a step, channels on the %s axis',
    (axis) => {
      const random = new Random(6);
      const [channels, size] = [5, 12];
      const channelOf = (i: number) => (axis === 'first' ? Math.floor(i / size) : i % channels);
      const weights = Float32Array.from(
        { length: channels * size },
        (_, i) => random.int32() / 2 ** (20 + channelOf(i)),
      );
      const bias = Float32Array.from({ length: channels }, () => random.int32() / 2 ** 28);
      const filter = quantizeFilter({ weights, bias }, axis, 'channel', around);
      filter.weights.forEach((code, i) => {
        const scale = filter.scales[channelOf(i)] ?? 0;
        expect(Math.abs(code * scale - (weights[i] ?? 0))).toBeLessThanOrEqual(0.501 * scale);
      });
      filter.bias.forEach((code, channel) => {
        const scale = around.input * (filter.scales[channel] ?? 0);
        expect(Math.abs(code * scale - (bias[channel] ?? 0))).toBeLessThanOrEqual(0.501 * scale);
      });
      // Each channel uses its range to the end, on one side at least.
      for (let channel = 0; channel < channels; channel++) {
        const codes = [...filter.weights].filter((_, i) => channelOf(i) === channel);
        expect(Math.max(...codes.map(Math.abs))).toBe(127);
      }
    },
  );

  test('one scale for a layer is that of its largest weight', () => {
    const weights = Float32Array.of(1, -2, 0.5, 0.25);
    const { scales, ...filter } = quantizeFilter(
      { weights, bias: Float32Array.of(1, 0) },
      'first',
      'layer',
      around,
    );
    expect(scales).toEqual([Math.fround(2 / 127)]);
    expect([...filter.weights]).toEqual([64, -127, 32, 16]);
    expect([...filter.bias]).toEqual([Math.round((127 / 2) * 255), 0]);
  });

  test('dead channels keep their bias and have a multiplier', () => {
    // All zeros, all but zero, and a bias that would be 2^38 at the scale of its weights.
    const weights = Float32Array.of(0, 0, 1e-30, -1e-30, 1e-6, 1e-6);
    const bias = Float32Array.of(3, -3, 10);
    const filter = quantizeFilter({ weights, bias }, 'first', 'channel', around);
    filter.scales.forEach((scale, channel) => {
      const factor = (around.input * scale) / around.output;
      expect(factor).toBeGreaterThanOrEqual(2 ** -25);
      expect(factor).toBeLessThan(1);
      // What the channel gives without an input, in steps of the output.
      expect((filter.bias[channel] ?? 0) * factor).toBeCloseTo((bias[channel] ?? 0) / around.output, 4);
    });
  });

  test('what is not finite is refused with its layer', () => {
    const network = small('none');
    const [filter] = network.filters;
    const wrong = {
      weights: Float32Array.of(1, Number.POSITIVE_INFINITY),
      bias: filter?.bias ?? new Float32Array(2),
    };
    const ranges = [PIXELS, PIXELS, PIXELS, PIXELS];
    expect(() => quantizeNetwork({ ...network, filters: [wrong] }, ranges)).toThrow(
      new RangeError(
        'layer 0/convolution: weight 1 = Infinity is not finite; the training diverged: lower its learning rate',
      ),
    );
    expect(() => quantizeNetwork({ ...network, filters: [] }, ranges)).toThrow(
      'layer 0/convolution has no filter',
    );
  });
});
