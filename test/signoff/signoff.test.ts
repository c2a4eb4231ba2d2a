/** The sign-off as a whole: what passes, what does not, and that the exit code and the report say so. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DEFAULT_OPTIONS, generate } from '../../hdl-gen/generate.ts';
import { checkLint } from '../../signoff/lint.ts';
import { proofCheck } from '../../signoff/proof-check.ts';
import { signoffFiles } from '../../signoff/report.ts';
import { type CheckResult, isSignedOff, type Signoff } from '../../signoff/result.ts';
import { simulationCheck } from '../../signoff/simulation-check.ts';
import { checkStructure } from '../../signoff/structure.ts';
import { LONG } from '../support/long.ts';
import { testWith } from '../support/tools.ts';

const options = { ...DEFAULT_OPTIONS, macs: 2, k: 2, units: 1 };
const blocks = generate(options);

/** The blocks with one change in the rescaler. */
function changed(line: RegExp, becomes: string) {
  const planted = blocks.map((block) =>
    block.manifest.module === 'rescaler'
      ? { ...block, verilog: block.verilog.replace(line, becomes) }
      : block,
  );
  expect(planted, `${line} is no longer in rescaler.v`).not.toEqual(blocks);
  return planted;
}

describe('structure', () => {
  test('what is generated passes', async () => {
    expect(await checkStructure(blocks)).toMatchObject({ status: 'pass', findings: [] });
  });

  test.each([
    ['a latch', 'reg [7:0] held; always @* if (shift[0]) held = zero_point; assign out = held;'],
    ['a loop', 'wire [7:0] around = ~(around & zero_point); assign out = around;'],
    ['a second driver', 'assign out = clamped; assign out = zero_point;'],
    ['a net without a driver', 'wire [7:0] floating; assign out = clamped & floating;'],
  ])('%s fails', async (_, body) => {
    const { status, findings } = await checkStructure(changed(/assign out = clamped;/, body));
    expect(status).toBe('fail');
    expect(findings.join()).toContain('rescaler');
  });
});

testWith('verilator', 'lint passes, and finds a width that is wrong', async () => {
  expect(await checkLint(blocks)).toMatchObject({ status: 'pass', findings: [] });
  const wrong = changed(/wire signed \[7:0\] clamped/, 'wire signed [8:0] clamped');
  expect(await checkLint(wrong)).toMatchObject({
    status: 'fail',
    findings: [expect.stringContaining('WIDTH'), expect.anything(), expect.anything()],
  });
});

describe('a proof', () => {
  const claim = { name: 'c', circuits: {}, inputs: {}, setting: '', holds: '1' };
  const proof = { name: 'Some proof', method: 'SAT', claims: [claim, claim] };
  const proven = { claim, outcome: { verdict: { kind: 'proven' }, seconds: 1 }, cached: true } as const;

  test('passes when every claim is proven', () => {
    expect(proofCheck(proof, [proven, proven])).toMatchObject({ status: 'pass', seconds: 2, cached: 2 });
  });

  test('is open when a claim is, or when there are none', () => {
    const open = { claim, outcome: { open: 'too long' }, cached: false };
    expect(proofCheck(proof, [proven, open])).toMatchObject({ status: 'open', findings: ['c: too long'] });
    const missing = { ...proof, claims: { missing: 'the circuit has no wire product' } };
    expect(proofCheck(missing, [])).toMatchObject({ status: 'open' });
  });

  test('fails when a claim is refuted, and says for which inputs', () => {
    const verdict = { kind: 'refuted', counterexample: { acc: '0', shift: '1f' } } as const;
    const refuted = { claim, outcome: { verdict, seconds: 1 }, cached: false };
    const open = { claim, outcome: { open: 'too long' }, cached: false };
    expect(proofCheck(proof, [open, refuted])).toMatchObject({
      status: 'fail',
      findings: ['c: too long', 'c: does not hold for shift=0x1f and 0 elsewhere'],
    });
  });
});

test('a simulation that did not run is open, one without a coverage bin fails', () => {
  const configuration = { options, simulator: 'cxxrtl' } as const;
  expect(simulationCheck({ configuration, outcome: { error: 'gone' } })).toMatchObject({ status: 'open' });
  const counts = { vectors: 10, knownVectors: 0, bins: 2, emptyBins: ['tie'] };
  const outcome = { blocks: [{ block: 'rescaler', ...counts, simulationSeconds: 1 }], seconds: 1 };
  expect(simulationCheck({ configuration, outcome })).toMatchObject({
    status: 'fail',
    findings: ['rescaler: never seen: tie'],
  });
});

describe('the report', () => {
  const check = (status: CheckResult['status']): CheckResult => ({
    check: `check ${status}`,
    method: 'method',
    status,
    seconds: 1,
    findings: status === 'pass' ? [] : ['why\nand where'],
    evidenceFile: `${status}.json`,
    evidence: { of: status },
  });
  const signoff = (...checks: readonly CheckResult[]): Signoff => ({
    options,
    seed: 1,
    vectors: 2,
    mutants: 3,
    checks,
  });

  test.each([
    [['pass', 'skipped'], true],
    [['pass', 'open'], false],
    [['fail', 'pass'], false],
  ] as const)('of %j is signed off: %s', (statuses, expected) => {
    const result = signoff(...statuses.map(check));
    expect(isSignedOff(result)).toBe(expected);
    const files = new Map(signoffFiles(result).map(({ name, text }) => [name, text]));
    expect(JSON.parse(files.get('signoff.json') ?? '')).toMatchObject({ signedOff: expected });
    expect(files.get('signoff.md')?.includes('Not signed off')).toBe(!expected);
    for (const status of statuses) {
      expect(files.get('signoff.md')).toContain(`| check ${status} | method | ${status} |`);
      expect(JSON.parse(files.get(`${status}.json`) ?? '')).toMatchObject({ evidence: { of: status } });
    }
  });
});

describe('the command', () => {
  const run = (...args: readonly string[]) =>
    spawnSync(process.execPath, ['cli/npu-rescaler.ts', 'signoff', ...args], { encoding: 'utf8' });

  test('leaves open what has no time, says so in its exit code, and writes the report whole', LONG, () => {
    const folder = mkdtempSync(join(tmpdir(), 'npu-rescaler-test-'));
    try {
      const out = join(folder, 'report');
      const sizes = ['--macs', '1', '--k', '3', '--arch', 'fast'];
      const effort = ['--limit', '1', '--vectors', '0', '--mutants', '0', '--simulator', 'cxxrtl'];
      const cache = { NPU_RESCALER_CACHE: join(folder, 'cache') };
      const { status, stdout } = spawnSync(
        process.execPath,
        ['cli/npu-rescaler.ts', 'signoff', ...sizes, ...effort, '--out', out, '--json'],
        { encoding: 'utf8', env: { ...process.env, ...cache } },
      );
      expect(status).toBe(1);
      const printed: unknown = JSON.parse(stdout);
      expect(printed).toEqual(JSON.parse(readFileSync(join(out, 'signoff.json'), 'utf8')));
      expect(printed).toMatchObject({ signedOff: false, options: { macs: 1, k: 3 } });
      const { checks } = printed as Pick<Signoff, 'checks'>;
      const open = checks.find(({ check }) => check === 'rescaler equals Algorithm 1');
      expect(open).toMatchObject({
        status: 'open',
        findings: expect.arrayContaining([expect.stringContaining('rescale: no verdict within 1 s')]),
      });
      const evidence = checks.map(({ evidenceFile }) => evidenceFile);
      const timing = ['dot_product_unit', 'systolic_array'].flatMap((module) =>
        ['json', 'svg'].map((ending) => `${module}.timing.${ending}`),
      );
      expect(readdirSync(out).toSorted()).toEqual(
        ['signoff.json', 'signoff.md', 'datasheet.md', ...timing, ...evidence].toSorted(),
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('a mistake is one line, exit code 2, and no file', () => {
    const folder = join(tmpdir(), `npu-rescaler-test-${process.pid}-none`);
    const { status, stderr } = run('--k', '40', '--out', folder);
    expect(status).toBe(2);
    expect(stderr).toBe('npu-rescaler: k = 40 is outside 1..32 (--k)\n');
    expect(existsSync(folder)).toBe(false);
  });

  test('help has an example', () => {
    const { status, stdout } = run('--help');
    expect(status).toBe(0);
    expect(stdout).toContain('npu-rescaler signoff --macs 8 --k 4');
  });
});
