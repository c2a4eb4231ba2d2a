/** Every way to rescale in SIMD lanes, at the edges where the next one takes over. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planRescaling } from '../../infer/fast/rescale-plan.ts';
import { type Arithmetic, loadKernels, prepare } from '../../infer/index.ts';
import { channelRescalers } from '../../infer/operators/dot-product.ts';
import type { FullyConnected } from '../../litert/index.ts';
import { Random } from '../../sim/random.ts';
import { LONG } from '../support/long.ts';
import { bias, int8, modelOf, weights } from './models.ts';
import { arithmetics } from './random-operators.ts';

const kernels = await loadKernels();
const CHANNELS = 8;
const inputs = Int8Array.from({ length: 256 }, (_, i) => i - 128);

/** 256 batches of a single input, so that each channel meets 256 accumulators around its bias. */
function layer(
  w: Int8Array,
  b: Int32Array,
  scales: readonly number[],
  activationMin: number,
): FullyConnected {
  return {
    ...({ op: 'FULLY_CONNECTED', index: 0, activation: 'none', batches: 256 } as const),
    ...{ input: int8([256, 1], 1, 0), output: int8([256, CHANNELS], 1, 0), bias: bias(b) },
    outputRange: { outputZeroPoint: 3, activationMin, activationMax: 127 },
    weights: weights([CHANNELS, 1], 0, scales, w),
  };
}

const eight = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: CHANNELS, maxLength: CHANNELS });

/** Factors of one layer lie around a power of two, more or less far apart; biases make ties and extremes. */
const layers = fc
  .tuple(fc.integer({ min: -32, max: 12 }), fc.integer({ min: 0, max: 24 }))
  .chain(([exponent, spread]) =>
    fc.record({
      // Without activation, with RELU, and next to it.
      activationMin: fc.constantFrom(-128, 2, 3),
      w: eight(fc.oneof(fc.constantFrom(-128, -1, 0, 1, 127), fc.integer({ min: -128, max: 127 }))),
      b: eight(
        fc
          .integer({ min: 0, max: 31 })
          .chain((bits) =>
            fc.oneof(
              fc.integer({ min: -(2 ** bits), max: 2 ** bits - 1 }),
              fc.constantFrom(-(2 ** bits), 2 ** bits - 1),
            ),
          ),
      ),
      scales: eight(
        fc
          .tuple(
            fc.integer({ min: 0, max: spread }),
            fc.double({ min: 1, max: 2, noNaN: true, maxExcluded: true }),
          )
          .map(([less, significand]) => 2 ** (exponent - less) * (less % 3 === 0 ? 1 : significand)),
      ),
    }),
  );

test('kernels equal golden on every way, and every way is met', LONG, () => {
  const met = new Map<string, number>();
  const property = (
    { w, b, scales, activationMin }: { w: number[]; b: number[]; scales: number[]; activationMin: number },
    arithmetic: Arithmetic,
  ) => {
    const operator = layer(Int8Array.from(w), Int32Array.from(b), scales, activationMin);
    const model = modelOf(operator, [operator.input]);
    const [fast] = prepare(model, arithmetic, kernels).run([inputs]);
    const [reference] = prepare(model, arithmetic).run([inputs]);
    expect(fast).toEqual(reference);
    const bounds = w.map((weight, i) => Math.abs(b[i] ?? 0) + 128 * Math.abs(weight));
    const plan = planRescaling(channelRescalers(operator, arithmetic), bounds, operator.outputRange);
    const { channels } = plan;
    const estimated = channels.every(({ factor }) => factor > 0) ? ', estimated' : '';
    const nudged = channels.some(({ nudge }) => nudge > 0) ? ', nudged' : '';
    const way = `${plan.way}${estimated}${nudged}`;
    met.set(way, (met.get(way) ?? 0) + 1);
  };
  fc.assert(fc.property(layers, arithmetics, property), { numRuns: 2000 });
  const ways = [
    '0',
    '1',
    '1, estimated',
    '2',
    '2, estimated',
    '2, estimated, nudged',
    '2, nudged',
    '3',
    '3, estimated',
  ];
  expect([...met.keys()].toSorted()).toEqual(ways);
  for (const times of met.values()) expect(times).toBeGreaterThan(10);
});

test('accumulators next to a tie: estimates in float32 know what they do not know', () => {
  const random = new Random(4);
  let met = 0;
  for (let round = 0; round < 40; round++) {
    // A quotient of two float32, so that M itself is none.
    const significand = () => 1 + random.below(2 ** 23) / 2 ** 23;
    const [weightScale, outputScale] = [2 ** -random.between(10, 16) * significand(), significand()];
    const M = weightScale / outputScale;
    const close = [...tiesOf(M, random.below(2 ** 16))].slice(0, 64);
    met += close.length;
    if (close.length === 0) continue;
    const input = int8([1, 1], 1, 0);
    const operator: FullyConnected = {
      ...({ op: 'FULLY_CONNECTED', index: 0, activation: 'none', batches: 1, input } as const),
      ...{ output: int8([1, close.length], outputScale, -128), bias: bias(Int32Array.from(close)) },
      outputRange: { outputZeroPoint: -128, activationMin: -128, activationMax: 127 },
      weights: weights([close.length, 1], 0, [weightScale], new Int8Array(close.length)),
    };
    const model = modelOf(operator, [input]);
    for (const arithmetic of ['stock', 'stock-fc-int', 'single'] as const) {
      const run = [Int8Array.of(0)];
      expect(prepare(model, arithmetic, kernels).run(run)).toEqual(prepare(model, arithmetic).run(run));
    }
  }
  expect(met).toBeGreaterThan(500);
});

/** Accumulators of large outputs whose product with M is within 2^-12 of n + 1/2, starting somewhere. */
function* tiesOf(M: number, start: number): Generator<number> {
  for (let i = 0; i < 40_000; i++) {
    const a = Math.floor(130 / M) + ((start + i * 7919) % Math.ceil(120 / M));
    const product = a * M;
    if (Math.abs(product - Math.floor(product) - 0.5) < 2 ** -12) yield a;
  }
}
