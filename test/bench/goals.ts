/** The goals that a run is held to, and what it reached of them. Pure. */
import type { Row } from './report';
import { median } from './stats';

/** A part of a rival's time, or a multiple of it, that a call may take (issue 8 and shared/design.md). */
interface Goal {
  readonly verb: 'add' | 'del';
  readonly k: number;
  readonly own: 'braid' | 'braid, default network foreign';
  readonly rival: 'Multus thick' | 'kernel (ip -batch)';
  readonly words: string;
  readonly times: number;
}

const kernel = { own: 'braid', rival: 'kernel (ip -batch)' } as const;
const thick = { own: 'braid', rival: 'Multus thick' } as const;
const goals: readonly Goal[] = [
  { verb: 'add', k: 1, ...thick, words: 'a quarter of thick Multus', times: 1 / 4 },
  { verb: 'add', k: 8, ...thick, words: 'an eighth of thick Multus', times: 1 / 8 },
  { verb: 'del', k: 8, ...thick, words: 'a sixth of thick Multus', times: 1 / 6 },
  {
    verb: 'add',
    k: 1,
    ...thick,
    own: 'braid, default network foreign',
    words: 'thick Multus, the default network foreign',
    times: 1,
  },
  { verb: 'add', k: 1, ...kernel, words: '3 times the kernel alone', times: 3 },
  { verb: 'add', k: 8, ...kernel, words: '3 times the kernel alone', times: 3 },
  { verb: 'del', k: 1, ...kernel, words: '1.5 times the kernel alone', times: 1.5 },
  { verb: 'del', k: 8, ...kernel, words: '1.5 times the kernel alone', times: 1.5 },
];

/**
 * A line for each goal whose row and rival were measured with macvlans, nothing when none was; beside it the floor: the start of an executable that does
 * nothing, and the kernel's work without the starts of ip.
 */
export function goalsToMarkdown(rows: readonly Row[]): string {
  const lines = goals.flatMap(({ verb, k, own, rival, words, times }) => {
    const samples = rows.find((row) => row.mix === 'macvlan' && row.k === k)?.samples;
    const of = (name: string): number => median(samples?.get(name)?.[verb].map(({ wall }) => wall) ?? []);
    const floor = of('empty executable') + of('kernel (ip -batch)') - of('ip, nothing to do');
    const [asked, reached] = [times * of(rival), of(own)];
    if (Number.isNaN(asked) || Number.isNaN(reached)) return [];
    const said = reached <= asked ? 'reached' : floor > asked ? 'missed, below the floor' : 'missed';
    const cells = [asked, reached, floor].map((value) => value.toFixed(1)).join(' | ');
    return [`| ${verb.toUpperCase()} of ${k}: ${words} | ${cells} | ${said} |`];
  });
  if (lines.length === 0) return '';
  return [
    '### Against the goals: macvlans beside the default bridge network',
    '',
    '| at most | that is, ms | reached, ms | floor, ms | |',
    '| --- | --: | --: | --: | --- |',
    ...lines,
    '',
    'Floor: the start of the empty executable, and what the kernel takes for the work, without the starts of ip.',
    '',
  ].join('\n');
}
