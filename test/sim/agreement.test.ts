import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_OPTIONS } from '../../hdl-gen/generate.ts';
import type { Bench } from '../../sim/bench.ts';
import { type BlockResult, benchesOf, verify } from '../../sim/regression.ts';
import type { CompiledDesign, Simulator } from '../../sim/simulators/index.ts';
import { type Bug, goldenSimulator } from './golden-simulator.ts';

const options = { ...DEFAULT_OPTIONS, macs: 1, units: 1 };
const [rescaler] = benchesOf(options);

let agreements = '';

beforeEach(() => {
  agreements = mkdtempSync(join(tmpdir(), 'agreement-test-'));
});
afterEach(() => rmSync(agreements, { recursive: true }));

/** The result, and how many times the simulator ran. */
async function run({
  rows = 200,
  seed = 1,
  fingerprint = 'one',
  bench = rescaler,
  bug,
}: {
  rows?: number;
  seed?: number;
  fingerprint?: string;
  bench?: Bench;
  bug?: Bug;
} = {}): Promise<{ result: BlockResult | undefined; runs: number }> {
  const { simulator, runs } = goldenSimulator([rescaler], bug);
  const marked: Simulator = {
    ...simulator,
    compile: async (design): Promise<CompiledDesign> => ({
      ...(await simulator.compile(design)),
      fingerprint,
    }),
  };
  const [result] = await verify(options, marked, { rows, seed }, [bench], agreements);
  return { result, runs: runs.length };
}

test('what has agreed is not simulated again, and counts as before', async () => {
  const first = await run();
  expect(first).toMatchObject({ runs: 2, result: { knownVectors: 0, emptyBins: [] } });
  const again = await run();
  expect(again.runs).toBe(0);
  expect(again.result).toMatchObject({
    vectors: first.result?.vectors,
    knownVectors: first.result?.vectors,
    emptyBins: [],
  });
});

test('other vectors, another simulator and a design of its own are simulated', async () => {
  await run();
  // The directed rows are the same.
  expect(await run({ seed: 2 })).toMatchObject({ runs: 1 });
  expect(await run({ rows: 300 })).toMatchObject({ runs: 1 });
  expect(await run({ fingerprint: 'two' })).toMatchObject({ runs: 2 });
});

test('where golden says something else now, the simulator is run, and found to differ', async () => {
  await run();
  const bench: Bench = {
    ...rescaler,
    expect(stimulus, coverage) {
      const expectation = rescaler.expect(stimulus, coverage);
      const outputs = expectation.outputs.slice();
      outputs[50] = (outputs[50] ?? 0) ^ 1;
      return { ...expectation, outputs };
    },
  };
  expect((await run({ bench })).result).toMatchObject({ knownVectors: 0, failure: { cycle: 50 } });
});

test('a mismatch is not kept: it fails again', async () => {
  const bug: Bug = ({ outputs }) => {
    outputs[7] = (outputs[7] ?? 0) ^ 1;
  };
  for (let time = 0; time < 2; time += 1) {
    expect((await run({ bug })).result).toMatchObject({ knownVectors: 0, failure: { cycle: 7 } });
  }
});

test('a run that was cut short goes on after the batches that it had done', async () => {
  let calls = 0;
  const bug: Bug = () => {
    calls += 1;
    if (calls === 2) throw new Error('interrupted');
  };
  await expect(run({ bug })).rejects.toThrow('interrupted');
  expect(await run()).toMatchObject({ runs: 1, result: { emptyBins: [] } });
});
