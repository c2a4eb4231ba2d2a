/** Where errors arise, and the error model in doubles against golden's in rationals. */
import { describe, expect, test } from 'vitest';
import {
  accumulatorsOf,
  inputRows,
  layerErrors,
  positionsOf,
  spreadPositions,
} from '../../accuracy/index.ts';
import { errorModel, quantizeMultiplier } from '../../golden/index.ts';
import { loadKernels, prepare } from '../../infer/index.ts';
import { isDotProduct, readModel, rescaleFactors, weightScale } from '../../litert/index.ts';
import { buildModel } from '../litert/build-model.ts';
import { inputsOf, oracleFiles, realModel } from '../support/oracle.ts';
import { testWithShared } from '../support/shared.ts';

const kernels = await loadKernels();

describe('a layer whose figures can be worked out', () => {
  // y = x1 - x2 and 3*x1, with M = 0.75, which is 1 at k = 1 and exact at k = 2.
  const model = readModel(
    buildModel({
      tensors: [
        { shape: [1, 2], scales: [1], zeroPoints: [0] },
        { shape: [2, 2], scales: [0.75], data: Int8Array.of(1, -1, 3, 0) },
        { shape: [1, 2], scales: [1], zeroPoints: [0] },
      ],
      operators: [
        { code: 9, optionsType: 8, options: [{ slot: 0, int8: 0 }], inputs: [0, 1, -1], outputs: [2] },
      ],
      inputs: [0],
      outputs: [2],
    }),
  );
  const inputs = [Int8Array.of(8, 4)]; // a = 4, 24

  test('signal to noise and Eq. (5)', () => {
    const [layer] = layerErrors(model, inputs, { k: 1, rounding: 'nearest', scope: 'all' }, kernels);
    // Stock 3, 18; narrow 4, 24.
    expect(layer?.ownDb).toBeCloseTo(10 * Math.log10((9 + 324) / (1 + 36)), 9);
    expect(layer?.totalDb).toBe(layer?.ownDb);
    expect(layer?.errorModel).toMatchObject({ outputs: 2, greatestRounding: 0 });
    expect(layer?.errorModel?.measuredRms).toBeCloseTo(Math.sqrt((1 + 36) / 2), 9);
    expect(layer?.errorModel?.predictedRms).toBeCloseTo(Math.sqrt((1 + 36) / 2 + 1 / 12), 9);
  });

  test('nothing where nothing changes', () => {
    const [layer] = layerErrors(model, inputs, { k: 2, rounding: 'truncate', scope: 'all' }, kernels);
    expect(layer).toMatchObject({ ownDb: Infinity, totalDb: Infinity });
  });
});

describe('a real model', () => {
  testWithShared(
    oracleFiles('kws_dscnn_int8'),
    'KWS: the accumulators and the error are those of golden, and Eq. (5) predicts them',
    () => {
      const model = realModel('kws_dscnn_int8');
      const inputs = inputsOf('kws_dscnn_int8', model, 8);
      for (const k of [6, 2]) {
        const layers = layerErrors(model, inputs, { k, rounding: 'truncate', scope: 'dot' }, kernels);
        const checks = layers.flatMap(({ errorModel: check }) => check ?? []);
        expect(checks).toHaveLength(10);
        for (const { outputs, measuredRms, predictedRms, greatestRounding } of checks) {
          expect(greatestRounding).toBeLessThanOrEqual(0.5);
          // The last layer has few outputs, and rounding errors need many to look uniform.
          if (outputs > 1000) expect(measuredRms / predictedRms).toBeCloseTo(1, 1);
        }
        // Errors add up: no layer ends better than it is alone by more than chance.
        for (const { ownDb, totalDb } of layers) expect(totalDb).toBeLessThan(ownDb + 3);
      }
    },
  );

  testWithShared(oracleFiles('kws_dscnn_int8'), 'KWS: single outputs equal golden’s Eq. (5), exactly', () => {
    const model = realModel('kws_dscnn_int8');
    const [input = new Int8Array()] = inputsOf('kws_dscnn_int8', model, 1);
    const values = new Map([[model.inputs[0], input]]);
    prepare(model, { k: 3, rounding: 'nearest', scope: 'dot' }, kernels).run([input], ({ output }, data) => {
      values.set(output, data.slice());
    });
    let compared = 0;
    for (const layer of model.operators.filter(isDotProduct)) {
      const [x, y] = [values.get(layer.input), values.get(layer.output)];
      if (!(x instanceof Int8Array) || y === undefined) throw new Error('no values');
      const positions = spreadPositions(layer, 3, 0);
      const channels = y.length / positionsOf(layer);
      const { activationMin, activationMax, outputZeroPoint } = layer.outputRange;
      inputRows(layer, x, positions).forEach((row, i) => {
        accumulatorsOf(layer, row).forEach((accumulator, channel) => {
          const q = y[(positions[i] ?? 0) * channels + channel] ?? 0;
          if (q <= activationMin || q >= activationMax) return;
          const M = rescaleFactors(layer)[channel] ?? 0;
          const quantized = quantizeMultiplier(M, { k: 3, rounding: 'nearest', leadingOne: 'explicit' });
          const scales = {
            inputScale: layer.input.scale,
            weightScale: weightScale(layer.weights, channel),
            outputScale: layer.output.scale,
          };
          const exact = errorModel(0, accumulator, scales, quantized);
          const steps = exact.rescaleError.toNumber() / layer.output.scale;
          expect(q - outputZeroPoint - accumulator * M).toBeCloseTo(steps, 4);
          compared += 1;
        });
      });
    }
    expect(compared).toBeGreaterThan(200);
  });
});
