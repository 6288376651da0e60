/** The CNI configuration stays Braid's, whatever other programs do to it. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { keepConf, planKeep } from '../../src/agent/conf-keeper';
import { createConfStore } from '../../src/disk/kept-conf';
import { fakeLog } from '../../src/model/log';
import { temporaryDirectory } from '../disk/temp';

const own = '{"name":"braid","plugins":[{"type":"braid"}]}';
const newer = '{"name":"braid","plugins":[{"type":"braid","strict":true}]}';
const cilium = '{"name":"cilium","plugins":[{"type":"cilium-cni"}]}';

describe('the plan', () => {
  it.each([
    ['it is as kept', own, own, 'nothing'],
    ['it is Braid’s, and newer', newer, own, 'adopt'],
    ['it is Braid’s, and none is kept yet', own, undefined, 'adopt'],
    ['it is gone', undefined, own, 'restore'],
    ['it is another program’s', cilium, own, 'restore'],
    ['it is torn', own.slice(0, -3), own, 'restore'],
    ['it is empty', '', own, 'restore'],
    ['it is null', 'null', own, 'restore'],
    ['it is gone, and none is kept: uninstalled', undefined, undefined, 'nothing'],
    ['it is another program’s, and none is kept', cilium, undefined, 'nothing'],
  ] as const)('when %s', (_, current, kept, plan) => {
    expect(planKeep(current, kept)).toBe(plan);
  });
});

function kept() {
  const cniDir = temporaryDirectory();
  const directory = join(temporaryDirectory(), 'net.d');
  mkdirSync(directory);
  const path = join(directory, '00-braid.conflist');
  writeFileSync(path, own);
  const log = fakeLog();
  let restored = 0;
  const store = createConfStore(cniDir, path);
  onTestFinished(keepConf(store, () => (restored += 1), log));
  const back = (text = own) => vi.waitFor(() => expect(readFileSync(path, 'utf8')).toBe(text), { timeout: 4000 });
  return { cniDir, directory, path, store, back, restored: () => restored, log };
}

it('is back when it was renamed', async () => {
  const { path, back, restored } = kept();
  renameSync(path, `${path}.cilium_bak`);
  await back();
  expect(restored()).toBe(1);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it('is back within a second of the change, by the clock that it goes by', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const { path, restored } = kept();
  const idle = vi.getTimerCount();
  renameSync(path, `${path}.cilium_bak`);
  while (vi.getTimerCount() === idle) await new Promise(setImmediate); // the kernel tells of it
  vi.advanceTimersByTime(1000);
  expect(restored()).toBe(1);
  expect(readFileSync(path, 'utf8')).toBe(own);
});

it('is back when it was replaced, again and again', async () => {
  const { path, back, restored } = kept();
  for (let times = 1; times <= 3; times += 1) {
    writeFileSync(`${path}.new`, cilium);
    renameSync(`${path}.new`, path);
    await vi.waitFor(() => expect(restored()).toBe(times), { timeout: 4000 });
    await back();
  }
});

it('follows what Braid’s installer writes', async () => {
  const { path, store, back, restored } = kept();
  writeFileSync(path, newer);
  await vi.waitFor(() => expect(store.kept()).toBe(newer), { timeout: 4000 });
  rmSync(path);
  await back(newer);
  expect(restored()).toBe(1);
});

it('stays away when it was uninstalled', async () => {
  const { cniDir, path, store, restored } = kept();
  rmSync(path);
  rmSync(join(cniDir, 'install'), { recursive: true });
  writeFileSync(`${path}.other`, cilium); // wakes the keeper
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(restored()).toBe(0);
  expect(store.kept()).toBeUndefined();
});

it('is back when the whole directory was made anew', async () => {
  const { directory, back } = kept();
  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  await vi.waitFor(() => back(), { timeout: 10_000, interval: 500 });
}, 15_000);
