/** `report.md`: for reading in a repository, with the plots beside it. */
import type { Block } from './document.ts';
import type { Table } from './tables.ts';

export function markdownOf(blocks: readonly Block[]): string {
  return `${blocks.map(blockOf).join('\n\n')}\n`;
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${escapeText(block.text)}`;
    case 'paragraph':
      return escapeText(block.text);
    case 'list':
      return block.items.map((item) => `- ${escapeText(item)}`).join('\n');
    case 'definitions':
      return block.items
        .map(({ term, meaning }) => `- **${escapeText(term)}**: ${escapeText(meaning)}`)
        .join('\n');
    case 'figure':
      return `![${escapeText(block.figure.title)}](${block.figure.name}.svg)`;
    case 'code':
      return `${escapeText(block.title)}:\n\n\`\`\`\n${block.text}\n\`\`\``;
    case 'table':
      return block.folded
        ? `**${escapeText(block.table.title)}**\n\n${tableOf(block.table)}`
        : tableOf(block.table);
  }
}

function tableOf({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ name }) => escapeText(name))),
    line(columns.map(({ kind }) => (kind === 'number' ? '--:' : ':--'))),
    ...rows.map((row) => line(row.map(escapeText))),
  ].join('\n');
}

function escapeText(text: string): string {
  return text.replaceAll(/[\\`*_|<>[\]]/g, (character) => `\\${character}`);
}
