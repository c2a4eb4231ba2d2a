/** A run of training between two epochs, as bytes: whole, or refused. */
import { createHash } from 'node:crypto';
import type { Settings } from './settings.ts';

export interface EpochReport {
  /** 1 for the first. */
  readonly epoch: number;
  /** Mean over the training images, augmented, as they came. */
  readonly trainLoss: number;
  /** 0..1 */
  readonly trainAccuracy: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

export interface Checkpoint {
  readonly settings: Settings;
  readonly dataset: string;
  /** One an epoch that is done. */
  readonly history: readonly EpochReport[];
  readonly trained: Float32Array;
  readonly velocity: Float32Array;
  readonly statistics: Float32Array;
}

/** A file that is no checkpoint, or was cut short or damaged. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
}

const MAGIC = 'npu-train-1\n';
const HASH_BYTES = 32;

/** Magic, SHA-256 of the rest, length of the JSON, JSON, the three arrays little-endian. */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { trained, velocity, statistics, ...rest } = checkpoint;
  const arrays = [trained, velocity, statistics];
  const json = Buffer.from(JSON.stringify({ ...rest, lengths: arrays.map(({ length }) => length) }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(json.length);
  const content = Buffer.concat([size, json, ...arrays.map(littleEndian)]);
  return Buffer.concat([Buffer.from(MAGIC), createHash('sha256').update(content).digest(), content]);
}

/** @throws CheckpointError */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const all = Buffer.from(bytes);
  const content = all.subarray(MAGIC.length + HASH_BYTES);
  if (all.toString('latin1', 0, MAGIC.length) !== MAGIC) throw new CheckpointError('it is not a checkpoint');
  const expected = all.subarray(MAGIC.length, MAGIC.length + HASH_BYTES);
  if (!createHash('sha256').update(content).digest().equals(expected)) {
    throw new CheckpointError('it was cut short or damaged');
  }
  const jsonEnd = 4 + content.readUInt32LE(0);
  const { lengths, ...rest } = JSON.parse(content.toString('utf8', 4, jsonEnd)) as {
    readonly lengths: readonly [number, number, number];
  } & Omit<Checkpoint, 'trained' | 'velocity' | 'statistics'>;
  let at = jsonEnd;
  const [trained, velocity, statistics] = lengths.map((length) => {
    const values = Float32Array.from({ length }, (_, i) => content.readFloatLE(at + 4 * i));
    at += 4 * length;
    return values;
  });
  if (trained === undefined || velocity === undefined || statistics === undefined) {
    throw new CheckpointError('it has no parameters');
  }
  return { ...rest, trained, velocity, statistics };
}

function littleEndian(values: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => {
    bytes.writeFloatLE(value, 4 * i);
  });
  return bytes;
}
