/** `braid doctor`: a line for each check, worst at the end, with what to do. Pure. */
import type { Verdict } from '../doctor';

const words = { ok: 'ok', warning: 'WARNING', bad: 'BAD' } as const;
const colours = { ok: 32, warning: 33, bad: 31 } as const; // SGR: green, yellow, red

/** The report; colours are for terminals. */
export function toDoctorText(verdicts: readonly Verdict[], coloured: boolean): string {
  const order = ['ok', 'warning', 'bad'];
  const sorted = verdicts.toSorted((a, b) => order.indexOf(a.light) - order.indexOf(b.light));
  const lines = sorted.map(({ light, check, found, fix }) => {
    const word = words[light].padEnd(7);
    const shown = coloured ? `\u001b[${colours[light]}m${word}\u001b[0m` : word;
    return `${shown}  ${check.padEnd(13)}  ${found}\n${fix === undefined ? '' : `${' '.repeat(24)}${fix}\n`}`;
  });
  const count = (light: Verdict['light']): number => verdicts.filter((each) => each.light === light).length;
  return `${lines.join('')}${count('ok')} ok, ${count('warning')} warnings, ${count('bad')} bad\n`;
}
