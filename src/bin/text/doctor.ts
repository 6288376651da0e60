/** `braid doctor`: a line for each finding, worst at the end, with its cause and what to do. Pure. */
import type { Verdict } from '../doctor/check';

const words = { ok: 'ok', skipped: 'skipped', warning: 'WARNING', bad: 'BAD' } as const;
const colours = { ok: 32, skipped: 36, warning: 33, bad: 31 } as const; // SGR: green, cyan, yellow, red
const order: readonly Verdict['light'][] = ['ok', 'skipped', 'warning', 'bad'];
const indent = ' '.repeat(24);

/** The report; colours are for terminals. */
export function toDoctorText(verdicts: readonly Verdict[], coloured: boolean): string {
  const sorted = verdicts.toSorted((a, b) => order.indexOf(a.light) - order.indexOf(b.light));
  const lines = sorted.map(({ light, check, subject, found, cause, fix }) => {
    const word = words[light].padEnd(7);
    const shown = coloured ? `\u001b[${colours[light]}m${word}\u001b[0m` : word;
    const about = subject === undefined ? '' : `${subject}: `;
    const more = [cause === undefined ? [] : `why: ${cause}`, fix === undefined ? [] : `fix: ${fix}`].flat();
    return `${shown}  ${check.padEnd(13)}  ${about}${found}\n${more.map((each) => `${indent}${each}\n`).join('')}`;
  });
  const count = (light: Verdict['light']): number => verdicts.filter((each) => each.light === light).length;
  const counts = `${count('ok')} ok, ${count('skipped')} skipped, ${count('warning')} warnings, ${count('bad')} bad`;
  return `${lines.join('')}${counts}\n`;
}
