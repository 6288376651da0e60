/** Failed pods on disk: what is kept, for how long, and what torn or hostile files do. */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { failureOf } from '../../src/attach/history';
import { createFailedPods } from '../../src/disk/failures';
import { CniError } from '../../src/error';
import { temporaryDirectory } from './temp';

const failure = (at: string) => failureOf('ADD', new CniError('NetworkMissing', 'Cannot find it'), at);
const noon = '2026-11-21T12:00:00.000Z';
const pods = (directory: string): readonly string[] =>
  createFailedPods(directory)
    .all()
    .map(({ pod }) => pod)
    .sort();

it('come back by pod, oldest failure first, in files that only root reads', () => {
  const directory = join(temporaryDirectory(), 'failures');
  const failed = createFailedPods(directory);
  expect(failed.all()).toEqual([]);
  for (const at of ['2026-11-21T11:00:00.000Z', noon]) failed.note({ namespace: 'a', name: 'web' }, failure(at));
  failed.note({ namespace: 'b', name: 'web' }, failure(noon));
  expect(pods(directory)).toEqual(['a/web', 'b/web']);
  expect(
    failed
      .all()
      .find(({ pod }) => pod === 'a/web')
      ?.failures.map(({ at }) => at),
  ).toEqual(['2026-11-21T11:00:00.000Z', noon]);
  for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600);
});

it('go a day after their last failure, and so do torn files', () => {
  const directory = temporaryDirectory();
  const failed = createFailedPods(directory);
  failed.note({ namespace: 'a', name: 'old' }, failure('2026-11-20T11:00:00.000Z'));
  failed.note({ namespace: 'a', name: 'young' }, failure('2026-11-20T13:00:00.000Z'));
  for (const [name, text] of [
    ['torn', '{"pod":"a/x","fail'],
    ['empty', ''],
    ['list', '[]'],
    ['none', '{"pod":"a/y","failures":[]}'],
    ['odd', '{"pod":7,"failures":[{"at":1}]}'],
  ] as const)
    writeFileSync(join(directory, name), text);
  expect(pods(directory)).toEqual(['a/old', 'a/young']);
  failed.deleteOld(noon);
  expect(pods(directory)).toEqual(['a/young']);
  expect(readdirSync(directory)).toHaveLength(1);
});

it('are a thousand at most after a clean-up, the newest', () => {
  const directory = temporaryDirectory();
  mkdirSync(directory, { recursive: true });
  const failed = createFailedPods(directory);
  for (let n = 0; n < 1003; n++)
    failed.note({ namespace: 'a', name: `job-${n}` }, failure(new Date(Date.parse(noon) - n * 1000).toISOString()));
  failed.deleteOld(noon);
  expect(pods(directory)).toHaveLength(1000);
  expect(pods(directory)).toContain('a/job-0');
  expect(pods(directory)).not.toContain('a/job-1002');
});
