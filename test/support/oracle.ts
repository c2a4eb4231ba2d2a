/** What genuine LiteRT computed, see ../shared/oracle/README.md, and the inputs that it computed it from. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Arithmetic } from '../../infer/index.ts';
import { type Activation, type Model, readModel } from '../../litert/index.ts';
import { modelFile, type RealModel, readShared, sharedPath } from './shared.ts';

export type Elements = Int8Array | Uint8Array;

/** Inputs, one behind the other, of which the first N belong to the recorded outputs. */
const INPUT_FILES: Readonly<Record<RealModel, string>> = {
  ad01_autoencoder_int8: 'data/ad/ad01_196x640_int8.raw',
  efficientnet_lite0_flowers5_int8: 'data/flowers/first32_224x224x3_uint8.raw',
  hello_world_int8: 'oracle/hello_world_int8/input.raw',
  kws_dscnn_int8: 'data/kws/kws01_1000x49x10_int8.raw',
  micro_speech_int8: 'oracle/micro_speech_int8/input.raw',
  mobilenet_v2_224_int8: 'data/imagenet-val/first32_224x224x3_uint8.raw',
  person_detect_int8: 'oracle/person_detect_int8/input.raw',
  resnet8_cifar10_int8: 'data/cifar10/test_batch.bin',
  resnet_large_cifar10_int8: 'data/cifar10/test_batch.bin',
  vww_mobilenet_v1_025_96_int8: 'oracle/vww_mobilenet_v1_025_96_int8/input.raw',
};

/** Everything below ../shared that a comparison of this model reads. */
export function oracleFiles(model: RealModel): readonly string[] {
  return [modelFile(model), `oracle/${model}`, INPUT_FILES[model]];
}

export function realModel(name: RealModel): Model {
  return readModel(readShared(modelFile(name)));
}

/** @param count at most; fewer where there are fewer */
export function inputsOf(
  name: RealModel,
  model: Model,
  count = Number.POSITIVE_INFINITY,
): readonly Elements[] {
  const [tensor] = model.inputs;
  if (tensor === undefined) throw new Error(`${name} has no input`);
  const bytes = readShared(INPUT_FILES[name]);
  return INPUT_FILES[name].endsWith('test_batch.bin')
    ? cifarImages(bytes, count)
    : split(bytes, tensor, count);
}

/** `stock`, `k4_nearest_dot`: every configuration that has been recorded for the model, and its arithmetic. */
export function configurations(name: RealModel): readonly (readonly [string, Arithmetic])[] {
  return readdirSync(sharedPath(`oracle/${name}`))
    .filter((file) => file.endsWith('.raw') && file !== 'input.raw')
    .map((file) => file.slice(0, -'.raw'.length))
    .map((configuration) => [configuration, arithmeticOf(configuration)]);
}

export function arithmeticOf(configuration: string): Arithmetic {
  if (configuration === 'stock' || configuration === 'single') return configuration;
  if (configuration === 'stock_fc_int') return 'stock-fc-int';
  const match = /^k(\d+)_(truncate|nearest)(_dot)?$/.exec(configuration);
  if (match === null) throw new Error(`unknown configuration ${configuration}`);
  const [, k, rounding, dot] = match;
  return {
    k: Number(k),
    rounding: rounding === 'truncate' ? 'truncate' : 'nearest',
    scope: dot === undefined ? 'all' : 'dot',
  };
}

/** The first output for each of the recorded inputs. */
export function recordedOutputs(name: RealModel, configuration: string, model: Model): readonly Elements[] {
  const [tensor] = model.outputs;
  if (tensor === undefined) throw new Error(`${name} has no output`);
  return split(readShared(`oracle/${name}/${configuration}.raw`), tensor, Number.POSITIVE_INFINITY);
}

export interface RecordedTensor {
  readonly tensor: number;
  /** The operator that wrote it; -1 for the input. */
  readonly node: number;
  readonly bytes: Uint8Array;
}

/** Every tensor for the first input. */
export function recordedTensors(name: RealModel, configuration: string): readonly RecordedTensor[] {
  const folder = `oracle/${name}/tensors/${configuration}`;
  const manifest = JSON.parse(new TextDecoder().decode(readShared(`${folder}/manifest.json`))) as readonly {
    readonly tensor: number;
    readonly node: number;
    readonly file: string;
  }[];
  return manifest.map(({ tensor, node, file }) => ({ tensor, node, bytes: readShared(`${folder}/${file}`) }));
}

/** Right answers of whole sets: [configuration, correct, inputs]. */
export function recordedAccuracy(name: RealModel): readonly (readonly [string, number, number])[] {
  const lines = readFileSync(sharedPath('oracle/accuracy.csv'), 'utf8').trim().split('\n').slice(1);
  return lines
    .map((line) => line.split(','))
    .filter(([model]) => model === name)
    .map(([, configuration = '', correct, n]) => [configuration, Number(correct), Number(n)]);
}

/** The right class of every input of a set. */
export function labelsOf(name: 'resnet8_cifar10_int8' | 'kws_dscnn_int8'): readonly number[] {
  if (name === 'kws_dscnn_int8') {
    return readFileSync(sharedPath('data/kws/labels.txt'), 'utf8').trim().split('\n').map(Number);
  }
  const batch = readShared('data/cifar10/test_batch.bin');
  return Array.from({ length: batch.length / CIFAR_RECORD }, (_, i) => batch[i * CIFAR_RECORD] ?? -1);
}

/** A tie goes to the lowest index. */
export function argmax(output: Elements): number {
  return output.indexOf(Math.max(...output));
}

const CIFAR_PIXELS = 1024;
const CIFAR_RECORD = 1 + 3 * CIFAR_PIXELS;

/** Planes to pixels, and uint8 to int8. */
function cifarImages(batch: Uint8Array, count: number): readonly Int8Array[] {
  return Array.from({ length: Math.min(count, batch.length / CIFAR_RECORD) }, (_, image) =>
    Int8Array.from({ length: 3 * CIFAR_PIXELS }, (_, i) => {
      const plane = image * CIFAR_RECORD + 1 + (i % 3) * CIFAR_PIXELS;
      return (batch[plane + Math.floor(i / 3)] ?? 0) - 128;
    }),
  );
}

function split(bytes: Uint8Array, { type, size }: Activation, count: number): readonly Elements[] {
  return Array.from({ length: Math.min(count, Math.floor(bytes.length / size)) }, (_, i) => {
    const own = new Uint8Array(bytes.subarray(i * size, (i + 1) * size));
    return type === 'int8' ? new Int8Array(own.buffer) : own;
  });
}
