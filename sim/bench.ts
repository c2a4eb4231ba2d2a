/**
 * What verification needs to know of a block: its design, what to try on it, and what golden says.
 */
import type { Coverage } from './coverage.ts';
import type { Random } from './random.ts';
import type { Design } from './simulators/index.ts';

/** Rows of inputs, see simulators/rows.ts. */
export type Stimulus = Uint32Array;

export interface Expectation {
  /** Rows of outputs, one for each row of the stimulus. */
  readonly outputs: Uint32Array;
  /** Rows before this one show the state from before the first reset: not checked. */
  readonly firstChecked: number;
}

/** One of the numbers that stand side by side in a flattened port, at most 32 bits wide. */
export interface Element {
  readonly width: number;
  readonly signed: boolean;
}

export interface Bench {
  readonly design: Design;
  /** What flattened ports consist of, by name; any other port is one number. */
  readonly elements: Readonly<Record<string, Element>>;
  /** The cases that a whole regression must have seen. */
  readonly bins: readonly string[];
  /**
   * Every edge, the same each time.
   *
   * @param rescales of a dot-product unit, besides those that its own edges take: at most 3000, the default. A
   * rescaler by itself always goes through all.
   */
  directed(rescales?: number): Stimulus;
  /** Constrained-random rows, about as many as asked for. */
  random(random: Random, rows: number): Stimulus;
  /** What golden says. Counts cases when there is a coverage to count them in. */
  expect(stimulus: Stimulus, coverage?: Coverage): Expectation;
  /** Whether a stimulus keeps the contract of the ports; shrinking asks. */
  isLegal(stimulus: Stimulus): boolean;
}
