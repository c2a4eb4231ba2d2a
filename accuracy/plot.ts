/** Accuracy over k as an SVG. */
import { barSeries, INK, levelSeries, PALETTE, percentChartSvg } from './chart.ts';
import type { AccuracyRow, Curve } from './comparison.ts';

export interface AccuracyPlot {
  /** Of the model and the samples. */
  readonly title: string;
  readonly reference: AccuracyRow;
  readonly curves: readonly Curve[];
}

const COLOURS = { truncate: PALETTE.vermilion, nearest: PALETTE.blue } as const;

/**
 * One curve for each way to round and each scope, with Wilson's intervals; stock as a horizontal line; a ring at the
 * degradation point of each curve.
 */
export function accuracySvg({ title, reference, curves }: AccuracyPlot): Promise<string> {
  const widths = [...new Set(curves.flatMap((curve) => curve.rows.map(widthOf)))].toSorted((a, b) => b - a);
  const categories = widths.map(String);
  return percentChartSvg({
    title,
    subtitle: 'top-1 in percent, with 95 % intervals',
    xName: 'k: bits of the multiplier, leading one included',
    categories,
    series: [
      levelSeries(`stock ${percent(reference.accuracy)}`, 100 * reference.accuracy, categories),
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
}

function curveSeries({ rounding, scope, rows }: Curve): readonly object[] {
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
    barSeries(
      rows.map(({ accuracyInterval: { low, high }, ...row }) => [`${widthOf(row)}`, 100 * low, 100 * high]),
      colour,
    ),
  ];
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
