/** What a sign-off consists of, as data. */
import type { GenerateOptions } from '../hdl-gen/generate.ts';

/**
 * - pass: shown
 * - fail: refuted, by a counterexample, a mismatch or a complaint
 * - open: neither, such as a proof that took too long
 * - skipped: a tool that is not installed; another check shows the same
 */
export type CheckStatus = 'pass' | 'fail' | 'open' | 'skipped';

export interface CheckResult {
  readonly check: string;
  readonly method: string;
  readonly status: CheckStatus;
  /** In all processes together; of a verdict from the cache, when it was found. */
  readonly seconds: number;
  /** How many verdicts came from the cache. */
  readonly cached?: number;
  /** What was wrong, or is open: nothing where it passed. */
  readonly findings: readonly string[];
  /** File name. */
  readonly evidenceFile: string;
  /** Content of that file, as JSON. */
  readonly evidence: unknown;
  /** Files that come with it, to read. */
  readonly attachments?: readonly ReportFile[];
}

export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

export interface Signoff {
  readonly options: GenerateOptions;
  readonly seed: number;
  readonly vectors: number;
  /** That were asked for. */
  readonly mutants: number;
  readonly checks: readonly CheckResult[];
}

/** Whether nothing failed and nothing is open. */
export function isSignedOff({ checks }: Signoff): boolean {
  return checks.every(({ status }) => status === 'pass' || status === 'skipped');
}

export function evidenceFileOf(check: string): string {
  return `${check.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.json`;
}
