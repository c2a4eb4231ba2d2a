/** Charts as SVG, drawn by ECharts without a browser, in one look. */
import { requirePackage } from '../tools/optional-package.ts';

/** @throws MissingPackageError */
export function requirePlotting(): void {
  requirePackage('echarts', 'the plot', '68 MB');
}

/** Okabe and Ito's palette, which is told apart with any kind of colour vision. */
export const PALETTE = {
  vermilion: '#d55e00',
  blue: '#0072b2',
  green: '#009e73',
  purple: '#cc79a7',
  orange: '#e69f00',
  sky: '#56b4e9',
} as const;
export const INK = '#1b1f24';
const MUTED = '#57606a';
const GRID = '#d8dce1';
const FONT = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif";

export interface PercentChart {
  readonly title: string;
  readonly subtitle: string;
  readonly xName: string;
  /** What is along x, in order. */
  readonly categories: readonly string[];
  readonly series: readonly object[];
  /** Ends of the vertical axis, in percent; 0..100 if not given. */
  readonly least?: number;
  readonly greatest?: number;
}

/** Percentages over categories. */
export async function percentChartSvg(options: PercentChart): Promise<string> {
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
  const { title, subtitle, xName, categories, series, least = 0, greatest = 100 } = options;
  const chart = core.init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 500 });
  const text = { color: MUTED, fontSize: 13, fontFamily: FONT };
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: FONT, fontSize: 13, color: INK },
      title: {
        text: title,
        subtext: subtitle,
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
        data: [...categories],
        name: xName,
        nameLocation: 'middle',
        nameGap: 30,
        nameTextStyle: text,
        axisLabel: text,
      },
      yAxis: {
        type: 'value',
        min: least,
        max: greatest,
        axisLabel: text,
        splitLine: { lineStyle: { color: GRID } },
      },
      series: [...series],
    });
    return `${chart.renderToSVGString()}\n`;
  } finally {
    chart.dispose();
  }
}

/** A level that others are compared with. */
export function levelSeries(name: string, percent: number, categories: readonly string[]): object {
  return {
    name,
    type: 'line',
    silent: true,
    symbol: 'none',
    data: categories.map(() => percent),
    lineStyle: { color: INK, width: 1.5, type: [3, 3] },
    itemStyle: { color: INK },
  };
}

/** Intervals as vertical lines. @param bars category, low and high */
export function barSeries(bars: readonly (readonly [string, number, number])[], colour: string): object {
  return {
    type: 'custom',
    silent: true,
    data: bars,
    renderItem: (_: unknown, api: BarApi) => {
      const [x = 0, bottom = 0] = api.coord([api.value(0), api.value(1)]);
      const [, top = 0] = api.coord([api.value(0), api.value(2)]);
      return { type: 'line', shape: { x1: x, y1: bottom, x2: x, y2: top }, style: { stroke: colour } };
    },
  };
}

/** What ECharts gives to a custom series, as far as used here. */
interface BarApi {
  value(dimension: number): number | string;
  coord(point: readonly (number | string)[]): readonly number[];
}
