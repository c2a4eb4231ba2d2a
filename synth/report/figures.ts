/** Which figures a report has, and what is in them. */
import { ARCHITECTURES, type Architecture } from '../../hdl-gen/blocks/parameters.ts';
import type { SweepPoint, SweepReport } from '../result.ts';
import type { Explained, Figure } from './figure.ts';
import {
  type AsicRow,
  alternatives,
  areaDelay,
  asicGroups,
  change,
  type Group,
  gain,
  type Ice40Row,
  ice40Groups,
  PAPER,
  paretoFront,
  plainOf,
  simplest,
  valuesOf,
} from './model.ts';
import {
  closeScaleFor,
  type Panel,
  type Point,
  type Series,
  scaleFor,
  withoutCoveredLabels,
} from './panel.ts';
import { distinct, type SeriesStyle } from './style.ts';
import { slug } from './text.ts';

/** Figures of one library or FPGA, or of all libraries together. */
export interface Chapter {
  readonly name: string;
  readonly figures: readonly Figure[];
}

/** One chapter for each library and FPGA, under its name. */
export function chaptersOf(report: SweepReport): readonly Chapter[] {
  return [
    ...asicGroups(report).map((group) => ({ name: group.name, figures: asicFigures(group) })),
    ...ice40Groups(report).map((group) => ({ name: group.name, figures: ice40Figures(group) })),
  ];
}

/** Every library in one plot, against its own plain 32-bit unit; none when there is only one library. */
export function comparisonFigures(report: SweepReport): readonly Figure[] {
  const libraries = asicGroups(report).map(({ name, rows }) => ({ name, rows: simplest(rows) }));
  if (libraries.length < 2) return [];
  const relative = (value: (row: AsicRow) => number) => (row: AsicRow, rows: readonly AsicRow[]) => {
    const fraction = change(value(row), maybe(value, plainOf(rows, row, 32)));
    return fraction === undefined ? undefined : 100 * (1 + fraction);
  };
  return [
    {
      name: 'libraries-area',
      title: 'Area against the plain 32-bit unit, all libraries',
      caption:
        `The paper's curve ends at the ring: ${paperAreas()} for 4, 8 and 16 MACs, k from 32 to 4. ` +
        'Each library is measured by its own plain 32-bit unit (100 %).',
      panels: libraryPanels(libraries, '% of plain 32-bit', relative(areaOf), paperAreaPercent),
    },
    {
      name: 'libraries-path',
      title: 'Critical path against the plain 32-bit unit, all libraries',
      caption:
        'The paper says “nearly 50 %” shorter for k from 32 to 4, for all MAC counts (ring). ' +
        'Each library is measured by its own plain 32-bit unit (100 %).',
      panels: libraryPanels(libraries, '% of plain 32-bit', relative(pathOf), () => [{ x: 4, y: 50 }]),
    },
    {
      name: 'libraries-adp',
      title: 'Area-delay product: times better than the plain 32-bit unit, all libraries',
      caption:
        'More is better. The paper says over 2 for k = 8 and over 4 for k = 4 (rings). ' +
        'Each library is measured by its own plain 32-bit unit (1).',
      panels: libraryPanels(
        libraries,
        'times better',
        (row, rows) => gain(areaDelay(row.metrics), maybe(adpOf, plainOf(rows, row, 32))),
        () => [
          { x: 8, y: 2 },
          { x: 4, y: 4 },
        ],
      ),
    },
  ].filter(hasPoints);
}

function asicFigures({ name, rows }: Group<AsicRow>): readonly Figure[] {
  const shown = simplest(rows);
  const said = choicesOf(shown);
  const file = slug(name);
  return [
    {
      name: `${file}-area`,
      title: `Area over k, ${name}`,
      caption:
        `${said}, pre-layout; as Fig. 4 of the paper, whose figures (${paperAreas()} for 4, 8 and 16 MACs, k from ` +
        '32 to 4) are marked by rings, taken off the plain 32-bit unit of this library.',
      panels: kPanels(shown, 'area, µm²', areaOf, (of) => ({
        marks: paperArea(of),
        notes: changeNotes(of, areaOf, PAPER.areaChange.get(of[0]?.macs ?? 0)),
      })),
    },
    {
      name: `${file}-path`,
      title: `Critical path over k, ${name}`,
      caption: `${said}, pre-layout, after buffering and sizing. The paper says “nearly 50 %” shorter for k from 32 to 4.`,
      panels: kPanels(shown, 'critical path, ns', pathOf, (of) => ({
        marks: [],
        notes: changeNotes(of, pathOf, undefined),
      })),
    },
    {
      name: `${file}-adp`,
      title: `Area-delay product over k, ${name}`,
      caption: `${said}, pre-layout; less is better. The paper says over 2 times better for k = 8 and over 4 for k = 4.`,
      panels: kPanels(shown, 'area × path, µm² ns', adpOf, (of) => ({ marks: [], notes: gainNotes(of) })),
    },
    paretoFigure(name, rows),
  ].filter(hasPoints);
}

function ice40Figures({ name, rows }: Group<Ice40Row>): readonly Figure[] {
  const shown = simplest(rows);
  const said = choicesOf(shown);
  const file = slug(name);
  const dsps = rows.some(({ metrics }) => metrics.dsps > 0);
  return [
    {
      name: `${file}-cells`,
      title: `Logic cells over k, ${name}`,
      caption: `${said}; the unit alone, packed by nextpnr${dsps ? '; multiplications in DSPs are not in the cells' : ''}.`,
      panels: kPanels(
        shown,
        'logic cells',
        ({ metrics }) => metrics.logicCells,
        (of) => ({
          marks: [],
          notes: changeNotes(of, ({ metrics }) => metrics.logicCells, undefined),
        }),
      ),
    },
    {
      name: `${file}-fmax`,
      title: `Clock over k, ${name}`,
      caption: `${said}; median over placements with different seeds, bars from the slowest to the fastest${dsps ? '; with DSPs a lower bound' : ''}.`,
      panels: kPanels(
        shown,
        'fmax, MHz',
        ({ metrics }) => metrics.fmaxMhzMedian,
        () => ({ marks: [], notes: [] }),
        ({ metrics }) => [metrics.fmaxMhzMin, metrics.fmaxMhzMax],
      ),
    },
  ].filter(hasPoints);
}

const ARCHITECTURE_STYLE: Readonly<Record<Architecture, SeriesStyle>> = {
  plain: { colour: 'blue', symbol: 'circle', dashed: true },
  fast: { colour: 'vermilion', symbol: 'diamond', dashed: false },
};

interface Extras {
  readonly marks: readonly Point[];
  readonly notes: readonly string[];
}

/** A panel for each MAC count with a curve over k for each architecture, all to one scale. */
function kPanels<Row extends SweepPoint>(
  rows: readonly Row[],
  unit: string,
  value: (row: Row) => number,
  extras: (rows: readonly Row[]) => Extras,
  range?: (row: Row) => readonly [number, number],
): readonly Panel[] {
  const y = scaleFor(
    unit,
    rows.map((row) => range?.(row)[1] ?? value(row)),
  );
  return valuesOf(rows, ({ macs }) => macs).map((macs) => {
    const of = rows.filter((row) => row.macs === macs);
    return {
      title: `${macs} MACs`,
      height: 310,
      series: architecturesOf(of).map((arch) => ({
        label: arch,
        style: ARCHITECTURE_STYLE[arch],
        join: 'straight',
        points: of
          .filter((row) => row.arch === arch)
          .map((row) => ({ x: row.k, y: value(row), ...(range ? { range: range(row) } : {}) })),
      })),
      ...extras(of),
      x: { kind: 'k', widths: valuesOf(rows, ({ k }) => k) },
      y,
    };
  });
}

/** A panel for each MAC count with a curve for each library and architecture. */
function libraryPanels(
  libraries: readonly Group<AsicRow>[],
  unit: string,
  value: (row: AsicRow, rows: readonly AsicRow[]) => number | undefined,
  marks: (macs: number) => readonly Point[],
): readonly Panel[] {
  const all = libraries.flatMap(({ rows }) => rows);
  const panels = valuesOf(all, ({ macs }) => macs)
    .toSorted((a, b) => a - b)
    .map((macs) => {
      const series = libraries.flatMap(({ name, rows }, index): readonly Series[] => {
        const of = rows.filter((row) => row.macs === macs);
        return architecturesOf(of).map((arch) => ({
          label: `${name}, ${arch}`,
          style: { ...distinct(index), dashed: ARCHITECTURE_STYLE[arch].dashed },
          join: 'straight',
          points: of
            .filter((row) => row.arch === arch)
            .flatMap((row) => {
              const y = value(row, of);
              return y === undefined ? [] : [{ x: row.k, y }];
            }),
        }));
      });
      return { macs, series, marks: marks(macs) };
    });
  const points = panels.flatMap((panel) => [...panel.series.flatMap(({ points }) => points), ...panel.marks]);
  const y = scaleFor(
    unit,
    points.map((point) => point.y),
  );
  return panels.map(({ macs, series, marks }) => ({
    title: `${macs} MACs`,
    height: 310,
    series,
    marks: series.some(({ points }) => points.length > 0) ? marks : [],
    notes: [],
    x: { kind: 'k', widths: valuesOf(all, ({ k }) => k) },
    y,
  }));
}

function paretoFigure(name: string, rows: readonly AsicRow[]): Figure {
  const pipelined = valuesOf(rows, ({ pipeline }) => pipeline).length > 1;
  return {
    name: `${slug(name)}-pareto`,
    title: `Area against delay, ${name}`,
    ...(pipelined
      ? {
          caption:
            'Lower left is better; the axes do not start at zero. The numbers are pipeline stages, and the steps ' +
            'join the circuits that no other beats in both.',
          panels: pipelinePanels(rows),
        }
      : {
          caption:
            'Lower left is better. For each k, the steps join the circuits that no other beats in both.',
          panels: widthPanels(rows),
          legend: widthLegend(rows),
        }),
  };
}

/** A panel for each MAC count: the points of some widths, and the front of each width. */
function widthPanels(rows: readonly AsicRow[]): readonly Panel[] {
  const widths = widthsToShow(rows);
  const shown = rows.filter(({ k }) => widths.includes(k));
  const path = scaleFor('critical path, ns', shown.map(pathOf));
  const area = scaleFor('area, µm²', shown.map(areaOf));
  return valuesOf(shown, ({ macs }) => macs).map((macs) => ({
    title: `${macs} MACs`,
    height: 440,
    series: widths.flatMap((k, index): readonly Series[] => {
      const candidates = shown.filter((row) => row.macs === macs && row.k === k);
      const { colour } = distinct(index);
      const clouds = architecturesOf(candidates).map(
        (arch): Series => ({
          label: `k = ${k}, ${arch}`,
          style: { ...ARCHITECTURE_STYLE[arch], colour },
          join: 'none',
          points: candidates
            .filter((row) => row.arch === arch)
            .map((row) => ({ x: pathOf(row), y: areaOf(row) })),
        }),
      );
      return [frontSeries(`front of k = ${k}`, colour, candidates), ...clouds];
    }),
    marks: [],
    notes: [],
    x: { kind: 'linear', ...path },
    y: area,
  }));
}

/** Colours stand for k, shapes for architectures. */
function widthLegend(rows: readonly AsicRow[]): readonly Explained[] {
  return [
    ...widthsToShow(rows).map((k, index) => frontSeries(`k = ${k}`, distinct(index).colour, [])),
    ...architecturesOf(rows).map(
      (arch): Explained => ({
        label: arch,
        style: { ...ARCHITECTURE_STYLE[arch], colour: 'ink' },
        join: 'none',
      }),
    ),
  ];
}

/** A panel for each MAC count and width, each to its own scale: pipeline depths lie close together. */
function pipelinePanels(rows: readonly AsicRow[]): readonly Panel[] {
  const widths = widthsToShow(rows);
  return valuesOf(rows, ({ macs }) => macs).flatMap((macs) =>
    widths.flatMap((k): readonly Panel[] => {
      const shown = rows.filter((row) => row.macs === macs && row.k === k);
      if (shown.length === 0) return [];
      const path = closeScaleFor('critical path, ns', shown.map(pathOf));
      const area = closeScaleFor('area, µm²', shown.map(areaOf));
      const clouds = architecturesOf(shown).map(
        (arch): Series => ({
          label: arch,
          style: ARCHITECTURE_STYLE[arch],
          join: 'none',
          points: withoutCoveredLabels(
            shown
              .filter((row) => row.arch === arch)
              .map((row) => ({ x: pathOf(row), y: areaOf(row), label: String(row.pipeline) })),
            path,
            area,
          ),
        }),
      );
      return [
        {
          title: `${macs} MACs, k = ${k}`,
          height: 360,
          series: [frontSeries('front', 'ink', shown), ...clouds],
          marks: [],
          notes: [],
          x: { kind: 'linear', ...path },
          y: area,
        },
      ];
    }),
  );
}

/** Through those of the rows, all of one k and MAC count, that no other beats in both. */
function frontSeries(label: string, colour: SeriesStyle['colour'], rows: readonly AsicRow[]): Series {
  const [first] = rows;
  const front = first ? paretoFront(alternatives(rows, first), pathOf, areaOf) : [];
  return {
    label,
    style: { colour, symbol: 'none', dashed: false },
    join: 'step',
    points: front.map((row) => ({ x: pathOf(row), y: areaOf(row) })),
  };
}

/** At most three widths, the ones that are talked about first. */
function widthsToShow(rows: readonly AsicRow[]): readonly number[] {
  const widths = valuesOf(rows, ({ k }) => k);
  const known = [32, 8, 4].filter((k) => widths.includes(k));
  const others = widths.filter((k) => !known.includes(k));
  return [...known, ...others].slice(0, 3).toSorted((a, b) => b - a);
}

function areaOf({ metrics }: AsicRow): number {
  return metrics.areaUm2;
}

function pathOf({ metrics }: AsicRow): number {
  return metrics.criticalPathPs / 1000;
}

function adpOf({ metrics }: AsicRow): number {
  return areaDelay(metrics);
}

function architecturesOf(rows: readonly SweepPoint[]): readonly Architecture[] {
  return ARCHITECTURES.filter((arch) => rows.some((row) => row.arch === arch));
}

/** The paper's area on this library's scale: off the plain 32-bit unit. */
function paperArea(rows: readonly AsicRow[]): readonly Point[] {
  const macs = rows[0]?.macs ?? 0;
  const fraction = PAPER.areaChange.get(macs);
  const reference = rows.find(({ arch, k }) => arch === 'plain' && k === 32);
  if (fraction === undefined || reference === undefined) return [];
  return [{ x: 4, y: areaOf(reference) * (1 + fraction) }];
}

function paperAreaPercent(macs: number): readonly Point[] {
  const fraction = PAPER.areaChange.get(macs);
  return fraction === undefined ? [] : [{ x: 4, y: 100 * (1 + fraction) }];
}

function paperAreas(): string {
  return [...PAPER.areaChange.values()].map(signedPercent).join(', ');
}

/** How much less each architecture needs at k = 4 than at k = 32. */
function changeNotes<Row extends SweepPoint>(
  rows: readonly Row[],
  value: (row: Row) => number,
  paper: number | undefined,
): readonly string[] {
  const lines = architecturesOf(rows).flatMap((arch) => {
    const [at32, at4] = [32, 4].map((k) => rows.find((row) => row.arch === arch && row.k === k));
    return at32 && at4 ? [`${arch} ${signedPercent(value(at4) / value(at32) - 1)}`] : [];
  });
  if (lines.length === 0) return [];
  return ['k from 32 to 4:', ...(paper === undefined ? [] : [`paper ${signedPercent(paper)}`]), ...lines];
}

function gainNotes(rows: readonly AsicRow[]): readonly string[] {
  const lines = [8, 4].flatMap((k) => {
    const gains = architecturesOf(rows).flatMap((arch) => {
      const row = rows.find((one) => one.arch === arch && one.k === k);
      const times = row && gain(adpOf(row), maybe(adpOf, plainOf(rows, row, 32)));
      return times === undefined ? [] : [`${arch} ${times.toFixed(2)}`];
    });
    return gains.length === 0 ? [] : [`k = ${k}: ${gains.join(', ')}`];
  });
  return lines.length === 0 ? [] : ['times better than plain 32:', ...lines];
}

function signedPercent(fraction: number): string {
  const text = Math.abs(fraction * 100).toFixed(1);
  return `${fraction < 0 ? '−' : '+'}${text} %`;
}

function choicesOf(rows: readonly SweepPoint[]): string {
  const [first] = rows;
  return first ? `Pipeline ${first.pipeline}, leading one ${first.leadingOne}` : '';
}

function maybe<T>(value: (item: T) => number, item: T | undefined): number | undefined {
  return item === undefined ? undefined : value(item);
}

function hasPoints({ panels }: Figure): boolean {
  return panels.some(({ series }) => series.some(({ points }) => points.length > 0));
}
