/** Plain tables for a terminal. Pure. */

/** The rows under their headings, columns two spaces apart; nothing when there are no rows. */
export function toTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const toLine = (line: readonly string[]): string =>
    widths
      .map((width, column) => (line[column] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  return `${lines.map(toLine).join('\n')}\n`;
}
