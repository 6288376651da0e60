/** The goals of the benchmark: what counts as reached, and what no program could reach. */
import { expect, it } from 'vitest';
import { goalsToMarkdown } from './goals';
import type { Row } from './report';

const memory = { peak: 0, own: 0, all: 0 };
const calls = (add: number, del: number) => ({
  add: [{ wall: add, cpu: 0 }],
  del: [{ wall: del, cpu: 0 }],
  memory,
});
const row = (k: number, samples: Readonly<Record<string, ReturnType<typeof calls>>>): Row => ({
  mix: 'macvlan',
  k,
  samples: new Map(Object.entries(samples)),
  noisy: false,
});

it('are told with what was reached and what cannot be', () => {
  const rows = [
    row(1, {
      'empty executable': calls(4, 4),
      braid: calls(16, 30),
      'braid, default network foreign': calls(32, 50),
      'Multus thick': calls(32, 60),
      'kernel (ip -batch)': calls(7, 24),
      'ip, nothing to do': calls(2, 2),
    }),
    row(8, {
      'empty executable': calls(4, 4),
      braid: calls(14, 40),
      'kernel (ip -batch)': calls(5, 20),
      'ip, nothing to do': calls(2, 1),
    }),
  ];
  const lines = goalsToMarkdown(rows)
    .split('\n')
    .filter((line) => /^\| (ADD|DEL)/.test(line));
  expect(lines).toEqual([
    '| ADD of 1: a quarter of thick Multus | 8.0 | 16.0 | 9.0 | missed, below the floor |',
    '| ADD of 1: thick Multus, the default network foreign | 32.0 | 32.0 | 9.0 | reached |',
    '| ADD of 1: 3 times the kernel alone | 21.0 | 16.0 | 9.0 | reached |',
    '| ADD of 8: 3 times the kernel alone | 15.0 | 14.0 | 7.0 | reached |',
    '| DEL of 1: 1.5 times the kernel alone | 36.0 | 30.0 | 26.0 | reached |',
    '| DEL of 8: 1.5 times the kernel alone | 30.0 | 40.0 | 23.0 | missed |',
  ]);
  expect(goalsToMarkdown([]), 'of nothing').toBe('');
});
