import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { DEFAULT_OPTIONS } from '../../hdl-gen/generate.ts';
import { type ConfigurationResult, passed, runCampaign } from '../../sim/campaign.ts';
import type { Configuration } from '../../sim/matrix.ts';
import type { BlockResult } from '../../sim/regression.ts';
import type { SimulatorName } from '../../sim/simulators/index.ts';

const small = (simulator: SimulatorName, k = 1): Configuration => ({
  options: { ...DEFAULT_OPTIONS, arch: 'plain', macs: 1, units: 1, k },
  simulator,
});

const EFFORT = { rows: 3000, seed: 1 };

describe('a configuration', () => {
  const block: BlockResult = {
    block: 'rescaler',
    vectors: 10,
    knownVectors: 0,
    bins: 2,
    emptyBins: [],
    simulationSeconds: 1,
  };
  const result = (...blocks: readonly BlockResult[]): ConfigurationResult => ({
    configuration: small('cxxrtl'),
    outcome: { blocks, seconds: 1 },
  });
  const row = { inputs: {}, expected: {}, actual: {} };
  const failure = { ...row, cycle: 3, smallest: { ...row, cycles: [] }, waveform: '' };

  test('passes when every block is right and has seen every case', () => {
    expect(passed(result(block, block))).toBe(true);
    expect(passed(result(block, { ...block, emptyBins: ['tie above zero'] }))).toBe(false);
    expect(passed(result({ ...block, failure }, block))).toBe(false);
    expect(passed({ configuration: small('cxxrtl'), outcome: { error: 'no such tool' } })).toBe(false);
  });
});

describe('a campaign', () => {
  let folder = '';

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'campaign-test-'));
    const { PATH: path } = process.env;
    vi.stubEnv('PATH', `${folder}${delimiter}${path}`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  /** A tool of that name that comes before the real one on the PATH. */
  function fakeTool(name: string, script: string): void {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  }

  async function run(configurations: readonly Configuration[], jobs: number) {
    const reported: ConfigurationResult[] = [];
    const results = await runCampaign(configurations, EFFORT, jobs, (result) => reported.push(result));
    expect(results.map(({ configuration }) => configuration)).toEqual(configurations);
    expect(reported).toHaveLength(results.length);
    return results;
  }

  test('goes on where a process dies and where a simulator fails, and says so', async () => {
    fakeTool('verilator', 'kill -9 $PPID');
    fakeTool('iverilog', 'echo "rescaler.v:1: syntax error" >&2; exit 2');
    const results = await run(
      [small('verilator'), small('icarus'), small('cxxrtl'), small('verilator', 2)],
      2,
    );
    const outcomes = results.map(({ outcome }) => outcome);
    expect(outcomes[0]).toMatchObject({ error: expect.stringMatching(/^the simulation died: .*SIGKILL/) });
    expect(outcomes[1]).toMatchObject({ error: expect.stringContaining('rescaler.v:1: syntax error') });
    expect(outcomes[3]).toMatchObject({ error: expect.stringContaining('died') });
    expect(results.map(passed)).toEqual([false, false, true, false]);
  });

  test('with one process takes one configuration after another', async () => {
    const results = await run([small('cxxrtl'), small('cxxrtl')], 1);
    expect(results.map(passed)).toEqual([true, true]);
  });

  test('of nothing is nothing', async () => {
    expect(await run([], 4)).toEqual([]);
  });
});
