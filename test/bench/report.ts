/** The tables and the plot of a benchmark run. Pure but for writePage, which writes docs/performance.md and its picture. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Machine } from './machine';
import { toPlot } from './plot';
import type { Samples } from './run';
import { median, percentile, ratio, type Sample } from './stats';
import type { Mix } from './work';

/** What was measured for pods with k networks of a mix. */
export interface Row {
  readonly mix: Mix;
  readonly k: number;
  readonly samples: Samples;
  readonly noisy: boolean;
}

const docs = path.resolve(import.meta.dir, '../../docs');
const begin = '<!-- figures: written by `make bench` -->';
const end = '<!-- end of figures -->';

/** A table for each row: wall time of ADD and DEL, and how many times that is of Braid's. */
export function toMarkdown(rows: readonly Row[]): string {
  return rows.map(toTable).join('\n');
}

function toTable({ mix, k, samples, noisy }: Row): string {
  const own = samples.get('braid');
  const lines = [...samples].map(([name, { add, del, memory }]) => {
    const cells = [add, del].flatMap((verb, at) => [
      `${figure(median(walls(verb)))} (${figure(percentile(walls(verb), 0.99))})`,
      own === undefined || name === 'braid' ? '' : shownRatio(walls(verb), walls(at === 0 ? own.add : own.del)),
    ]);
    return `| ${name} | ${cells.join(' | ')} | ${memory.peak.toFixed(0)} | ${memory.own.toFixed(1)} | ${memory.all.toFixed(0)} |`;
  });
  const noise = noisy
    ? '\n\n**Noisy run**: the empty executable alone varied by more than half. Run it again on a quiet machine.'
    : '';
  return [
    `### ${k} ${mix} ${k === 1 ? 'network' : 'networks'} beside the default one`,
    '',
    '| | ADD, ms: median (p99) | times Braid | DEL, ms: median (p99) | times Braid | memory, MiB | its own | all processes |',
    '| --- | --: | --: | --: | --: | --: | --: | --: |',
    ...lines,
  ]
    .join('\n')
    .concat(noise, '\n');
}

function shownRatio(slow: readonly number[], fast: readonly number[]): string {
  const { middle, low, high } = ratio(slow, fast);
  return `${middle.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

const walls = (samples: readonly Sample[]): readonly number[] => samples.map(({ wall }) => wall);
const figure = (value: number): string => value.toFixed(1);

/** ADD of each, and how many times the first one's that takes. */
export function toTimesTable(title: string, samples: Samples): string {
  const adds = [...samples].map(([name, { add }]) => ({ name, add: walls(add) }));
  const rows = adds.map(({ name, add }, at) => {
    const times = at === 0 ? '' : shownRatio(add, adds[0]?.add ?? []);
    return `| ${name} | ${figure(median(add))} (${figure(percentile(add, 0.99))}) | ${times} |`;
  });
  const head = ['| | ms: median (p99) | times the first |', '| --- | --: | --: |'];
  return [`### ${title}`, '', ...head, ...rows, ''].join('\n');
}

/** First starts of one competitor. */
export interface FirstStarts {
  readonly name: string;
  readonly walls: readonly number[]; // ms
  readonly memory: number; // MiB, resident, of one with eight networks
}

/** First starts after the page cache was dropped. */
export function coldToMarkdown(starts: readonly FirstStarts[]): string {
  return [
    '### First start after the page cache was dropped: ADD of one macvlan network beside the default one',
    '',
    'Memory is that of such a start with eight: of the file it has what was read for it, not all that the page cache held.',
    '',
    '| | ms, median | all | memory, MiB |',
    '| --- | --: | --- | --: |',
    ...starts.map(
      ({ name, walls, memory }) =>
        `| ${name} | ${figure(median(walls))} | ${walls.map(figure).join(', ')} | ${Math.round(memory)} |`,
    ),
    '',
  ].join('\n');
}

/** Puts tables and plot into docs/performance.md, between its two marks. */
export function writePage(
  rows: readonly Row[],
  sections: readonly string[],
  about: Machine & { readonly runs: number },
): void {
  const page = path.join(docs, 'performance.md');
  const text = readFileSync(page, 'utf8');
  const head = `${about.cores} cores of ${about.processor}, ${about.memory}, ${about.kernel}; ${about.runs} runs each, in turns.`;
  const figures = `${begin}\n\n${head}\n\n![ADD and DEL by number of networks](performance.svg)\n\n${[toMarkdown(rows), ...sections].join('\n')}\n${end}`;
  const [before = ''] = text.split(begin);
  const after = text.split(end)[1] ?? '\n';
  writeFileSync(page, `${before}${figures}${after}`);
  writeFileSync(path.join(docs, 'performance.svg'), toPlot(rows.filter(({ mix }) => mix === 'macvlan')));
}
