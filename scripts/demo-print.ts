/** How the demo looks: headings, tables, commands, outcomes. Writes stdout only. */

const color = process.env.DEMO_COLOR === '1';
const paint = (code: string) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
const [bold, dim, green, red, cyan] = ['1', '2', '32', '1;31', '36'].map(paint) as [Paint, Paint, Paint, Paint, Paint];
type Paint = (text: string) => string;

const indent = '   ';
let sections = 0;
let wrong = 0;

const write = (text: string): void => console.log(text);

/** The demo's name and what to know before reading on. */
export function title(name: string, lines: readonly string[]): void {
  write(bold(name));
  for (const line of lines) write(dim(line));
}

/** A numbered heading after an empty line. */
export function heading(text: string): void {
  sections += 1;
  write(`\n${bold(`${sections}`.padEnd(indent.length) + text)}`);
}

/** Lines of text. */
export function say(...lines: readonly string[]): void {
  for (const line of lines) write(line === '' ? '' : indent + line);
}

/** A command as it is run; further lines are its continuation. */
export function command(first: string, ...more: readonly string[]): void {
  const lines = [`$ ${first}`, ...more.map((line) => `  ${line}`)];
  for (const line of lines) write(indent + cyan(line));
}

/** What a command printed. */
export function output(text: string): void {
  for (const line of text.split('\n')) if (line.trim() !== '') write(indent + spaced(line.trimEnd()));
}

/** Tabs as spaces: our indent would break their stops. */
function spaced(line: string): string {
  return line.replace(/([^\t]*)\t/g, (_, before: string) => before.padEnd((Math.floor(before.length / 8) + 1) * 8));
}

/** Rows under a heading row, columns aligned; an empty cell is a dash. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((cell, at) => Math.max(cell.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (cell === '' ? '-' : cell).padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  write(indent + dim(line(head)));
  for (const row of rows) write(indent + line(row));
}

/** A statement that was tested. `why`: what was found instead. */
export function expect(statement: string, holds: boolean, why = ''): void {
  if (!holds) wrong += 1;
  write(`${indent}${holds ? green('ok') : red('NOT SO')}  ${statement}${holds || why === '' ? '' : `: ${why}`}`);
}

/** The last line; the exit status. */
export function finish(): 0 | 1 {
  write(
    wrong === 0
      ? `\n${bold(green('Everything is as said.'))}`
      : `\n${red(`${wrong} of the statements above ${wrong === 1 ? 'is' : 'are'} not so.`)}`,
  );
  return wrong === 0 ? 0 : 1;
}
