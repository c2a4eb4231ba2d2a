/** The machinery of proofs, on circuits small enough to know what is true of them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type ClaimOutcome, decideAll } from '../../formal/campaign.ts';
import { type Claim, decide, freeInputs, instance } from '../../formal/claims.ts';
import { elaborate } from '../../formal/elaborate.ts';
import {
  cut,
  type Netlist,
  registersOf,
  requireClock,
  uniformDelay,
  withoutRegisters,
} from '../../formal/netlist.ts';

function circuit(body: string, ports = 'input wire [3:0] a, input wire [3:0] b, output wire [3:0] y') {
  const files = [{ name: 'm.v', text: `module m (${ports}); ${body} endmodule` }];
  return elaborate({ files, top: 'm' });
}

function claimOf(netlist: Netlist, holds: string, given?: string): Claim {
  return {
    name: 'claim',
    circuits: { m: netlist },
    inputs: freeInputs(netlist),
    setting: instance(netlist, 'm', 'm_'),
    ...(given === undefined ? {} : { given }),
    holds,
  };
}

test('what holds is proven; what does not is refuted by inputs for which it does not', async () => {
  const sum = await circuit('assign y = a + b;');
  expect((await decide(claimOf(sum, 'm_y - b == a'))).verdict).toEqual({ kind: 'proven' });
  const { verdict } = await decide(claimOf(sum, 'm_y != 5', 'a == 14'));
  expect(verdict).toEqual({ kind: 'refuted', counterexample: { a: 'e', b: '7' } });
});

test('from what is impossible nothing follows', async () => {
  const sum = await circuit('assign y = a + b;');
  await expect(decide(claimOf(sum, "1'b0", 'a < b && b < a'))).rejects.toThrow('impossible');
});

test('a cut leaves the driver of a wire and frees its readers', async () => {
  const netlist = await circuit('wire [3:0] middle = a & b; wire [3:0] same = middle; assign y = same + 1;');
  const open = cut(netlist, { middle: 'middle' });
  const holds = "m_middle_made == (a & b) && m_middle_read == middle_in && m_y == middle_in + 4'd1";
  expect((await decide(claimOf(open, holds))).verdict).toEqual({ kind: 'proven' });
  // Without the cut it is true, with it the output has forgotten a and b.
  const forgotten = "m_y == (a & b) + 4'd1";
  expect((await decide(claimOf(netlist, forgotten))).verdict.kind).toBe('proven');
  expect((await decide(claimOf(open, forgotten))).verdict.kind).toBe('refuted');
});

test('a cut of constants, inputs and shared nets keeps what is known of them', async () => {
  const netlist = await circuit(
    "wire [3:0] mixed = {a[3] & b[3], b[0], 2'b01}; wire [3:0] alias = mixed; assign y = alias;",
  );
  const open = cut(netlist, { mixed: 'mixed', alias: 'alias' });
  const known = "m_alias_made == m_mixed_read && m_y == m_alias_read && m_mixed_read[2:0] == {b[0], 2'b01}";
  expect((await decide(claimOf(open, known))).verdict).toEqual({ kind: 'proven' });
  expect((await decide(claimOf(open, 'm_y[3] == (a[3] & b[3])'))).verdict.kind).toBe('refuted');
  expect(() => cut(netlist, { none: 'none' })).toThrow('no wire none');
});

const CLOCKED = 'input wire clk, input wire [3:0] a, input wire [3:0] b, output reg [3:0] y';

test('registers are delays only if every path has as many of them', async () => {
  const two = await circuit(
    'reg [3:0] p; reg [3:0] q; always @(posedge clk) begin p <= a; q <= b; y <= p + q; end',
    CLOCKED,
  );
  expect(uniformDelay(two, 'clk')).toBe(2);
  expect((await decide(claimOf(withoutRegisters(two), 'm_y == a + b'))).verdict).toEqual({ kind: 'proven' });
  const uneven = await circuit('reg [3:0] p; always @(posedge clk) begin p <= a; y <= p + b; end', CLOCKED);
  expect(() => uniformDelay(uneven, 'clk')).toThrow('mixes delays of 1 and 0 cycles');
  const loop = await circuit('always @(posedge clk) y <= y + a + b;', CLOCKED);
  expect(() => uniformDelay(loop, 'clk')).toThrow('loop');
  const falling = await circuit('always @(negedge clk) y <= a + b;', CLOCKED);
  expect(() => requireClock(falling, 'clk', registersOf(falling))).toThrow('rising edge');
});

test('an undefined constant is refused', async () => {
  await expect(circuit("assign y = 4'b00x1 & a & b;")).rejects.toThrow('neither 0 nor 1');
});

test('verdicts are kept; what takes too long or cannot be read stays open', async () => {
  const cacheDirectory = mkdtempSync(join(tmpdir(), 'npu-rescaler-test-'));
  try {
    // That two factors of 24 bits can be exchanged, with one of the products built from its rows.
    const ports = 'input wire [23:0] a, input wire [23:0] b, output wire [47:0] y, output wire [47:0] z';
    const rows = Array.from({ length: 24 }, (_, i) => `(b[${i}] ? {24'd0, a} << ${i} : 48'd0)`);
    const hard = claimOf(
      await circuit(`assign y = b * a; assign z = ${rows.join(' + ')};`, ports),
      'm_y == m_z',
    );
    const easy = claimOf(await circuit('assign y = a ^ b;'), 'm_y == (b ^ a)');
    const run = async (some: readonly Claim[], limitSeconds: number) => {
      const outcomes: [ClaimOutcome, boolean][] = [];
      await decideAll({
        claims: some,
        cacheDirectory,
        limitSeconds,
        jobs: 1,
        onOutcome: (_, outcome, cached) => outcomes.push([outcome, cached]),
      });
      return outcomes;
    };
    expect(await run([hard], 3)).toMatchObject([
      [{ open: expect.stringContaining('no verdict within 3 s') }, false],
    ]);
    expect(await run([easy], 100)).toMatchObject([[{ verdict: { kind: 'proven' } }, false]]);
    expect(await run([easy], 100)).toMatchObject([[{ verdict: { kind: 'proven' } }, true]]);
    // Yosys refuses a claim that is no Verilog; the same process decides the next.
    expect(
      await run(
        [
          { ...easy, holds: '(' },
          { ...easy, holds: '1' },
        ],
        100,
      ),
    ).toMatchObject([
      [{ open: expect.stringContaining('syntax error') }, false],
      [{ verdict: { kind: 'proven' } }, false],
    ]);
  } finally {
    rmSync(cacheDirectory, { recursive: true, force: true });
  }
});
