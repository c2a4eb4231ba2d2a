/**
 * One pair of axes with its curves, drawn by ECharts as SVG text without a browser.
 */
import {
  CustomChart,
  type CustomSeriesOption,
  LineChart,
  type LineSeriesOption,
  ScatterChart,
  type ScatterSeriesOption,
} from 'echarts/charts';
import { GraphicComponent, GridComponent, TitleComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { COLOURS, FONT, type SeriesStyle } from './style.ts';

use([CustomChart, GraphicComponent, GridComponent, LineChart, ScatterChart, SVGRenderer, TitleComponent]);

export const PANEL_WIDTH = 400;

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Ends of an error bar. */
  readonly range?: readonly [low: number, high: number];
  /** Beside its symbol. */
  readonly label?: string;
}

export interface Series {
  readonly label: string;
  readonly style: SeriesStyle;
  readonly points: readonly Point[];
  /** How points are joined: a step holds its value until the next point. */
  readonly join: 'straight' | 'step' | 'none';
}

export interface Panel {
  readonly title: string;
  readonly height: number;
  readonly series: readonly Series[];
  /** Figures of the paper. */
  readonly marks: readonly Point[];
  /** Lines of text in the upper right corner. */
  readonly notes: readonly string[];
  readonly x: XAxis;
  readonly y: Scale;
}

/** Both ends are whole numbers of steps. */
export interface Scale {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

export type XAxis =
  /** Widths of the multiplier, falling, so that each step right halves it. */
  { readonly kind: 'k'; readonly widths: readonly number[] } | ({ readonly kind: 'linear' } & Scale);

/** Panels stand in a file and on the page, and drawing takes longer than anything else in a report. */
const drawn = new WeakMap<Panel, string>();

/** The panel as an SVG element. The same panel gives the same text. */
export function drawPanel(panel: Panel): string {
  const known = drawn.get(panel);
  if (known !== undefined) return known;
  const svg = draw(panel);
  drawn.set(panel, svg);
  return svg;
}

function draw(panel: Panel): string {
  const chart = init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: PANEL_WIDTH,
    height: panel.height,
  });
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: FONT, fontSize: 13, color: COLOURS.ink.light },
      title: {
        text: `{title|${panel.title}}{unit|${panel.y.name}}`,
        left: 6,
        top: 2,
        textStyle: {
          rich: {
            title: { fontSize: 15, fontWeight: 'bold', color: COLOURS.ink.light },
            unit: {
              fontSize: 13,
              fontWeight: 'normal',
              color: COLOURS.muted.light,
              // Wider for longer titles, because ECharts takes bold text for narrower than it is.
              padding: [0, 0, 0, 8 + 1.5 * panel.title.length],
            },
          },
        },
      },
      grid: { left: 52, right: 16, top: 36, bottom: 50 },
      xAxis: xAxis(panel.x),
      yAxis: {
        type: 'value',
        min: panel.y.min,
        max: panel.y.max,
        interval: panel.y.step,
        axisLine: { show: false },
        axisTick: { show: false },
        axisLabel: { ...AXIS_TEXT, formatter: shortNumber },
        splitLine: { lineStyle: { color: COLOURS.line.light } },
      },
      graphic: panel.notes.map((text, line) => ({
        type: 'text',
        silent: true,
        right: 20,
        top: 40 + 17 * line,
        style: {
          text,
          font: `12.5px ${FONT}`,
          fill: COLOURS.ink.light,
          textAlign: 'right',
          backgroundColor: COLOURS.surface.light,
        },
      })),
      series: [...panel.series.flatMap(seriesOptions), ...markOptions(panel.marks)],
    });
    return stripped(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
}

const AXIS_TEXT = { color: COLOURS.muted.light, fontSize: 13, fontFamily: FONT };

function xAxis(axis: XAxis) {
  const shared = {
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: AXIS_TEXT,
    axisLabel: { ...AXIS_TEXT, formatter: shortNumber },
    axisLine: { lineStyle: { color: COLOURS.muted.light }, onZero: false },
    axisTick: { lineStyle: { color: COLOURS.muted.light } },
    splitLine: { show: false },
  } as const;
  if (axis.kind === 'linear') {
    return {
      ...shared,
      type: 'value',
      name: axis.name,
      min: axis.min,
      max: axis.max,
      interval: axis.step,
    } as const;
  }
  const octaves = axis.widths.map((k) => Math.log2(k));
  const least = Math.floor(Math.min(...octaves));
  const greatest = Math.ceil(Math.max(...octaves));
  return {
    ...shared,
    type: 'log',
    logBase: 2,
    inverse: true,
    name: 'k: bits of the multiplier, log scale',
    min: 2 ** least,
    max: 2 ** (greatest > least ? greatest : least + 1),
  } as const;
}

type SeriesOption = CustomSeriesOption | LineSeriesOption | ScatterSeriesOption;

function seriesOptions({ style, points, join }: Series): readonly SeriesOption[] {
  const color = COLOURS[style.colour].light;
  const data = points.map(({ x, y, label }) => ({
    value: [x, y],
    ...(label === undefined ? {} : { label: { show: true, formatter: label } }),
  }));
  const line: LineSeriesOption = {
    type: 'line',
    silent: true,
    clip: false,
    data,
    symbol: style.symbol,
    symbolSize: symbolSize(style),
    showAllSymbol: true,
    itemStyle: { color, borderColor: COLOURS.surface.light, borderWidth: 1 },
    lineStyle: { color, width: join === 'none' ? 0 : 2, type: style.dashed ? [6, 4] : 'solid' },
    label: {
      position: 'right',
      fontSize: 12,
      fontWeight: 'bold',
      color,
      textBorderColor: COLOURS.surface.light,
      textBorderWidth: 3,
    },
    ...(join === 'step' ? { step: 'end' } : {}),
  };
  const bars = points.flatMap(({ x, range }) => (range === undefined ? [] : [[x, ...range]]));
  return bars.length === 0 ? [line] : [errorBars(bars, color), line];
}

/** Diamonds and triangles look smaller than they are. */
function symbolSize({ symbol }: SeriesStyle): number {
  return symbol === 'circle' || symbol === 'rect' ? 8 : 10;
}

function errorBars(data: readonly number[][], color: string): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    clip: false,
    data: [...data],
    renderItem: (_, api) => {
      const x = Number(api.value(0));
      const [column = 0, bottom = 0] = api.coord([x, api.value(1)]);
      const [, top = 0] = api.coord([x, api.value(2)]);
      const stroke = { style: { stroke: color, lineWidth: 1.5 } };
      const across = (y: number) => ({
        type: 'line' as const,
        shape: { x1: column - 5, y1: y, x2: column + 5, y2: y },
        ...stroke,
      });
      const bar = {
        type: 'line' as const,
        shape: { x1: column, y1: bottom, x2: column, y2: top },
        ...stroke,
      };
      return { type: 'group', children: [bar, across(bottom), across(top)] };
    },
  };
}

/** Hollow, so that a curve that goes through shows. */
function markOptions(marks: readonly Point[]): readonly SeriesOption[] {
  if (marks.length === 0) return [];
  return [
    {
      type: 'scatter',
      silent: true,
      clip: false,
      z: 5,
      data: marks.map(({ x, y }) => [x, y]),
      symbol: 'circle',
      symbolSize: 17,
      itemStyle: { color: 'none', borderColor: COLOURS.ink.light, borderWidth: 2 },
    },
  ];
}

/** A scale from zero that holds all values, in four to six round steps or so. */
export function scaleFor(name: string, values: readonly number[]): Scale {
  const greatest = values.reduce((most, value) => Math.max(most, value), 0) || 1;
  const step = roundStep(greatest / 5);
  return { name, step, min: 0, max: Math.ceil(greatest / step) * step };
}

/** A scale that holds all values and little else; not from zero. Values must be positive. */
export function closeScaleFor(name: string, values: readonly number[]): Scale {
  const least = Math.min(...values);
  const greatest = Math.max(...values);
  const step = roundStep((greatest - least || greatest) / 5);
  const first = Math.floor(least / step);
  // A single value may be a whole number of steps.
  const last = Math.max(Math.ceil(greatest / step), first + 1);
  return { name, step, min: first * step, max: last * step };
}

/** A label that would cover another of the same curve is written with it, beside the rightmost of their points. */
export function withoutCoveredLabels(points: readonly Point[], x: Scale, y: Scale): readonly Point[] {
  const near = (a: number, b: number, scale: Scale) => Math.abs(a - b) < 0.05 * (scale.max - scale.min);
  const groups: Point[][] = [];
  for (const point of points) {
    const group = groups.find((members) =>
      members.some((member) => near(member.x, point.x, x) && near(member.y, point.y, y)),
    );
    if (group) group.push(point);
    else groups.push([point]);
  }
  return groups.flatMap((group) => {
    const label = group.flatMap((point) => point.label ?? []).join(', ');
    const rightmost = group.reduce((most, point) => (point.x > most.x ? point : most));
    return group.map((point) => ({ ...point, label: point === rightmost ? label : '' }));
  });
}

/** The least round number that is no less than this one. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 2.5, 3, 4, 5].find((factor) => factor * power >= least) ?? 10) * power;
}

function shortNumber(value: number): string {
  const [scaled, suffix] = Math.abs(value) >= 10_000 ? [value / 1000, 'k'] : [value, ''];
  return `${Number(scaled.toPrecision(4))}${suffix}`;
}

/**
 * Without what only matters to a mouse, and without clip paths, whose names count up with every chart and which
 * clip nothing here.
 */
function stripped(svg: string): string {
  return svg
    .replaceAll(' dominant-baseline="central"', ' dy="0.35em"') // which more programs understand
    .replaceAll(/<defs\s*>.*?<\/defs>\n?/gs, '')
    .replaceAll(/<style[^>]*>.*?<\/style>\n?/gs, '')
    .replaceAll(/ (?:class|clip-path|xmlns:xlink|baseProfile|version|pointer-events|ecmeta_\w+)="[^"]*"/g, '')
    .trim();
}
