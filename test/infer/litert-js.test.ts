/**
 * A second witness, with code that shares nothing with the recorded reference kernels: LiteRT in WebAssembly, which
 * runs XNNPACK. It rounds once and has integer FULLY_CONNECTED, so it is `single`, except where its float32 factors
 * come to another rounding: rarely in dot products and SOFTMAX (a few of the 1000 KWS inputs), often in ADD and MEAN.
 */
import { describe, expect } from 'vitest';
import { loadKernels, prepare } from '../../infer/index.ts';
import { loadLiteRtModel } from '../support/litert-js.ts';
import { inputsOf, oracleFiles, realModel } from '../support/oracle.ts';
import { modelFile, readShared, testWithShared } from '../support/shared.ts';

const kernels = await loadKernels();

describe.each([
  ['ad01_autoencoder_int8', 196],
  ['kws_dscnn_int8', 200],
  ['micro_speech_int8', 8],
  ['person_detect_int8', 2],
  ['vww_mobilenet_v1_025_96_int8', 8],
] as const)('%s', (name, count) => {
  testWithShared(oracleFiles(name), `equals @litertjs/core on ${count} inputs`, async () => {
    const model = realModel(name);
    const inputs = inputsOf(name, model, count);
    expect(inputs).toHaveLength(count);
    const program = prepare(model, 'single', kernels);
    const peer = await loadLiteRtModel(readShared(modelFile(name)), 'compatible');
    for (const input of inputs) {
      const [output] = program.run([input]);
      expect(new Uint8Array(output ?? [])).toEqual(await peer.run(input));
    }
  });
});
