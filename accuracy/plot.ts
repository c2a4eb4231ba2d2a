/** Accuracy over k as an SVG, drawn by ECharts without a browser. */
import { requirePackage } from '../tools/optional-package.ts';
import type { AccuracyRow, Curve } from './comparison.ts';

export interface AccuracyPlot {
  /** Of the model and the samples. */
  readonly title: string;
  readonly reference: AccuracyRow;
  readonly curves: readonly Curve[];
}

/** @throws MissingPackageError */
export function requirePlotting(): void {
  requirePackage('echarts', 'the plot', '68 MB');
}

/** Okabe and Ito's palette, which is told apart with any kind of colour vision. */
const COLOURS = { truncate: '#d55e00', nearest: '#0072b2' } as const;
const INK = '#1b1f24';
const MUTED = '#57606a';
const GRID = '#d8dce1';
const FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

/**
 * One curve for each way to round and each scope, with Wilson's intervals; stock as a horizontal line; a ring at the
 * degradation point of each curve.
 */
export async function accuracySvg({ title, reference, curves }: AccuracyPlot): Promise<string> {
  const [charts, components, core, renderers] = await Promise.all([
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/core'),
    import('echarts/renderers'),
  ]);
  core.use([
    charts.CustomChart,
    charts.LineChart,
    charts.ScatterChart,
    components.GridComponent,
    components.LegendComponent,
    components.TitleComponent,
    renderers.SVGRenderer,
  ]);
  const widths = [...new Set(curves.flatMap((curve) => curve.rows.map(widthOf)))].toSorted((a, b) => b - a);
  const chart = core.init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 500 });
  const text = { color: MUTED, fontSize: 13, fontFamily: FONT };
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: FONT, fontSize: 13, color: INK },
      title: {
        text: title,
        subtext: 'top-1 in percent, with 95 % intervals',
        left: 12,
        top: 8,
        textStyle: { fontSize: 16, color: INK },
        subtextStyle: text,
      },
      // ECharts takes text for narrower than it is.
      legend: { top: 52, left: 8, right: 40, itemGap: 30, textStyle: { ...text, color: INK }, itemWidth: 34 },
      grid: { left: 52, right: 24, top: 128, bottom: 52 },
      xAxis: {
        type: 'category',
        data: widths.map(String),
        name: 'k: bits of the multiplier, leading one included',
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: text,
        axisLabel: text,
      },
      yAxis: {
        type: 'value',
        min: 0,
        max: 100,
        axisLabel: text,
        splitLine: { lineStyle: { color: GRID } },
      },
      series: [
        {
          name: `stock ${percent(reference.accuracy)}`,
          type: 'line',
          silent: true,
          symbol: 'none',
          data: widths.map(() => 100 * reference.accuracy),
          lineStyle: { color: INK, width: 1.5, type: [3, 3] },
          itemStyle: { color: INK },
        },
        ...curves.flatMap((curve) => curveSeries(curve)),
        {
          name: 'degradation point: more than 0.5 points below stock',
          type: 'scatter',
          silent: true,
          symbol: 'circle',
          symbolSize: 18,
          itemStyle: { color: 'none', borderColor: INK, borderWidth: 2 },
          data: curves.flatMap(({ degradationK, rows }) =>
            rows.filter((row) => widthOf(row) === degradationK).map(pointOf),
          ),
        },
      ],
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

function curveSeries({ rounding, scope, rows }: Curve) {
  const colour = COLOURS[rounding];
  return [
    {
      name: `${rounding}, scope ${scope}`,
      type: 'line',
      silent: true,
      symbol: scope === 'all' ? 'circle' : 'diamond',
      symbolSize: scope === 'all' ? 8 : 11,
      data: rows.map(pointOf),
      lineStyle: { color: colour, width: 2, type: scope === 'all' ? 'solid' : [6, 4] },
      itemStyle: { color: colour, borderColor: '#ffffff', borderWidth: 1 },
    },
    {
      type: 'custom',
      silent: true,
      data: rows.map(({ accuracyInterval: { low, high }, ...row }) => [
        `${widthOf(row)}`,
        100 * low,
        100 * high,
      ]),
      renderItem: (_: unknown, api: BarApi) => {
        const [x = 0, bottom = 0] = api.coord([api.value(0), api.value(1)]);
        const [, top = 0] = api.coord([api.value(0), api.value(2)]);
        return { type: 'line', shape: { x1: x, y1: bottom, x2: x, y2: top }, style: { stroke: colour } };
      },
    },
  ];
}

/** What ECharts gives to a custom series, as far as used here. */
interface BarApi {
  value(dimension: number): number | string;
  coord(point: readonly (number | string)[]): readonly number[];
}

function pointOf(row: AccuracyRow): readonly [string, number] {
  return [`${widthOf(row)}`, 100 * row.accuracy];
}

function widthOf({ arithmetic }: Pick<AccuracyRow, 'arithmetic'>): number {
  return typeof arithmetic === 'object' ? arithmetic.k : 0;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
