/** What a pod's result tells of its routes is what its tables hold: test/fixtures/routes, which the kernel fulfils. Reads files only. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const golden = join(import.meta.dirname, '../fixtures/routes');
const usualMetric = { 4: '0', 6: '1024' } as const;

/** The main table's routes by a gateway, in the words of the results; each next hop of a shared route by itself. */
function held(table: string, family: 4 | 6): readonly string[] {
  let dst = '';
  let metric: string | undefined;
  return table.split('\n').flatMap((line) => {
    const [first = ''] = line.trimStart().split(' ');
    if (first !== 'nexthop') {
      dst = first === 'default' ? { 4: '0.0.0.0/0', 6: '::/0' }[family] : first;
      metric = / metric (\d+)/.exec(line)?.[1];
    }
    const gateway = / ?via (\S+)/.exec(line)?.[1];
    if (gateway === undefined || / table \d/.test(line)) return [];
    return [
      `${dst} via ${gateway}${metric === undefined || metric === usualMetric[family] ? '' : ` metric ${metric}`}`,
    ];
  });
}

const files = globSync('*.txt', { cwd: golden }).sort();

it.each(files)('%s: the result tells of every route of the main table, and of no other', (file) => {
  const { four, six, result } = read(file);
  const main = result.filter((line) => !/ table \d/.test(line));
  expect([...held(four, 4), ...held(six, 6)].sort()).toEqual(main.sort());
});

it.each(files)('%s: every gateway in the network-status is that of a default route', (file) => {
  const { four, six, gateways } = read(file);
  const real = [four, six].flatMap((table) =>
    [...table.matchAll(/(?:^default|nexthop) via (\S+)/gm)].map(([, gateway]) => gateway),
  );
  expect(gateways.filter((gateway) => !real.includes(gateway))).toEqual([]);
});

/** The parts of a golden file. */
function read(
  file: string,
): Readonly<Record<'four' | 'six', string>> & Readonly<Record<'result' | 'gateways', string[]>> {
  const [tables = '', told = '', status = ''] = readFileSync(join(golden, file), 'utf8').split(
    /^# (?:result|network-status.*)\n/m,
  );
  const [four = '', six = ''] = tables.split('# IPv6\n');
  const result = told.split('\n').filter((line) => line !== '');
  return { four, six, result, gateways: status.split(/\s+/).filter((word) => word !== '' && !word.endsWith(':')) };
}
