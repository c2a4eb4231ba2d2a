/** `index.html`: one page that holds everything and asks nothing of any network. */
import type { Block } from './document.ts';
import { type Figure, legendOf, SWATCH_HEIGHT, SWATCH_WIDTH } from './figure.ts';
import { drawPanel, PANEL_WIDTH } from './panel.ts';
import { COLOURS, FONT } from './style.ts';
import type { Table } from './tables.ts';
import { escapeMarkup, slug } from './text.ts';

export function pageOf(title: string, blocks: readonly Block[]): string {
  const sections = blocks.flatMap((block) =>
    block.kind === 'heading' && block.level === 2 ? [block.text] : [],
  );
  const links = sections.map((text) => `<a href="#${slug(text)}">${escapeMarkup(text)}</a>`);
  const [first, ...rest] = blocks.map(blockOf);
  return `${[
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeMarkup(title)}</title>`,
    `<style>\n${STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    first ?? '',
    `<nav>${links.join(' ')}</nav>`,
    ...rest,
    '</main>',
    '</body>',
    '</html>',
  ].join('\n')}\n`;
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level} id="${slug(block.text)}">${escapeMarkup(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${escapeMarkup(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${escapeMarkup(item)}</li>`).join('')}</ul>`;
    case 'definitions':
      return `<dl>${block.items
        .map(({ term, meaning }) => `<dt>${escapeMarkup(term)}</dt><dd>${escapeMarkup(meaning)}</dd>`)
        .join('')}</dl>`;
    case 'figure':
      return figureOf(block.figure);
    case 'code':
      return folded(block.title, `<pre>${escapeMarkup(block.text)}</pre>`);
    case 'table':
      return block.folded
        ? folded(`${block.table.title}: ${block.table.rows.length} rows`, tableOf(block.table))
        : tableOf(block.table);
  }
}

/** Panels flow, so that they stand side by side on a desk and one below the other on a phone. */
function figureOf(figure: Figure): string {
  const legend = legendOf(figure).map(
    ({ label, swatch }) =>
      `<li><svg width="${SWATCH_WIDTH}" height="${SWATCH_HEIGHT}" aria-hidden="true">${swatch}</svg>${escapeMarkup(label)}</li>`,
  );
  const panels = figure.panels.map((panel) => {
    const label = escapeMarkup(`${figure.title}, ${panel.title}`);
    return drawPanel(panel)
      .replace(/ xmlns="[^"]*"/, '')
      .replace(/^<svg width="\d+" height="\d+"/, `<svg role="img" aria-label="${label}"`);
  });
  return [
    `<figure id="${figure.name}">`,
    `<figcaption><h3>${escapeMarkup(figure.title)}</h3><p>${escapeMarkup(figure.caption)}</p></figcaption>`,
    `<ul class="legend">${legend.join('')}</ul>`,
    `<div class="panels">${panels.join('\n')}</div>`,
    '</figure>',
  ].join('\n');
}

function tableOf({ title, columns, rows }: Table): string {
  const kind = (index: number) => (columns[index]?.kind === 'number' ? '' : ' class="text"');
  const head = columns.map(({ name }, index) => `<th scope="col"${kind(index)}>${escapeMarkup(name)}</th>`);
  const body = rows.map(
    (row) => `<tr>${row.map((cell, index) => `<td${kind(index)}>${escapeMarkup(cell)}</td>`).join('')}</tr>`,
  );
  return [
    `<div class="scroll" role="region" tabindex="0" aria-label="${escapeMarkup(title)}">`,
    `<table><thead><tr>${head.join('')}</tr></thead>`,
    `<tbody>${body.join('\n')}</tbody></table></div>`,
  ].join('');
}

function folded(summary: string, content: string): string {
  return `<details><summary>${escapeMarkup(summary)}</summary>${content}</details>`;
}

/** Plots are drawn in the colours of a light page; a dark one puts others in their place. */
const DARK_PLOTS = Object.values(COLOURS)
  .map(
    ({ light, dark }) =>
      `  svg [fill="${light}"] { fill: ${dark}; } svg [stroke="${light}"] { stroke: ${dark}; }`,
  )
  .join('\n');

const STYLE = `:root {
  color-scheme: light dark;
  --ink: ${COLOURS.ink.light}; --muted: ${COLOURS.muted.light}; --line: ${COLOURS.line.light};
  --surface: ${COLOURS.surface.light}; --accent: ${COLOURS.blue.light};
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: ${COLOURS.ink.dark}; --muted: ${COLOURS.muted.dark}; --line: ${COLOURS.line.dark};
    --surface: ${COLOURS.surface.dark}; --accent: ${COLOURS.blue.dark};
  }
${DARK_PLOTS}
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--surface); color: var(--ink); font: 16px/1.5 ${FONT}; }
main { max-width: 1260px; margin: 0 auto; padding: 16px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 8px 0 12px; }
h2 { font-size: 1.3rem; margin: 40px 0 8px; padding-top: 12px; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
h3 { font-size: 1.05rem; margin: 24px 0 0; overflow-wrap: anywhere; }
p, ul, dl { max-width: 80ch; margin: 8px 0; }
ul { padding-left: 20px; }
a { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; margin: 12px 0; overflow-wrap: anywhere; }
figure { margin: 0; }
figcaption p { color: var(--muted); margin: 2px 0 6px; font-size: .92rem; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 20px; list-style: none; padding: 0; max-width: none; font-size: .92rem; }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend svg { flex: none; }
.panels { display: flex; flex-wrap: wrap; gap: 8px; }
.panels > svg { width: ${PANEL_WIDTH}px; max-width: 100%; height: auto; }
dt { font-weight: 600; margin-top: 8px; }
dd { margin: 0; }
details { margin: 12px 0; }
summary { cursor: pointer; color: var(--accent); padding: 4px 0; overflow-wrap: anywhere; }
.scroll { overflow: auto; max-height: 80vh; border: 1px solid var(--line); }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: 3px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--surface); white-space: normal; min-width: 6em; vertical-align: bottom; }
.text { text-align: left; }
td.text { white-space: normal; }
pre { overflow: auto; border: 1px solid var(--line); padding: 10px; font-size: .85rem; }
`;
