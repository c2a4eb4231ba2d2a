/** What is not a valid model is refused in one line that names operator, tensor and reason. */
import { describe, expect, test } from 'vitest';
import { readFile } from '../../litert/file.ts';
import { ModelError, readModel } from '../../litert/index.ts';
import { buildModel, type ModelSpec, type OperatorSpec, type TensorSpec, TYPE } from './build-model.ts';

const activation = (shape: readonly number[], scale = 0.5, zeroPoint = 0): TensorSpec => ({
  name: 'values',
  shape,
  scales: [scale],
  zeroPoints: [zeroPoint],
});

const WEIGHTS: TensorSpec = {
  name: 'filter',
  shape: [2, 3, 3, 4],
  scales: [0.25, 0.125],
  axis: 0,
  data: new Int8Array(72),
};
const BIAS: TensorSpec = {
  name: 'bias',
  shape: [2],
  type: TYPE.int32,
  scales: [0.125, 0.0625],
  data: new Int32Array(2),
};
const CONV: OperatorSpec = {
  code: 3,
  version: 3,
  inputs: [0, 1, 2],
  outputs: [3],
  optionsType: 1,
  options: [
    { slot: 1, int32: 1 },
    { slot: 2, int32: 1 },
  ],
};

/** One convolution of [1, 8, 8, 4] to [1, 8, 8, 2], with some of its parts replaced. */
function convolution(
  change: {
    readonly input?: Partial<TensorSpec>;
    readonly weights?: Partial<TensorSpec>;
    readonly bias?: Partial<TensorSpec>;
    readonly output?: Partial<TensorSpec>;
    readonly operator?: Partial<OperatorSpec>;
    readonly model?: Partial<ModelSpec>;
  } = {},
): Uint8Array {
  return buildModel({
    tensors: [
      { ...activation([1, 8, 8, 4]), ...change.input },
      { ...WEIGHTS, ...change.weights },
      { ...BIAS, ...change.bias },
      { ...activation([1, 8, 8, 2]), ...change.output },
    ],
    operators: [{ ...CONV, ...change.operator }],
    inputs: [0],
    outputs: [3],
    ...change.model,
  });
}

test('the model that the cases below spoil is valid', () => {
  const [operator] = readModel(convolution()).operators;
  expect(operator).toMatchObject({
    op: 'CONV_2D',
    window: { padding: 'same', paddingTop: 1, paddingLeft: 1, height: 3, width: 3 },
    outputRange: { outputZeroPoint: 0, activationMin: -128, activationMax: 127 },
    weights: { scales: [0.25, 0.125], channels: 2 },
  });
  const withoutBias = readModel(convolution({ operator: { inputs: [0, 1, -1] } }));
  expect(withoutBias.operators[0]).toMatchObject({ bias: undefined });
  expect(readModel(convolution({ operator: { inputs: [0, 1] } })).operators[0]).toMatchObject({
    bias: undefined,
  });
});

const HERE = 'CONV_2D (operator 0)';
const NAN = Number.NaN;

describe('a convolution', () => {
  test.each<[string, Parameters<typeof convolution>[0], string]>([
    [
      'no scale',
      { input: { scales: [], zeroPoints: [] } },
      'model input 0, tensor 0 "values": has 0 scales where one is needed; quantize the model to integers',
    ],
    [
      'scale 0',
      { input: { scales: [0] } },
      'model input 0, tensor 0 "values": scale 0 is 0; it must be positive and finite',
    ],
    [
      'negative scale',
      { weights: { scales: [1, -1] } },
      `${HERE}, tensor 1 "filter": scale 1 is -1; it must be positive and finite`,
    ],
    [
      'NaN',
      { weights: { scales: [NAN, 1] } },
      `${HERE}, tensor 1 "filter": scale 0 is NaN; it must be positive and finite`,
    ],
    [
      'infinite scale',
      { output: { scales: [Infinity] } },
      `${HERE}, tensor 3 "values": scale 0 is Infinity; it must be positive and finite`,
    ],
    [
      'zero point',
      { output: { zeroPoints: [128] } },
      `${HERE}, tensor 3 "values": its zero point 128 is outside of -128..127`,
    ],
    [
      'zero point of weights',
      { weights: { zeroPoints: [0, 1] } },
      `${HERE}, tensor 1 "filter": its zero point 1 is not 0; weights and biases must be symmetric`,
    ],
    [
      'number of zero points',
      { weights: { zeroPoints: [0] } },
      `${HERE}, tensor 1 "filter": has 2 scales but 1 zero points`,
    ],
    [
      'number of scales',
      { weights: { scales: [1, 1, 1] } },
      `${HERE}, tensor 1 "filter": has 3 scales for 2 output channels`,
    ],
    [
      'axis',
      { weights: { axis: 3 } },
      `${HERE}, tensor 1 "filter": its scales belong to axis 3 (quantized_dimension), but its output channels are axis 0`,
    ],
    [
      'axis outside',
      { weights: { axis: 4 } },
      `${HERE}, tensor 1 "filter": its quantized_dimension 4 is outside of its shape [2,3,3,4], 0..3`,
    ],
    [
      'float input',
      { input: { type: TYPE.float32 } },
      'model input 0, tensor 0 "values": is float32; only int8 is supported, and uint8 at QUANTIZE',
    ],
    [
      'uint8 input',
      { input: { type: TYPE.uint8 } },
      `${HERE}, tensor 0 "values": is uint8 where int8 is expected`,
    ],
    [
      'unknown type',
      { input: { type: 77 } },
      'model input 0, tensor 0 "values": is of type 77; only int8 is supported, and uint8 at QUANTIZE',
    ],
    ['int8 bias', { bias: { type: TYPE.int8 } }, `${HERE}, tensor 2 "bias": is int8 where int32 is expected`],
    [
      'bias too short',
      { bias: { shape: [1], scales: [1], data: new Int32Array(1) } },
      `${HERE}, tensor 2 "bias": has 1 values for 2 output channels`,
    ],
    [
      'weights not constant',
      { weights: { buffer: 0 } },
      `${HERE}, tensor 1 "filter": must be a constant, but the file has no data for it`,
    ],
    [
      'data too short',
      { weights: { data: new Int8Array(71) } },
      `${HERE}, tensor 1 "filter": shape [2,3,3,4] needs 72 bytes, but buffer 1 has 71`,
    ],
    [
      'buffer outside',
      { weights: { buffer: 9 } },
      `${HERE}, tensor 1 "filter": its buffer 9 does not exist; the model has 2`,
    ],
    [
      'dynamic shape',
      { input: { shape: [-1, 8, 8, 4] } },
      'model input 0, tensor 0 "values": its shape [-1,8,8,4] is not positive; give the model a fixed input shape',
    ],
    [
      'huge shape',
      { input: { shape: [65536, 65536, 1, 4] } },
      'model input 0, tensor 0 "values": its shape [65536,65536,1,4] has more than 268435456 elements',
    ],
    [
      'many axes',
      { input: { shape: [1, 1, 1, 1, 1, 1, 8, 8, 4] } },
      'model input 0, tensor 0 "values": has 9 axes; at most 8 are supported',
    ],
    [
      'rank',
      { input: { shape: [8, 8, 4] } },
      `${HERE}, tensor 0 "values": its shape [8,8,4] is not of the form [N, H, W, C]`,
    ],
    [
      'channels',
      { input: { shape: [1, 8, 8, 8] } },
      `${HERE}, tensor 1 "filter": filters over 4 of 8 input channels; groups are not supported`,
    ],
    [
      'output shape',
      { output: { shape: [1, 8, 7, 2] } },
      `${HERE}, tensor 3 "values": its shape [1,8,7,2] is not [1,8,8,2], which the window yields`,
    ],
    [
      'weights of rank 2',
      { weights: { shape: [2, 36] } },
      `${HERE}, tensor 1 "filter": weights of shape [2,36] do not have 4 axes`,
    ],
    [
      'variable',
      { input: { isVariable: true } },
      'model input 0, tensor 0 "values": is a variable, whose value outlasts a run, which is not supported',
    ],
    [
      'scale too small for ReLU6',
      {
        output: { scales: [1e-12] },
        input: { scales: [1e-9] },
        operator: { options: [...(CONV.options ?? []), { slot: 3, int8: 3 }] },
      },
      `${HERE}, tensor 3 "values": its scale 9.999999960041972e-13 is too small for the limits of relu6`,
    ],
    ['M too large', { input: { scales: [1e30] } }, `${HERE}: the factor M of output channel 0 = `],
    [
      'activation',
      { operator: { options: [...(CONV.options ?? []), { slot: 3, int8: 4 }] } },
      `${HERE}: activation = 4 is not supported, only 0 (none), 1 (relu), 2 (relu_n1_to_1), 3 (relu6)`,
    ],
    [
      'padding',
      { operator: { options: [...(CONV.options ?? []), { slot: 0, int8: 2 }] } },
      `${HERE}: padding = 2 is not supported, only 0 (same), 1 (valid)`,
    ],
    ['no options', { operator: { optionsType: 0 } }, `${HERE}: strideHeight = 0 is outside of 1..65536`],
    [
      'options of another operator',
      { operator: { optionsType: 2 } },
      `${HERE}: its options are of kind 2, not 1`,
    ],
    [
      'window too large',
      { operator: { options: [...(CONV.options ?? []), { slot: 0, int8: 1 }, { slot: 4, int32: 4 }] } },
      `${HERE}, tensor 0 "values": a window of 3 x 9 does not fit into its shape [1,8,8,4]`,
    ],
    ['no inputs', { operator: { inputs: [] } }, `${HERE}: it has 0 inputs instead of 2 to 3`],
    ['missing input', { operator: { inputs: [-1, 1, 2] } }, `${HERE}: input 0 is missing`],
    [
      'index outside',
      { operator: { inputs: [0, 4, 2] } },
      `${HERE}: tensor 4 does not exist; the model has 4`,
    ],
    [
      'negative index',
      { operator: { inputs: [0, -2, 2] } },
      `${HERE}: tensor -2 does not exist; the model has 4`,
    ],
    ['two outputs', { operator: { outputs: [3, 3] } }, `${HERE}: it has 2 outputs instead of 1`],
    [
      'output is the input',
      { operator: { outputs: [0] } },
      `${HERE}, tensor 0 "values": is written again; it is the output of model input 0`,
    ],
    [
      'weights as activation',
      { operator: { inputs: [0, 0, 2] } },
      `${HERE}, tensor 0 "values": is used as weights here and as activation before, which is not supported`,
    ],
    [
      'read before written',
      { model: { inputs: [3], outputs: [0] } },
      `${HERE}, tensor 0 "values": is read before it is written: no constant, model input or earlier output`,
    ],
    ['version', { operator: { version: 9 } }, `${HERE}: version 9 is outside of 1..8`],
    [
      'no model inputs',
      { model: { inputs: [] } },
      `${HERE}, tensor 0 "values": is read before it is written: no constant, model input or earlier output`,
    ],
    ['no model outputs', { model: { outputs: [] } }, 'the model has 1 inputs and 0 outputs; it needs both'],
    [
      'output never written',
      { model: { operators: [] } },
      'model output 0, tensor 3 "values": is read before it is written: no constant, model input or earlier output',
    ],
    [
      'constant model input',
      { model: { inputs: [0, 1] } },
      'model input 1, tensor 1 "filter": has 2 scales where one is needed; quantize the model to integers',
    ],
    [
      'two subgraphs',
      { model: { subgraphs: 2 } },
      'the model has 2 subgraphs; only models of one subgraph are supported',
    ],
    [
      'no subgraph',
      { model: { subgraphs: 0 } },
      'the model has 0 subgraphs; only models of one subgraph are supported',
    ],
    ['schema', { model: { version: 2 } }, 'schema version 2 is not 3; convert the model again'],
    [
      'control characters in a name',
      { input: { name: 'a\nb', scales: [0] } },
      'model input 0, tensor 0 "a?b": scale 0 is 0; it must be positive and finite',
    ],
  ])('%s', (_, change, message) => {
    const read = () => readModel(convolution(change));
    expect(read).toThrow(ModelError);
    expect(read).toThrow(message);
  });
});

describe('operators that are not supported', () => {
  test('are all named, before anything else is said', () => {
    const operators: OperatorSpec[] = [
      { code: 6, inputs: [0], outputs: [3] },
      { code: 32, customCode: 'TFLite_Detection\nPostProcess', inputs: [0], outputs: [3] },
      { code: 6, inputs: [0], outputs: [3] },
      { code: 180, inputs: [0], outputs: [3] },
    ];
    expect(() => readModel(convolution({ input: { scales: [0] }, model: { operators } }))).toThrow(
      /^not supported: DEQUANTIZE \(operator 0 and 1 more\), CUSTOM "TFLite_Detection\?PostProcess" \(operator 1\), operator code 180 \(operator 3\); supported: CONV_2D, .*PAD$/,
    );
  });
});

test('weights of two kinds of operator', () => {
  const depthwise: OperatorSpec = { ...CONV, code: 4, optionsType: 2, inputs: [0, 1], outputs: [4] };
  const bytes = buildModel({
    tensors: [
      activation([1, 8, 8, 1]),
      { ...WEIGHTS, shape: [1, 3, 3, 1], scales: [1], data: new Int8Array(9) },
      { ...BIAS, shape: [1], scales: [1], data: new Int32Array(1) },
      activation([1, 8, 8, 1]),
      activation([1, 8, 8, 1]),
    ],
    operators: [CONV, depthwise],
    inputs: [0],
    outputs: [3, 4],
  });
  expect(() => readModel(bytes)).toThrow(
    'DEPTHWISE_CONV_2D (operator 1), tensor 1 "filter": is the weights of another kind of operator, too',
  );
});

describe('a cycle', () => {
  test('is refused as a value that is read before it is written', () => {
    const relu = (input: number, output: number): OperatorSpec => ({
      code: 19,
      inputs: [input],
      outputs: [output],
    });
    const bytes = buildModel({
      tensors: [activation([4]), activation([4]), activation([4])],
      operators: [relu(2, 1), relu(1, 2)],
      inputs: [0],
      outputs: [2],
    });
    expect(() => readModel(bytes)).toThrow(
      'RELU (operator 0), tensor 2 "values": is read before it is written',
    );
  });
});

describe('what is not a model at all', () => {
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['seven bytes', new Uint8Array(7)],
    ['text', new TextEncoder().encode('# npu-rescaler\n')],
    ['zeros', new Uint8Array(4096)],
  ])('%s', (_, bytes) => {
    expect(() => readModel(bytes)).toThrow(new ModelError("not a TFLite model: bytes 4 to 7 are not 'TFL3'"));
  });

  test('every truncation of a model', () => {
    const whole = convolution();
    // The weights are last, but for some bytes of padding.
    const end = Math.max(...readFile(whole).buffers.map((range) => range?.end ?? 0));
    expect(whole.length - end).toBeLessThan(16);
    for (let length = 0; length < end; length++) {
      try {
        readModel(whole.subarray(0, length));
        expect.unreachable(`${length} of ${whole.length} bytes were enough`);
      } catch (error) {
        expect(error, `${length} bytes`).toBeInstanceOf(ModelError);
      }
    }
  });
});

test('a field outside of its table', () => {
  const bytes = convolution();
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const model = view.getUint32(0, true);
  const fields = model - view.getInt32(model, true);
  const size = view.getUint16(fields + 2, true);
  for (const offset of [1, 3, size - 3, size, 0xffff]) {
    view.setUint16(fields + 4, offset, true); // of the first field, the version
    expect(() => readModel(bytes), `${offset}`).toThrow(
      new ModelError(
        `TFLite model: version: its offset ${offset} is outside of its table, which has ${size} bytes; the file is damaged`,
      ),
    );
  }
});

test('a file that points at the same bytes again and again is not read for hours', () => {
  // 20,000 entries for each of 4 tensors, one of them with a name of 100,000 characters: 2 GB to read in 0.4 MB.
  const bytes = convolution({ input: { name: 'x'.repeat(100_000) }, model: { tensorCopies: 20_000 } });
  expect(bytes.length).toBeLessThan(500_000);
  expect(() => readModel(bytes)).toThrow(
    /^tensor \d+: name: the parts of the file overlap so much that it cannot be a real model$/,
  );
});
