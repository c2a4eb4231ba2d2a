import { beforeAll, describe, expect, test } from 'vitest';
import { type AsicPoint, runAsic } from '../../synth/asic.ts';
import { cellLibrary } from '../../synth/cell-library.ts';
import { genericLibrary } from '../../synth/generic-library.ts';
import { libertyText, parseLiberty, printLiberty, readLiberty } from '../../synth/liberty.ts';
import { type LoadedLibrary, loadLibraries } from '../../synth/libraries.ts';
import type { AsicMetrics, SweepResult } from '../../synth/result.ts';
import { REAL_LIBRARIES } from '../support/liberty.ts';
import { LONG } from '../support/long.ts';

const GENERIC: LoadedLibrary = { ...cellLibrary(genericLibrary(), 'generic'), sha256: '' };

function pointFor(library: LoadedLibrary, options: Partial<AsicPoint>): AsicPoint {
  const target = { kind: 'asic', library: library.facts.name } as const;
  return { macs: 1, k: 2, arch: 'plain', pipeline: 0, leadingOne: 'explicit', target, ...options };
}

function metricsOf(result: SweepResult): AsicMetrics {
  if (result.status === 'failed') throw new Error(result.reason);
  return result.metrics as AsicMetrics;
}

describe('a point', () => {
  let result: SweepResult;
  let metrics: AsicMetrics;
  beforeAll(async () => {
    result = await runAsic(pointFor(GENERIC, {}), GENERIC);
    metrics = metricsOf(result);
  }, 120_000);

  test('has the flip-flops that the design has, and their area', () => {
    const accumulator = 32 + 1;
    const parameters = 2 + Math.ceil(Math.log2(24 + 2 + 1)) + 3 * 8;
    const outputs = 8 + 2;
    const flipFlops = accumulator + parameters + outputs;
    expect(metrics.cellCounts['DFF_X1']).toBe(flipFlops);
    expect(metrics.sequentialAreaUm2).toBe(flipFlops * (GENERIC.areaUm2['DFF_X1'] ?? 0));
  });

  test('has the area of its cells', () => {
    const area = Object.entries(metrics.cellCounts).reduce(
      (sum, [cell, count]) => sum + count * (GENERIC.areaUm2[cell] ?? Number.NaN),
      0,
    );
    expect(metrics.areaUm2).toBeCloseTo(area, 6);
    expect(metrics.sequentialAreaUm2 + metrics.combinationalAreaUm2).toBeCloseTo(area, 6);
    expect(metrics.areaGe).toBeCloseTo(area / GENERIC.facts.nand2AreaUm2, 6);
    // An 8 x 8 multiplier alone has 64 partial products and about 56 full adders of 5 GE or more.
    expect(metrics.areaGe).toBeGreaterThan(64 + 56 * 5);
    expect(metrics.areaGe).toBeLessThan(10_000);
  });

  test('has a critical path between registers or ports that the Verilog names', () => {
    expect(metrics.criticalPathFo4).toBeCloseTo(metrics.criticalPathPs / GENERIC.facts.fo4Ps, 6);
    expect(metrics.criticalPathFo4).toBeGreaterThan(20);
    expect(metrics.criticalPathFo4).toBeLessThan(150);
    const ports = ['in_valid', 'in_last', 'rst', 'x', 'w', 'bias'];
    const registers = ['acc', 'fresh', 'last_multiplier', 'last_shift', 'last_zero_point', 'last_act_min'];
    const starts = [...ports, ...registers, 'last_act_max', 'result_valid', 'valid_stage0'];
    expect(starts).toContain(metrics.startPoint.replace(/\[\d+\]$/, ''));
    expect(['acc', 'result']).toContain(metrics.endPoint.replace(/\[\d+\]$/, ''));
  });

  test('says what it depends on', () => {
    if (result.status === 'failed') throw new Error(result.reason);
    const { tools, script, inputs } = result.provenance;
    expect(tools).toEqual([expect.stringMatching(/^@yowasp\/yosys \d/)]);
    expect(script).toContain('stime');
    expect(Object.keys(inputs)).toEqual(
      expect.arrayContaining([
        'dot_product_unit.v',
        'rescaler.v',
        'generic_logical_effort',
        'library.constr',
      ]),
    );
  });

  test('is the same every time', async () => {
    expect(await runAsic(pointFor(GENERIC, {}), GENERIC)).toEqual(result);
  });

  test('that cannot be synthesized says why', async () => {
    const broken = { ...GENERIC, timing: 'library (broken) { }' };
    const failed = await runAsic(pointFor(GENERIC, {}), broken);
    expect(failed).toMatchObject({ status: 'failed', macs: 1, reason: expect.stringMatching(/\S/) });
  });
});

const [smallest] = REAL_LIBRARIES;
/** Of the generic library against a real one, in what k = 2 is to k = 8, and in gate equivalents. */
const TOLERANCE = 0.08;

const NO_LIBRARIES = 'skipped: no libraries in /work/shared/liberty:';

test.skipIf(smallest === undefined)(
  `${smallest ? '' : NO_LIBRARIES} a library cut down to what the tools read gives what the whole library does`,
  LONG,
  async () => {
    const path = smallest ?? '';
    const text = libertyText(readLiberty(path), path);
    const library = { ...cellLibrary(text, path), sha256: '' };
    const everything = { has: () => true } as unknown as ReadonlySet<string>;
    const whole = printLiberty(parseLiberty(text, path, everything));
    const point = pointFor(library, { k: 1 });
    const lean = metricsOf(await runAsic(point, library));
    expect(metricsOf(await runAsic(point, { ...library, cells: whole, timing: whole }))).toEqual(lean);
  },
);

test.skipIf(REAL_LIBRARIES.length === 0)(
  `${smallest ? '' : NO_LIBRARIES} the generic library agrees with real ones in ratios`,
  LONG,
  async () => {
    const libraries = [GENERIC, ...(await loadLibraries(REAL_LIBRARIES, false)).values()];
    const ratios = [];
    for (const library of libraries) {
      const wide = metricsOf(await runAsic(pointFor(library, { k: 8 }), library));
      const narrow = metricsOf(await runAsic(pointFor(library, { k: 2 }), library));
      const area = narrow.areaUm2 / wide.areaUm2;
      const delay = narrow.criticalPathPs / wide.criticalPathPs;
      ratios.push({ name: library.facts.name, area, delay, product: area * delay, gates: wide.areaGe });
    }
    const [generic, ...real] = ratios;
    if (generic === undefined) throw new Error('no generic library');
    for (const other of real) {
      for (const quantity of ['area', 'delay', 'product', 'gates'] as const) {
        const deviation = generic[quantity] / other[quantity] - 1;
        expect(Math.abs(deviation), `${quantity} against ${other.name}`).toBeLessThan(TOLERANCE);
      }
    }
  },
);
