/**
 * The regression of one configuration: its Verilog against golden, block by block, on one simulator.
 */
import { multiplierFormat } from '../golden/index.ts';
import { type GenerateOptions, generate } from '../hdl-gen/generate.ts';
import type { Bench, Stimulus } from './bench.ts';
import { firstMismatch } from './compare.ts';
import { Coverage } from './coverage.ts';
import { designOf } from './design.ts';
import { Random } from './random.ts';
import { rescalerBench } from './rescaler-bench.ts';
import { shrink } from './shrink.ts';
import {
  type CompiledDesign,
  countRows,
  getField,
  inputLayout,
  outputLayout,
  type RowLayout,
  type Simulator,
} from './simulators/index.ts';
import { unitBench } from './unit-bench.ts';

export interface Effort {
  /** Random rows for each block, besides the directed ones. */
  readonly rows: number;
  readonly seed: number;
}

export interface BlockResult {
  readonly block: string;
  /** Rows whose outputs were compared. */
  readonly vectors: number;
  readonly bins: number;
  readonly emptyBins: readonly string[];
  /** Time in the simulator, without compiling it. */
  readonly simulationSeconds: number;
  readonly failure?: Failure;
}

export interface Failure {
  /** Row of the whole stimulus. */
  readonly cycle: number;
  /** The mismatching row of the shrunk stimulus. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly expected: Readonly<Record<string, string>>;
  readonly actual: Readonly<Record<string, string>>;
  /** The smallest failing case found: inputs of every cycle, the mismatch in the last. */
  readonly smallest: readonly Readonly<Record<string, string>>[];
  /** The smallest case as VCD. */
  readonly waveform: string;
}

/** The verified blocks of a configuration, with what golden expects of them. */
export function benchesOf(options: GenerateOptions, blocks = generate(options)): readonly Bench[] {
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

/** Runs directed and random vectors through every block of a configuration. */
export async function verify(
  options: GenerateOptions,
  simulator: Simulator,
  effort: Effort,
  benches = benchesOf(options),
): Promise<readonly BlockResult[]> {
  const results: BlockResult[] = [];
  for (const bench of benches) results.push(await verifyBlock(bench, simulator, effort));
  return results;
}

/** Large enough to keep a simulator busy, small enough for its memory. */
const BATCH_WORDS = 2 ** 24;

async function verifyBlock(bench: Bench, simulator: Simulator, { rows, seed }: Effort): Promise<BlockResult> {
  const layout = inputLayout(bench.design);
  const outputWords = outputLayout(bench.design).words;
  const compiled = await simulator.compile(bench.design);
  try {
    const coverage = new Coverage(bench.bins);
    const random = new Random(seed);
    let vectors = 0;
    let simulationSeconds = 0;
    let remaining = rows;
    let stimulus = bench.directed();
    for (;;) {
      const started = performance.now();
      const response = await compiled.run(stimulus);
      simulationSeconds += (performance.now() - started) / 1000;
      const expectation = bench.expect(stimulus, coverage);
      const mismatch = firstMismatch(expectation, response, outputWords);
      vectors += countRows(layout, stimulus) - expectation.firstChecked;
      const result = { block: bench.design.top, vectors, bins: coverage.bins, simulationSeconds };
      if (mismatch !== undefined) {
        const failure = await explain(bench, compiled, stimulus, mismatch);
        return { ...result, emptyBins: [], failure };
      }
      if (remaining === 0) return { ...result, emptyBins: coverage.empty() };
      const batch = Math.min(remaining, Math.ceil(BATCH_WORDS / layout.words));
      remaining -= batch;
      stimulus = bench.random(random, batch);
    }
  } finally {
    await compiled.dispose();
  }
}

async function explain(
  bench: Bench,
  compiled: CompiledDesign,
  stimulus: Stimulus,
  cycle: number,
): Promise<Failure> {
  const inputs = inputLayout(bench.design);
  const outputs = outputLayout(bench.design);
  const smallest = await shrink(bench, compiled, stimulus, cycle);
  const last = countRows(inputs, smallest) - 1;
  const response = await compiled.run(smallest);
  return {
    cycle,
    inputs: rowText(inputs, smallest, last),
    expected: rowText(outputs, bench.expect(smallest).outputs, last),
    actual: rowText(outputs, response.outputs, last, response.unknown),
    smallest: Array.from({ length: last + 1 }, (_, row) => rowText(inputs, smallest, row)),
    waveform: await compiled.waveform(smallest),
  };
}

/** Numbers up to 32 bits in decimal, wider ports in hexadecimal, `x` where a bit is unknown. */
function rowText(
  layout: RowLayout,
  rows: Uint32Array,
  row: number,
  unknown?: Uint32Array,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    layout.fields.map((field) => {
      const value = getField(layout, rows, row, field);
      const text =
        field.port.width <= 32
          ? value.toString()
          : `0x${BigInt.asUintN(field.port.width, value).toString(16)}`;
      const isUnknown = unknown !== undefined && getField(layout, unknown, row, field) !== 0n;
      return [field.port.name, isUnknown ? 'x' : text];
    }),
  );
}
