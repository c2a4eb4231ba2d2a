/** A report as a sequence of blocks: what Markdown and the page have in common. */
import type { SweepReport } from '../result.ts';
import type { Figure } from './figure.ts';
import { chaptersOf, comparisonFigures } from './figures.ts';
import { asicGroups, failures, ice40Groups } from './model.ts';
import { caveats, definitions, type Origin, originsOf } from './prose.ts';
import {
  claimsTable,
  comparisonTable,
  failureTable,
  inCommon,
  libraryTable,
  pointTables,
  type Table,
} from './tables.ts';

export type Block =
  | { readonly kind: 'heading'; readonly level: 1 | 2; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | {
      readonly kind: 'definitions';
      readonly items: readonly { readonly term: string; readonly meaning: string }[];
    }
  /** `folded`: long, and shown when asked for. */
  | { readonly kind: 'table'; readonly table: Table; readonly folded: boolean }
  | { readonly kind: 'figure'; readonly figure: Figure }
  | { readonly kind: 'code'; readonly title: string; readonly text: string };

export const TITLE = 'Area and delay of the dot-product unit over k';

export function documentOf(report: SweepReport): readonly Block[] {
  const failed = failureTable(report);
  const claims = claimsTable(report);
  const comparison = comparisonTable(report);
  const libraries = libraryTable(report);
  return [
    { kind: 'heading', level: 1, text: TITLE },
    { kind: 'paragraph', text: summary(report) },
    { kind: 'list', items: caveats(report) },
    ...(claims ? [heading('Against the paper'), paragraph(CLAIMS_TEXT), table(claims)] : []),
    ...comparisonSection(report, comparison),
    ...chapterSections(report),
    ...(failed ? [heading('Points that failed'), table(failed)] : []),
    ...(libraries ? [heading('Libraries'), table(libraries)] : []),
    heading('What is measured'),
    { kind: 'definitions', items: definitions(report) },
    heading('How the points were made'),
    ...originsOf(report).flatMap(originBlocks),
  ];
}

/** The figures of a report, in the order of the document. */
export function figuresOf(blocks: readonly Block[]): readonly Figure[] {
  return blocks.flatMap((block) => (block.kind === 'figure' ? [block.figure] : []));
}

const CLAIMS_TEXT =
  'Changes within one architecture, as the paper states them. The paper gives one figure each for path and ' +
  'area-delay product, “across all MAC trees”.';

function summary(report: SweepReport): string {
  const { generator, results } = report;
  const failed = failures(report).length;
  const targets = [...asicGroups(report), ...ice40Groups(report)].map(({ name }) => name);
  const points = `${results.length} point${results.length === 1 ? '' : 's'}`;
  const counted = `${points}, ${failed === 0 ? 'none' : failed} failed`;
  return `Made by ${generator.name} ${generator.version}. ${counted}. Targets: ${targets.join(', ') || 'none'}.`;
}

function comparisonSection(report: SweepReport, comparison: Table | undefined): readonly Block[] {
  const figures = comparisonFigures(report);
  if (figures.length === 0 && !comparison) return [];
  return [
    heading('All libraries side by side'),
    ...figures.map((figure): Block => ({ kind: 'figure', figure })),
    ...(comparison ? [table(comparison, true)] : []),
  ];
}

function chapterSections(report: SweepReport): readonly Block[] {
  const tables = new Map(pointTables(report).map((one) => [one.name, one.table]));
  const rows = new Map(
    [...asicGroups(report), ...ice40Groups(report)].map((group) => [group.name, group.rows]),
  );
  return chaptersOf(report).flatMap(({ name, figures }) => {
    const points = tables.get(name);
    const common = inCommon(rows.get(name) ?? []);
    return [
      heading(name),
      ...(common === '' ? [] : [paragraph(common)]),
      ...figures.map((figure): Block => ({ kind: 'figure', figure })),
      ...(points ? [table(points, true)] : []),
    ];
  });
}

function originBlocks({ name, tools, scripts, inputs }: Origin): readonly Block[] {
  const warning =
    scripts.length > 1
      ? [
          paragraph(
            `${name} was synthesized with ${scripts.length} different scripts: ratios between their points mean little.`,
          ),
        ]
      : [];
  return [
    ...warning,
    ...scripts.map(
      (script, index): Block => ({
        kind: 'code',
        title: `${name}${scripts.length > 1 ? `, script ${index + 1}` : ''}`,
        text: [
          ...tools.map((tool) => `# ${tool}`),
          ...inputs.map(([input, sha256]) => `# ${input}: SHA-256 ${sha256}`),
          script.trimEnd(),
        ].join('\n'),
      }),
    ),
  ];
}

function heading(text: string): Block {
  return { kind: 'heading', level: 2, text };
}

function paragraph(text: string): Block {
  return { kind: 'paragraph', text };
}

function table(content: Table, folded = false): Block {
  return { kind: 'table', table: content, folded };
}
