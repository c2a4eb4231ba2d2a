/**
 * A sweep as files to read: `report.md` with its plots, and `index.html`, which holds all of it. Pure; the same
 * report gives the same text.
 */
import { documentOf, figuresOf, TITLE } from './report/document.ts';
import { figureSvg } from './report/figure.ts';
import { markdownOf } from './report/markdown.ts';
import { pageOf } from './report/page.ts';
import type { SweepReport } from './result.ts';

export interface ReportFile {
  /** Without a folder. */
  readonly name: string;
  readonly text: string;
}

export function reportFiles(report: SweepReport): readonly ReportFile[] {
  const blocks = documentOf(report);
  return [
    { name: 'report.md', text: markdownOf(blocks) },
    { name: 'index.html', text: pageOf(TITLE, blocks) },
    ...figuresOf(blocks).map((figure) => ({ name: `${figure.name}.svg`, text: figureSvg(figure) })),
  ];
}
