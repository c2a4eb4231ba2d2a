/** Text tables: columns as wide as their longest cell, numbers to the right. */

export type Alignment = 'left' | 'right';

/** @returns one line a row, without trailing blanks; cells beyond `columns` are aligned to the left */
export function alignedLines(
  rows: readonly (readonly string[])[],
  columns: readonly Alignment[],
): readonly string[] {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, column) => {
      widest[column] = Math.max(widest[column] ?? 0, cell.length);
    });
    return widest;
  }, []);
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return columns[column] === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd(),
  );
}
