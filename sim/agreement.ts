/**
 * What simulators and golden have agreed on before. A campaign that was interrupted goes on where it stopped,
 * and one that is repeated simulates only what has changed.
 *
 * An agreement is addressed by everything that was compared: the simulator with its design, the stimulus, and the
 * outputs that golden expects. So golden is asked each time, and whatever it says differently is simulated again.
 */
import { createHash } from 'node:crypto';
import { contentKey, defaultCacheDirectory, keep, lookUp } from '../tools/cache.ts';
import type { Expectation, Stimulus } from './bench.ts';

export interface Comparison {
  /** Of the simulator, see `CompiledDesign`. */
  readonly fingerprint: string;
  readonly stimulus: Stimulus;
  readonly expectation: Expectation;
  /** Of the outputs. */
  readonly wordsPerRow: number;
}

/** Where agreements are kept; `false` keeps none. */
export type AgreementDirectory = string | false;

/** Where those of campaigns are. */
export function campaignAgreements(): string {
  return `${defaultCacheDirectory()}/cosim`;
}

/** To be raised whenever the same simulator's answer is read or compared in another way. */
const FORMAT = 1;

export async function haveAgreed(directory: AgreementDirectory, comparison: Comparison): Promise<boolean> {
  // Looking it up costs a hash of all vectors.
  return directory !== false && (await lookUp(directory, keyOf(comparison))) !== undefined;
}

export async function keepAgreement(directory: AgreementDirectory, comparison: Comparison): Promise<void> {
  if (directory !== false) await keep(directory, keyOf(comparison), new Uint8Array());
}

function keyOf({ fingerprint, stimulus, expectation, wordsPerRow }: Comparison): string {
  const { outputs, firstChecked } = expectation;
  const checked = outputs.subarray(firstChecked * wordsPerRow);
  return contentKey([
    'agreement',
    `${FORMAT}`,
    fingerprint,
    hash(stimulus),
    `${firstChecked}`,
    hash(checked),
  ]);
}

function hash(words: Uint32Array): string {
  return createHash('sha256').update(words).digest('hex');
}
