/** Accuracy over the epochs of training for each k, as an SVG: Fig. 3 of the paper. */
import { barSeries, levelSeries, PALETTE, percentChartSvg } from '../../accuracy/chart.ts';
import type { AccuracyRow } from '../../accuracy/index.ts';
import { describeArithmetic } from '../../infer/index.ts';
import type { CampaignResult } from './campaign.ts';

/** @param results those that were judged */
export function recoverySvg(title: string, results: readonly CampaignResult[]): Promise<string> {
  const curves = results.flatMap(({ arithmetic, judged, epochs }) =>
    judged === undefined
      ? []
      : [
          {
            name: describeArithmetic(arithmetic),
            stock: judged.stock,
            rows: [judged.untrained, ...epochs.flatMap(({ row }) => row ?? [])],
          },
        ],
  );
  const longest = Math.max(0, ...curves.map(({ rows }) => rows.length));
  const categories = Array.from({ length: longest }, (_, epoch) => (epoch === 0 ? 'untrained' : `${epoch}`));
  const stock = curves[0]?.stock.accuracy ?? 0;
  const lowest = Math.min(
    stock,
    ...curves.flatMap(({ rows }) => rows.map((row) => row.accuracyInterval.low)),
  );
  const highest = Math.max(
    stock,
    ...curves.flatMap(({ rows }) => rows.map((row) => row.accuracyInterval.high)),
  );
  const colours = Object.values(PALETTE);
  return percentChartSvg({
    title,
    subtitle: 'top-1 in percent on what was not learned from, with 95 % intervals',
    xName: 'epochs of training',
    categories,
    least: Math.floor(20 * lowest) * 5,
    greatest: Math.min(100, Math.ceil(20 * highest) * 5),
    series: [
      levelSeries(`stock ${(100 * stock).toFixed(2)} %`, 100 * stock, categories),
      ...curves.flatMap(({ name, rows }, i) =>
        curveSeries(name, rows, colours[i % colours.length] ?? '#000'),
      ),
    ],
  });
}

function curveSeries(name: string, rows: readonly AccuracyRow[], colour: string): readonly object[] {
  const category = (epoch: number) => (epoch === 0 ? 'untrained' : `${epoch}`);
  return [
    {
      name,
      type: 'line',
      silent: true,
      symbol: 'circle',
      symbolSize: 8,
      data: rows.map(({ accuracy }, epoch) => [category(epoch), 100 * accuracy]),
      lineStyle: { color: colour, width: 2 },
      itemStyle: { color: colour, borderColor: '#ffffff', borderWidth: 1 },
    },
    barSeries(
      rows.map(({ accuracyInterval: { low, high } }, epoch) => [category(epoch), 100 * low, 100 * high]),
      colour,
    ),
  ];
}
