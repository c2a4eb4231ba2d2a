/**
 * A figure: panels that are read together, under one title and one legend. On the page the panels flow; as a
 * file they stand in rows of three.
 */
import { drawPanel, PANEL_WIDTH, type Panel, type Series } from './panel.ts';
import { COLOURS, FONT, type SeriesStyle } from './style.ts';
import { escapeMarkup } from './text.ts';

export interface Figure {
  /** Of its file, without the ending. */
  readonly name: string;
  readonly title: string;
  /** What it shows and how to read it. */
  readonly caption: string;
  readonly panels: readonly Panel[];
  /** Instead of one entry for each curve. */
  readonly legend?: readonly Explained[];
}

/** A style and what it stands for. */
export type Explained = Pick<Series, 'label' | 'style' | 'join'>;

export interface LegendEntry {
  readonly label: string;
  /** An SVG element of {@link SWATCH_WIDTH} by {@link SWATCH_HEIGHT}. */
  readonly swatch: string;
}

export const SWATCH_WIDTH = 44;
export const SWATCH_HEIGHT = 16;

/** What curves and marks mean, over all panels. */
export function legendOf({ panels, legend }: Figure): readonly LegendEntry[] {
  const entries = new Map<string, string>();
  for (const { label, style, join } of legend ?? panels.flatMap(({ series }) => series)) {
    entries.set(label, swatch(style, join === 'none' ? 0 : 2));
  }
  if (panels.some(({ marks }) => marks.length > 0)) entries.set('paper, 16 nm', PAPER_SWATCH);
  return [...entries].map(([label, mark]) => ({ label, swatch: mark }));
}

/** A figure as a file of its own. */
export function figureSvg(figure: Figure): string {
  const columns = Math.min(3, figure.panels.length);
  const width = MARGIN * 2 + columns * PANEL_WIDTH;
  const caption = wrapped(figure.caption, (width - 2 * MARGIN) / 6.7);
  const legend = flowed(legendOf(figure), width - 2 * MARGIN);
  const rowHeight = Math.max(...figure.panels.map((panel) => panel.height));
  const title = wrapped(figure.title, (width - 2 * MARGIN) / 11.5);
  const captionTop = 20 + title.length * 24;
  const legendTop = captionTop + caption.length * 18;
  const panelsTop = legendTop + legend.height + 6;
  const height = panelsTop + Math.ceil(figure.panels.length / columns) * rowHeight + MARGIN;
  const panels = figure.panels.map((panel, index) => {
    const x = MARGIN + (index % columns) * PANEL_WIDTH;
    const y = panelsTop + Math.floor(index / columns) * rowHeight;
    return drawPanel(panel).replace('<svg ', `<svg x="${x}" y="${y}" `);
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escapeMarkup(FONT)}" role="img">`,
    `<title>${escapeMarkup(figure.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${COLOURS.surface.light}"/>`,
    ...title.map((line, i) =>
      text(MARGIN, 28 + i * 24, line, 'font-size="19" font-weight="bold"', COLOURS.ink.light),
    ),
    ...caption.map((line, i) =>
      text(MARGIN, captionTop + 6 + i * 18, line, 'font-size="13"', COLOURS.muted.light),
    ),
    `<g transform="translate(${MARGIN} ${legendTop})">${legend.markup}</g>`,
    ...panels,
    '</svg>',
  ].join('\n')}\n`;
}

const MARGIN = 16;

const PAPER_SWATCH = `<circle cx="22" cy="8" r="6.5" fill="none" stroke="${COLOURS.ink.light}" stroke-width="2"/>`;

function swatch({ colour, symbol, dashed }: SeriesStyle, lineWidth: number): string {
  const color = COLOURS[colour].light;
  const dashes = dashed ? ' stroke-dasharray="6 4"' : '';
  const line = `<path d="M1 8H43" stroke="${color}" stroke-width="${lineWidth}"${dashes}/>`;
  return `${lineWidth > 0 ? line : ''}<path d="${SHAPES[symbol]}" fill="${color}"/>`;
}

const SHAPES = {
  circle: 'M18 8a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z',
  diamond: 'M22 3L27 8L22 13L17 8Z',
  triangle: 'M22 3L27 13H17Z',
  rect: 'M18 4H26V12H18Z',
  none: 'M22 8',
} as const;

/** Entries one after another, in as many lines as they need. */
function flowed(entries: readonly LegendEntry[], width: number) {
  let x = 0;
  let line = 0;
  const markup = entries.map(({ label, swatch: mark }) => {
    const needed = SWATCH_WIDTH + 6 + label.length * 7.4 + 22;
    if (x > 0 && x + needed > width) {
      x = 0;
      line += 1;
    }
    const place = `translate(${x} ${line * 22})`;
    x += needed;
    return `<g transform="${place}">${mark}${text(SWATCH_WIDTH + 6, 12.5, label, 'font-size="13"', COLOURS.ink.light)}</g>`;
  });
  return { markup: markup.join(''), height: entries.length === 0 ? 0 : (line + 1) * 22 };
}

function text(x: number, y: number, content: string, attributes: string, fill: string): string {
  return `<text x="${x}" y="${y}" ${attributes} fill="${fill}">${escapeMarkup(content)}</text>`;
}

function wrapped(content: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of content.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
