/** Models, data and recorded outputs beside the project, which a test uses where they are. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type TestOptions, test } from 'vitest';
import { LONG } from './long.ts';

const SHARED = fileURLToPath(new URL('../../../shared/', import.meta.url));

/** @param path below ../shared, such as 'models/hello_world_int8.tflite' */
export function sharedPath(path: string): string {
  return SHARED + path;
}

export function readShared(path: string): Uint8Array {
  return readFileSync(sharedPath(path));
}

/** A test that says in its title that it was skipped, and why, where the files are absent. */
export function testWithShared(
  paths: string | readonly string[],
  title: string,
  run: () => Promise<void> | void,
  options: TestOptions = {},
): void {
  const absent = [paths].flat().find((path) => !existsSync(sharedPath(path)));
  if (absent === undefined) test(title, options, run);
  else test.skip(`skipped: ../shared/${absent} is not here: ${title}`, options, run);
}

export const REAL_MODELS = [
  'ad01_autoencoder_int8',
  'efficientnet_lite0_flowers5_int8',
  'hello_world_int8',
  'kws_dscnn_int8',
  'micro_speech_int8',
  'mobilenet_v2_224_int8',
  'person_detect_int8',
  'resnet8_cifar10_int8',
  'resnet_large_cifar10_int8',
  'vww_mobilenet_v1_025_96_int8',
] as const;

export type RealModel = (typeof REAL_MODELS)[number];

/** Those for images of 224x224. */
const LARGE_MODELS: ReadonlySet<RealModel> = new Set([
  'efficientnet_lite0_flowers5_int8',
  'mobilenet_v2_224_int8',
]);

/** Of a test that goes through a whole model: a large one takes long. */
export function lengthOf(model: RealModel): TestOptions {
  return LARGE_MODELS.has(model) ? LONG : {};
}

export function modelFile(model: RealModel): string {
  return `models/${model}.tflite`;
}
