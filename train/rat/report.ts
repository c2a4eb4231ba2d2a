/** What a campaign came to, as Markdown: Table II of the paper, then what training did to each layer. */
import type { AccuracyRow } from '../../accuracy/index.ts';
import { describeArithmetic } from '../../infer/index.ts';
import type { CampaignResult, JudgedEpoch } from './campaign.ts';
import type { Changes, LayerChange } from './changes.ts';

export interface ReportHead {
  readonly title: string;
  /** Lines about how it was made: the command, what was learned from, what was judged by. */
  readonly facts: readonly string[];
}

export function reportMarkdown({ title, facts }: ReportHead, results: readonly CampaignResult[]): string {
  return `# ${title}

${facts.map((fact) => `- ${fact}`).join('\n')}

${results.map(campaignSection).join('\n')}`;
}

function campaignSection(result: CampaignResult): string {
  const last = result.epochs.at(-1);
  return `## ${describeArithmetic(result.arithmetic)}

${table(recoveryRows(result))}
${result.diverged === undefined ? '' : `\nTraining stopped: ${result.diverged}.\n`}${
  last === undefined ? '' : `\n${changesSection(last.changes)}`
}`;
}

/** Before, after the width is reduced, and after each epoch. The first row is the head. */
export function recoveryRows({ judged, epochs }: CampaignResult): readonly (readonly string[])[] {
  return [
    [
      ...['evaluation', 'right', 'top-1', 'against stock', '95 %', 'training loss', 'weights changed'],
      ...['mean change', 'layers changed'],
    ],
    ...(judged === undefined
      ? []
      : [
          ['original, stock', ...accuracyCells(judged.stock), '', '', '', ''],
          ['original, narrow', ...accuracyCells(judged.untrained), '', '', '', ''],
        ]),
    ...epochs.map(epochRow),
  ];
}

function epochRow({ epoch, row, loss, changes: { total } }: JudgedEpoch): readonly string[] {
  return [
    `trained, epoch ${epoch}`,
    ...(row === undefined ? ['', '', '', ''] : accuracyCells(row)),
    loss.toFixed(4),
    percent(total.changed / total.weights),
    percent(total.relativeChange),
    `${total.layersChanged} of ${total.layers}`,
  ];
}

function accuracyCells({ right, accuracy, change }: AccuracyRow): readonly string[] {
  const { low, high } = change.interval;
  return [`${right}`, percent(accuracy), points(change.accuracy), `${points(low)} .. ${points(high)}`];
}

function changesSection({ layers, total }: Changes): string {
  const rows = layers.map((layer) => [
    `${layer.operator}`,
    layer.op,
    layer.weights.toLocaleString('en-US'),
    percent(layer.changed / layer.weights),
    percent(layer.relativeChange),
    movesOf(layer),
    `${layer.zeros.before} -> ${layer.zeros.after}`,
    `${layer.mean.before.toFixed(2)} ${signed(layer.mean.after - layer.mean.before)}`,
    `${layer.biasesChanged} of ${layer.biases}`,
  ]);
  return `After the last epoch ${total.changed.toLocaleString('en-US')} of ${total.weights.toLocaleString('en-US')} weights are
another integer: ${movesOf(total) || 'none'}. Zero weights: ${total.zeros.before} before, ${total.zeros.after} after. Biases that
changed: ${total.biasesChanged} of ${total.biases}. The mean change is the sum of |change| over the sum of |weight|.

${table([
  [
    ...[
      '#',
      'operator',
      'weights',
      'changed',
      'mean change',
      'moved by (how many)',
      'zeros',
      'mean of the layer',
    ],
    'biases changed',
  ],
  ...rows,
])}`;
}

/** `-1 (20), +1 (34)`: the four commonest moves, and how many are left. */
function movesOf({ moves }: Pick<LayerChange, 'moves'>): string {
  const common = moves.toSorted((a, b) => b.count - a.count).slice(0, 4);
  const rest =
    moves.reduce((sum, { count }) => sum + count, 0) - common.reduce((sum, { count }) => sum + count, 0);
  const shown = common.toSorted((a, b) => a.by - b.by).map(({ by, count }) => `${signed(by, 0)} (${count})`);
  return [...shown, ...(rest > 0 ? [`others (${rest})`] : [])].join(', ');
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

function points(fraction: number): string {
  return signed(100 * fraction);
}

function signed(value: number, digits = 2): string {
  const text = value.toFixed(digits);
  return value > 0 ? `+${text}` : text;
}
