import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { designOf } from '../../hdl-gen/design.ts';
import { generate } from '../../hdl-gen/generate.ts';
import { boundPeriodNs, longestDspChain } from '../../synth/ice40/dsp-timing.ts';
import { wrapperVerilog } from '../../synth/ice40/wrapper.ts';
import { type Ice40Point, ice40Provenance, requireNextpnr, runIce40 } from '../../synth/ice40.ts';
import { LONG } from '../support/long.ts';

const SMALL: Ice40Point = {
  macs: 1,
  k: 1,
  arch: 'plain',
  pipeline: 0,
  leadingOne: 'explicit',
  target: { kind: 'ice40', device: 'hx8k', dsp: false },
};

function absence(): string | undefined {
  try {
    requireNextpnr();
    return undefined;
  } catch (error) {
    return String(error);
  }
}

describe('a point on an iCE40', () => {
  it('is synthesized, placed and routed', LONG, async (context) => {
    const absent = absence();
    if (absent !== undefined) context.skip(`skipped: ${absent}`);
    const seeds = [1, 2];
    const cacheDirectory = mkdtempSync(join(tmpdir(), 'ice40-test-'));
    onTestFinished(() => rmSync(cacheDirectory, { recursive: true }));
    const result = await runIce40(SMALL, { seeds, cacheDirectory });
    if (result.status === 'failed') throw new Error(result.reason);
    if (!('logicCells' in result.metrics)) throw new Error('not the metrics of an FPGA');
    const { logicCells, carryCells, flipFlops, dsps, ...fmax } = result.metrics;
    // The accumulator alone is 32 flip-flops in 32 logic cells, the parameters and the result 41 more.
    expect(flipFlops).toBe(32 + 1 + 1 + 5 + 3 * 8 + 8 + 1 + 1);
    expect(logicCells).toBeGreaterThan(300);
    expect(logicCells).toBeLessThan(1200);
    expect(carryCells).toBeGreaterThanOrEqual(32);
    expect(carryCells).toBeLessThan(logicCells);
    expect(dsps).toBe(0);
    expect(fmax.seeds).toBe(2);
    expect(fmax.fmaxMhzMin).toBeGreaterThan(20);
    expect(fmax.fmaxMhzMax).toBeLessThan(150);
    expect(fmax.fmaxMhzMedian).toBeCloseTo((fmax.fmaxMhzMin + fmax.fmaxMhzMax) / 2, 9);
    expect(result.provenance).toEqual(ice40Provenance(SMALL, { seeds }));
    // Interrupted after its second placement, it would have gone on from here.
    expect(readdirSync(cacheDirectory)).toHaveLength(2);
    expect(await runIce40(SMALL, { seeds, cacheDirectory })).toEqual(result);
  });

  it('fails with a reason where DSPs are asked of a device that has none', async (context) => {
    const absent = absence();
    if (absent !== undefined) context.skip(`skipped: ${absent}`);
    const point = { ...SMALL, target: { ...SMALL.target, dsp: true } };
    expect(await runIce40(point)).toEqual({ ...point, status: 'failed', reason: 'hx8k has no DSPs' });
  });

  it('has a provenance that depends on the unit, the device and the seeds', (context) => {
    const absent = absence();
    if (absent !== undefined) context.skip(`skipped: ${absent}`);
    const of = (...args: Parameters<typeof ice40Provenance>) => JSON.stringify(ice40Provenance(...args));
    const keys = [
      of(SMALL),
      of({ ...SMALL, k: 2 }),
      of({ ...SMALL, arch: 'fast' }),
      of({ ...SMALL, target: { kind: 'ice40', device: 'up5k', dsp: false } }),
      of({ ...SMALL, target: { kind: 'ice40', device: 'up5k', dsp: true } }),
      of(SMALL, { seeds: [1, 2, 3] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(of(SMALL)).toBe(keys[0]);
    expect(ice40Provenance(SMALL).tools.join()).toMatch(/yosys \d.*nextpnr-ice40 \d/);
  });
});

describe('without the package of nextpnr', () => {
  afterEach(() => {
    vi.doUnmock('../../tools/yowasp.ts');
    vi.resetModules();
  });

  it('a point fails and says what to install', async () => {
    vi.resetModules();
    vi.doMock('../../tools/yowasp.ts', async (original) => ({
      ...(await original<typeof import('../../tools/yowasp.ts')>()),
      packageVersion: () => {
        throw new Error('Cannot find module');
      },
    }));
    const { requireNextpnr: required, runIce40: run } = await import('../../synth/ice40.ts');
    const message =
      /needs @yowasp\/nextpnr-ice40, which is not installed: npm install @yowasp\/nextpnr-ice40/;
    expect(() => required()).toThrow(message);
    expect(await run(SMALL)).toMatchObject({ status: 'failed', reason: expect.stringMatching(message) });
  });
});

describe('the frame around the unit', () => {
  const design = designOf(generate({ ...SMALL, units: 1 }), 'dot_product_unit');
  const text = wrapperVerilog(design);

  it('drives every input and reads every output, each bit once', () => {
    const inputs = design.ports.filter(({ direction, name }) => direction === 'input' && name !== 'clk');
    for (const [vector, ports] of [
      ['loaded', inputs],
      ['outputs', design.ports.filter(({ direction }) => direction === 'output')],
    ] as const) {
      const bits = ports.flatMap(({ name, width }) => {
        const [, high, low] = new RegExp(`\\.${name}\\(${vector}\\[(\\d+):(\\d+)\\]\\)`).exec(text) ?? [];
        expect(Number(high) - Number(low) + 1).toBe(width);
        return Array.from({ length: width }, (_, bit) => Number(low) + bit);
      });
      expect(bits).toEqual(bits.map((_, index) => index));
      expect(text).toMatch(new RegExp(`\\[${bits.length - 1}:0\\] ${vector};`));
    }
    expect(text).toContain('.clk(clk)');
  });
});

describe('the clock period with DSPs', () => {
  const pieces = { registerToRegister: 30, registerToDsp: 4, dspToDsp: 3, dspToRegister: 20 };

  it('is the worst pieces along the longest chain, with the DSPs themselves', () => {
    expect(boundPeriodNs(pieces, 0)).toBe(30);
    expect(boundPeriodNs(pieces, 1)).toBe(4 + 8 + 20);
    expect(boundPeriodNs(pieces, 2)).toBe(4 + 8 + 3 + 8 + 20);
    expect(boundPeriodNs({ ...pieces, registerToRegister: 50 }, 2)).toBe(50);
  });

  it('counts DSPs in a row, through look-up tables and not through registers', () => {
    const cell = (type: string, from: readonly (number | string)[], to: number) => ({
      type,
      port_directions: { A: 'input', O: 'output' },
      connections: { A: from, O: [to] },
    });
    const chain = (...cells: readonly ReturnType<typeof cell>[]) =>
      longestDspChain(JSON.stringify({ modules: { top: { cells: { ...cells } } } }), 'top');
    expect(chain()).toBe(0);
    expect(chain(cell('SB_LUT4', [1, '0'], 2))).toBe(0);
    expect(chain(cell('SB_MAC16', [1], 2), cell('SB_MAC16', [1], 3))).toBe(1);
    expect(chain(cell('SB_MAC16', [1], 2), cell('SB_LUT4', [2], 3), cell('SB_MAC16', ['x', 3], 4))).toBe(2);
    expect(chain(cell('SB_MAC16', [1], 2), cell('SB_DFF', [2], 3), cell('SB_MAC16', [3], 4))).toBe(1);
  });
});
