/**
 * The regression of one configuration: its Verilog against golden, block by block, on one simulator.
 */
import { createHash } from 'node:crypto';
import { multiplierFormat } from '../golden/index.ts';
import { designOf } from '../hdl-gen/design.ts';
import { type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import { type AgreementDirectory, haveAgreed, keepAgreement } from './agreement.ts';
import type { Bench, Expectation, Stimulus } from './bench.ts';
import { firstMismatch } from './compare.ts';
import { Coverage } from './coverage.ts';
import { Random } from './random.ts';
import { rescalerBench } from './rescaler-bench.ts';
import { shrink } from './shrink.ts';
import {
  type CompiledDesign,
  countRows,
  inputLayout,
  outputLayout,
  type Response,
  type Simulator,
} from './simulators/index.ts';
import { unitBench } from './unit-bench.ts';
import { type RowValues, rowValues } from './values.ts';

export interface Effort {
  /** Random rows for each block, besides the directed ones. */
  readonly rows: number;
  /** Directed rescales of each dot-product unit, where not as many as its bench has; see `Bench.directed`. */
  readonly directedRescales?: number;
  readonly seed: number;
}

export interface BlockResult {
  readonly block: string;
  /** Rows whose outputs were compared: none after a mismatch. */
  readonly vectors: number;
  /** Those of them on which this simulator is known to agree, so that it was not run again. */
  readonly knownVectors: number;
  readonly bins: number;
  /** The cases that did not come up in those rows. */
  readonly emptyBins: readonly string[];
  /** Time in the simulator, without compiling it, for the vectors that were not known. */
  readonly simulationSeconds: number;
  readonly failure?: Failure;
}

/** Below this, what it takes to start the simulator is a large part of the time. */
const LEAST_TIMED_SECONDS = 0.5;

/** How fast a block was simulated, or undefined where that cannot be told from so short a run, or a failed one. */
export function cyclesPerSecond(block: BlockResult): number | undefined {
  const { vectors, knownVectors, simulationSeconds, failure } = block;
  if (failure || simulationSeconds < LEAST_TIMED_SECONDS) return undefined;
  return (vectors - knownVectors) / simulationSeconds;
}

export interface Failure {
  /** Row of all vectors of the block, counted from the first directed one. */
  readonly cycle: number;
  /** In that cycle. */
  readonly inputs: RowValues;
  readonly expected: RowValues;
  readonly actual: RowValues;
  readonly smallest: SmallestCase;
  /** The smallest case as VCD. */
  readonly waveform: string;
}

/** The smallest failing case found: the mismatch is in its last cycle. */
export interface SmallestCase {
  /** Inputs of every cycle, from power-up. */
  readonly cycles: readonly RowValues[];
  readonly expected: RowValues;
  readonly actual: RowValues;
}

/** The verified blocks of a configuration, with what golden expects of them. */
export function benchesOf(
  options: GenerateOptions,
  blocks = generate(options),
): readonly [rescaler: Bench, unit: Bench, array: Bench] {
  const { macs, k, units, leadingOne } = options;
  const format = multiplierFormat(k, { leadingOne });
  const unit = blocks.find(({ manifest }) => manifest.module === 'dot_product_unit');
  const latencyCycles = unit?.manifest.latencyCycles ?? 0;
  const shape = { macs, format, latencyCycles };
  return [
    rescalerBench(designOf(blocks, 'rescaler'), format),
    unitBench(designOf(blocks, 'dot_product_unit'), { ...shape, units: 1 }),
    unitBench(designOf(blocks, 'systolic_array'), { ...shape, units }),
  ];
}

/**
 * Runs directed and random vectors through every block of a configuration, but for those on which `simulator` and
 * golden have agreed before, as far as `agreements` knows.
 */
export async function verify(
  options: GenerateOptions,
  simulator: Simulator,
  effort: Effort,
  benches: readonly Bench[] = benchesOf(options),
  agreements: AgreementDirectory = false,
): Promise<readonly BlockResult[]> {
  const results: BlockResult[] = [];
  for (const bench of benches) results.push(await verifyBlock(bench, simulator, effort, agreements));
  return results;
}

/** Large enough to keep a simulator busy, small enough for its memory. */
const BATCH_WORDS = 2 ** 24;

/** The vectors of a block, table by table: the directed ones first. */
export function* stimuliOf(bench: Bench, { rows, directedRescales, seed }: Effort): Generator<Stimulus> {
  yield bench.directed(directedRescales);
  const random = new Random(seed);
  const most = Math.ceil(BATCH_WORDS / inputLayout(bench.design).words);
  for (let remaining = rows; remaining > 0; remaining -= most) {
    yield bench.random(random, Math.min(remaining, most));
  }
}

/** Name of these vectors and of what is expected of them, by their content. */
export function vectorsKey(bench: Bench, effort: Effort): string {
  const hash = createHash('sha256');
  for (const stimulus of stimuliOf(bench, effort)) {
    hash.update(stimulus).update(bench.expect(stimulus).outputs);
  }
  return hash.digest('hex');
}

async function verifyBlock(
  bench: Bench,
  simulator: Simulator,
  effort: Effort,
  agreements: AgreementDirectory,
): Promise<BlockResult> {
  const layout = inputLayout(bench.design);
  const wordsPerRow = outputLayout(bench.design).words;
  const compiled = await simulator.compile(bench.design);
  try {
    const coverage = new Coverage(bench.bins);
    let cycles = 0;
    let vectors = 0;
    let knownVectors = 0;
    let simulationSeconds = 0;
    const result = (): BlockResult => ({
      block: bench.design.top,
      vectors,
      knownVectors,
      bins: coverage.bins,
      emptyBins: coverage.empty(),
      simulationSeconds,
    });
    for (const stimulus of stimuliOf(bench, effort)) {
      const seen = new Coverage(bench.bins);
      const expectation = bench.expect(stimulus, seen);
      const count = countRows(layout, stimulus);
      const comparison = { fingerprint: compiled.fingerprint, stimulus, expectation, wordsPerRow };
      if (await haveAgreed(agreements, comparison)) {
        knownVectors += count - expectation.firstChecked;
      } else {
        const started = performance.now();
        const response = await compiled.run(stimulus);
        simulationSeconds += (performance.now() - started) / 1000;
        const mismatch = firstMismatch(expectation, response, wordsPerRow);
        if (mismatch !== undefined) {
          // Cases that came up later than the mismatch were not looked at.
          bench.expect(stimulus.subarray(0, (mismatch + 1) * layout.words), coverage);
          vectors += mismatch + 1 - expectation.firstChecked;
          const failure = {
            cycle: cycles + mismatch,
            ...rowOf(bench, stimulus, expectation, response, mismatch),
            ...(await smallestFailure(bench, compiled, stimulus, mismatch)),
          };
          return { ...result(), failure };
        }
        await keepAgreement(agreements, comparison);
      }
      vectors += count - expectation.firstChecked;
      coverage.add(seen);
      cycles += count;
    }
    return result();
  } finally {
    await compiled.dispose();
  }
}

async function smallestFailure(
  bench: Bench,
  compiled: CompiledDesign,
  stimulus: Stimulus,
  row: number,
): Promise<Pick<Failure, 'smallest' | 'waveform'>> {
  const layout = inputLayout(bench.design);
  const smallest = await shrink(bench, compiled, stimulus, row);
  const last = countRows(layout, smallest) - 1;
  const response = await compiled.run(smallest);
  const { expected, actual } = rowOf(bench, smallest, bench.expect(smallest), response, last);
  return {
    smallest: {
      cycles: Array.from({ length: last + 1 }, (_, cycle) => rowValues(bench, layout, smallest, cycle)),
      expected,
      actual,
    },
    waveform: await compiled.waveform(smallest),
  };
}

function rowOf(
  bench: Bench,
  stimulus: Stimulus,
  expectation: Expectation,
  response: Response,
  row: number,
): Pick<Failure, 'inputs' | 'expected' | 'actual'> {
  const outputs = outputLayout(bench.design);
  return {
    inputs: rowValues(bench, inputLayout(bench.design), stimulus, row),
    expected: rowValues(bench, outputs, expectation.outputs, row),
    actual: rowValues(bench, outputs, response.outputs, row, response.unknown),
  };
}
