import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chaptersOf } from '../../synth/report/figures.ts';
import { paretoFront } from '../../synth/report/model.ts';
import { closeScaleFor, scaleFor, withoutCoveredLabels } from '../../synth/report/panel.ts';
import { significant } from '../../synth/report/text.ts';
import { type ReportFile, reportFiles } from '../../synth/report.ts';
import type { AsicMetrics, Ice40Metrics, SweepReport, SweepResult } from '../../synth/result.ts';
import { xmlFault } from '../support/markup.ts';
import { LIBRARIES, syntheticReport } from '../support/sweep-report.ts';

const FULL = syntheticReport();
const FILES = reportFiles(FULL);
const MARKDOWN = textOf(FILES, 'report.md');

describe('the tables', () => {
  const asic = FULL.results.flatMap((result) =>
    result.status === 'done' && 'areaUm2' in result.metrics ? [{ ...result, metrics: result.metrics }] : [],
  );
  const ice40 = FULL.results.flatMap((result) =>
    result.status === 'done' && 'logicCells' in result.metrics
      ? [{ ...result, metrics: result.metrics }]
      : [],
  );

  it.each(LIBRARIES.map(({ name }) => name))('give every point of %s, with right ratios', (library) => {
    const rows = rowsAfter(MARKDOWN, `**Points in ${library}**`);
    const points = asic.filter(({ target }) => target.kind === 'asic' && target.library === library);
    expect(rows).toHaveLength(points.length);
    for (const point of points) {
      const row = rows.find(
        (one) =>
          one.get('MACs') === `${point.macs}` &&
          one.get('k') === `${point.k}` &&
          one.get('arch') === point.arch &&
          one.get('pipeline') === `${point.pipeline}`,
      );
      const metricsOf = (arch: string, k: number): AsicMetrics | undefined =>
        points.find(
          (one) =>
            one.macs === point.macs && one.pipeline === point.pipeline && one.arch === arch && one.k === k,
        )?.metrics;
      const { metrics } = point;
      const plain32 = metricsOf('plain', 32);
      const plain = metricsOf('plain', point.k);
      if (!row || !plain32 || !plain) throw new Error(`no row for ${JSON.stringify(point)}`);
      const product = (one: AsicMetrics) => one.areaUm2 * one.criticalPathPs;
      closeTo(row.get('area (um2)'), metrics.areaUm2, 1e-4);
      closeTo(row.get('area (GE)'), metrics.areaGe, 1e-3);
      closeTo(row.get('critical path (ps)'), metrics.criticalPathPs, 0.01);
      closeTo(row.get('critical path (FO4)'), metrics.criticalPathFo4, 0.02);
      closeTo(row.get('area-delay (um2 ns)'), product(metrics) / 1000, 1e-4);
      near(row.get('of it registers (%)'), (100 * metrics.sequentialAreaUm2) / metrics.areaUm2, 0.051);
      near(row.get('area against plain k=32 (%)'), 100 * (metrics.areaUm2 / plain32.areaUm2 - 1), 0.051);
      near(
        row.get('path against plain k=32 (%)'),
        100 * (metrics.criticalPathPs / plain32.criticalPathPs - 1),
        0.051,
      );
      near(row.get('area-delay gain on plain k=32 (times)'), product(plain32) / product(metrics), 0.0051);
      near(row.get('area-delay gain on plain, same k (times)'), product(plain) / product(metrics), 0.0051);
      expect(row.get('critical path from')).toBe(metrics.startPoint);
      const rivals = points.filter(({ macs, k }) => macs === point.macs && k === point.k);
      const beaten = rivals.some((rival) => dominates(rival.metrics, metrics));
      expect(row.get('on the front')).toBe(beaten ? '–' : 'yes');
    }
  });

  it('give every FPGA point, with right ratios', () => {
    const rows = rowsAfter(MARKDOWN, '**Points on ice40 hx8k**');
    const points = ice40.filter(({ target }) => target.kind === 'ice40' && target.device === 'hx8k');
    expect(rows).toHaveLength(points.length);
    for (const { macs, k, arch, metrics } of points) {
      const row = rows.find(
        (one) => one.get('MACs') === `${macs}` && one.get('k') === `${k}` && one.get('arch') === arch,
      );
      if (!row) throw new Error('no row');
      const plain32 = points.find(
        (one) => one.macs === macs && one.k === 32 && one.arch === 'plain',
      )?.metrics;
      expect(row.get('logic cells')).toBe(`${metrics.logicCells}`);
      near(row.get('fmax, median (MHz)'), metrics.fmaxMhzMedian, 0.0051);
      near(row.get('fmax, least (MHz)'), metrics.fmaxMhzMin, 0.0051);
      near(row.get('fmax, greatest (MHz)'), metrics.fmaxMhzMax, 0.0051);
      const product = (one: Ice40Metrics) => one.logicCells / one.fmaxMhzMedian;
      const gain = row.get('cells-delay gain on plain k=32 (times)');
      if (plain32) near(gain, product(plain32) / product(metrics), 0.0051);
      else expect(gain).toBe('–');
    }
  });

  it('put the figures beside those of the paper', () => {
    const rows = rowsAfter(MARKDOWN, '## Against the paper');
    expect(rows.slice(0, 3).map((row) => row.get('area, k 32 to 4 (%)'))).toEqual([
      '-58.5',
      '-47.5',
      '-34.8',
    ]);
    const asap7 = rows.filter((row) => row.get('library') === 'asap7_rvt_tt' && row.get('arch') === 'plain');
    const change = asap7.map((row) => Number(row.get('area, k 32 to 4 (%)')));
    for (const [index, expected] of [-57.2, -46.8, -34.8].entries()) {
      expect(Math.abs((change[index] ?? 0) - expected)).toBeLessThan(0.3);
    }
  });

  it('hold numbers that parse back, units above them', () => {
    let numbers = 0;
    for (const { header, kinds, rows } of tables(MARKDOWN)) {
      expect(rows.every((row) => row.length === header.length)).toBe(true);
      for (const row of rows) {
        for (const [index, cell] of row.entries()) {
          if (kinds[index] !== '--:' || /^(?:over|nearly|–)/.test(cell)) continue;
          expect(cell).toMatch(/^-?\d+(?:\.\d+)?$/);
          numbers += 1;
        }
      }
    }
    expect(numbers).toBeGreaterThan(5000);
  });

  it('name every failed point and its reason', () => {
    const rows = rowsAfter(MARKDOWN, '## Points that failed');
    expect(rows).toHaveLength(FULL.results.filter(({ status }) => status === 'failed').length);
    expect(MARKDOWN).toContain('does not fit: 18 DSPs, up5k has 8');
  });

  it.each([
    [0.000123456, '0.0001235'],
    [12.3456, '12.35'],
    [123456.7, '123457'],
    [0, '0'],
    [-9.9996, '-10.000'],
  ])('write %d as %s', (value, text) => {
    expect(significant(value)).toBe(text);
  });
});

describe('the Pareto front', () => {
  it('is what comparing every two points finds', () => {
    const point = fc.record({ x: fc.nat(12), y: fc.nat(12) });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 30 }), (points) => {
        const front = paretoFront(
          points,
          ({ x }) => x,
          ({ y }) => y,
        );
        const unbeaten = points.filter(
          (one) =>
            !points.some(
              (other) => other.x <= one.x && other.y <= one.y && (other.x < one.x || other.y < one.y),
            ),
        );
        expect(new Set(front)).toEqual(new Set(unbeaten));
        expect(front).toHaveLength(unbeaten.length);
      }),
    );
  });
});

describe('the plots', () => {
  const plots = FILES.filter(({ name }) => name.endsWith('.svg'));

  it('are well-formed XML, four for each library, two for each FPGA, three for all libraries', () => {
    expect(plots).toHaveLength(4 * 3 + 2 * 2 + 3);
    for (const { name, text } of plots) {
      expect(`${name}: ${xmlFault(text)}`).toBe(`${name}: undefined`);
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('are all shown in report.md', () => {
    const shown = [...MARKDOWN.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map(([, name]) => name);
    expect(shown).toEqual(plots.map(({ name }) => name));
  });

  it('mark the figures of the paper on the scale of each library', () => {
    for (const { name, figures } of chaptersOf(FULL).slice(0, 3)) {
      const panels = figures.find((figure) => figure.name.endsWith('-area'))?.panels ?? [];
      expect(panels.map(({ title }) => title)).toEqual(['4 MACs', '8 MACs', '16 MACs']);
      for (const [index, change] of [-0.585, -0.475, -0.348].entries()) {
        const panel = panels[index];
        const plain = panel?.series.find(({ label }) => label === 'plain');
        const at32 = plain?.points.find(({ x }) => x === 32)?.y ?? Number.NaN;
        expect(panel?.marks).toHaveLength(1);
        expect(panel?.marks[0]?.x).toBe(4);
        expect(panel?.marks[0]?.y).toBeCloseTo(at32 * (1 + change), 6);
      }
      expect(textOf(FILES, `${figures[0]?.name}.svg`)).toContain('paper −58.5 %');
      expect(name).not.toBe('');
    }
  });

  it('have close axes that hold every value and are at most one step longer at either end', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { minLength: 1 }), (values) => {
        const { min, max, step } = closeScaleFor('', values);
        const noise = 1e-9 * max;
        expect(min).toBeLessThanOrEqual(Math.min(...values) + noise);
        expect(max).toBeGreaterThanOrEqual(Math.max(...values) - noise);
        expect(min).toBeGreaterThan(Math.min(...values) - step - noise);
        expect(max).toBeLessThan(Math.max(...values) + step + noise);
        expect(max).toBeGreaterThan(min);
      }),
      { examples: [[[1]], [[0.5, 0.5]]] },
    );
  });

  it('write labels of points that lie close together as one, beside the rightmost', () => {
    const scale = { name: '', min: 0, max: 100, step: 20 };
    const points = [
      { x: 50, y: 50, label: '0' },
      { x: 52, y: 49, label: '1' },
      { x: 52, y: 90, label: '2' },
      { x: 51, y: 51, label: '3' },
    ];
    const labelled = withoutCoveredLabels(points, scale, scale).filter(({ label }) => label !== '');
    expect(labelled).toEqual([
      { x: 52, y: 49, label: '0, 1, 3' },
      { x: 52, y: 90, label: '2' },
    ]);
  });

  it('have axes from zero in round steps that hold every value', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1e-6, max: 1e9, noNaN: true }), { minLength: 1 }), (values) => {
        const { max, step } = scaleFor('', values);
        expect(max).toBeGreaterThanOrEqual(Math.max(...values) * (1 - 1e-12));
        expect(max / step).toBeCloseTo(Math.round(max / step), 6);
        expect(max / step).toBeGreaterThan(2);
        expect(max / step).toBeLessThan(7);
      }),
    );
  });
});

describe('the page', () => {
  const page = textOf(FILES, 'index.html');

  it('refers to nothing outside itself', () => {
    expect(page).not.toMatch(/https?:|\bsrc=|url\(|@import|<link|<script|<iframe/i);
    const links = [...page.matchAll(/href="([^"]*)"/g)].map(([, link]) => link ?? '');
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id ?? '');
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(ids).toContain(link.slice(1));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('holds every plot and every point, for light and dark', () => {
    const panels = page.match(/<svg role="img"/g) ?? [];
    expect(panels).toHaveLength(3 * (3 * 3 + 3 * 3) + 3 * (2 + 3) + 1 * 2);
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('width=device-width');
  });
});

describe('partial data', () => {
  const [asap7] = LIBRARIES;
  if (!asap7) throw new Error('no library');
  const small = { libraries: [asap7], devices: [], macs: [4], pipeline: [0] } as const;
  const odd = { ...asap7, name: 'a "b" <c> & |d|' };
  const cases: Readonly<Record<string, SweepReport>> = {
    'one architecture, no FPGA': syntheticReport({ ...small, arch: ['fast'] }),
    'no 32-bit unit': syntheticReport({ ...small, k: [8, 4] }),
    'a single point': syntheticReport({ ...small, k: [4], arch: ['plain'] }),
    'k = 1 alone': syntheticReport({ ...small, k: [1], arch: ['plain'] }),
    'only an FPGA': syntheticReport({ libraries: [], macs: [4], k: [8, 4] }),
    'MAC counts that the paper has not': syntheticReport({ ...small, macs: [1, 2, 5, 64] }),
    'pipelined units alone': syntheticReport({ ...small, pipeline: [2] }),
    'a name full of markup': syntheticReport({ ...small, libraries: [odd] }),
    'no facts about the library': { ...syntheticReport(small), libraries: [] },
    'no result': { ...FULL, results: [] },
    'nothing but failures': {
      ...FULL,
      results: FULL.results.map(({ macs, k, arch, pipeline, leadingOne, target }): SweepResult => {
        return { macs, k, arch, pipeline, leadingOne, target, status: 'failed', reason: 'a | b\n<c>' };
      }),
    },
  };

  it.each(Object.keys(cases))('%s: makes a whole report', (name) => {
    const report = cases[name];
    if (!report) throw new Error(name);
    const files = reportFiles(report);
    for (const { name: file, text } of files) {
      expect(text).not.toMatch(/NaN|Infinity|undefined/);
      if (file.endsWith('.svg')) expect(`${file}: ${xmlFault(text)}`).toBe(`${file}: undefined`);
      expect(file).toMatch(/^[\w.-]+$/);
    }
    for (const { header, rows } of tables(textOf(files, 'report.md'))) {
      expect(rows.every((row) => row.length === header.length)).toBe(true);
    }
    expect(files.map(({ name: file }) => file).slice(0, 2)).toEqual(['report.md', 'index.html']);
  });

  it('compares with nothing when there is nothing to compare with', () => {
    const report = cases['one architecture, no FPGA'];
    if (!report) throw new Error('no report');
    const [row] = rowsAfter(textOf(reportFiles(report), 'report.md'), '**Points in asap7_rvt_tt**');
    expect(row?.get('area against plain k=32 (%)')).toBe('–');
    expect(row?.get('area-delay gain on plain, same k (times)')).toBe('–');
  });

  it('says when points of a library come from different scripts', () => {
    const report = syntheticReport(small);
    expect(textOf(reportFiles(report), 'report.md')).not.toContain('different scripts');
    const results = report.results.map(
      (result, index): SweepResult =>
        result.status === 'done' && index === 0
          ? { ...result, provenance: { ...result.provenance, script: 'synth; abc -fast' } }
          : result,
    );
    expect(textOf(reportFiles({ ...report, results }), 'report.md')).toContain('2 different scripts');
  });
});

describe('the text', () => {
  it('is the same for the same report, in whatever order the results come', () => {
    expect(reportFiles(FULL)).toEqual(FILES);
    const shuffled = { ...FULL, results: FULL.results.toReversed() };
    expect(reportFiles(shuffled)).toEqual(FILES);
  });
});

function dominates(a: AsicMetrics, b: AsicMetrics): boolean {
  const noWorse = a.areaUm2 <= b.areaUm2 && a.criticalPathPs <= b.criticalPathPs;
  return noWorse && (a.areaUm2 < b.areaUm2 || a.criticalPathPs < b.criticalPathPs);
}

function closeTo(text: string | undefined, value: number, relative: number): void {
  near(text, value, Math.abs(value) * relative);
}

function near(text: string | undefined, value: number, tolerance: number): void {
  expect(Math.abs(Number(text) - value)).toBeLessThanOrEqual(tolerance);
}

function textOf(files: readonly ReportFile[], name: string): string {
  const file = files.find((one) => one.name === name);
  if (!file) throw new Error(`no ${name} among ${files.map((one) => one.name).join(', ')}`);
  return file.text;
}

interface ParsedTable {
  readonly line: number;
  readonly header: readonly string[];
  readonly kinds: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every table of a Markdown text. */
function tables(markdown: string): readonly ParsedTable[] {
  const lines = markdown.split('\n');
  const cells = (line: string) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
  return lines.flatMap((line, index) => {
    if (!/^\| :?--/.test(line)) return [];
    const body = lines.slice(index + 1);
    const end = body.findIndex((one) => !one.startsWith('|'));
    return [
      {
        line: index,
        header: cells(lines[index - 1] ?? ''),
        kinds: cells(line),
        rows: body.slice(0, end < 0 ? body.length : end).map(cells),
      },
    ];
  });
}

/** The rows of the first table behind a line, by the names of columns. */
function rowsAfter(markdown: string, title: string): readonly ReadonlyMap<string, string>[] {
  const start = markdown.split('\n').findIndex((line) => unescaped(line) === title);
  if (start < 0) throw new Error(`no ${title}`);
  const found = tables(markdown).find(({ line }) => line > start);
  return (found?.rows ?? []).map(
    (row) => new Map(row.map((cell, index) => [unescaped(found?.header[index] ?? ''), unescaped(cell)])),
  );
}

function unescaped(markdown: string): string {
  return markdown.replaceAll(/\\(.)/g, '$1');
}
