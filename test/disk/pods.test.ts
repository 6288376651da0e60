/** The hint that leads from a pod to its last sandbox, on a real disk. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createPodIndex } from '../../src/disk/pods';
import { id, link } from './sample';
import { temporaryDirectory } from './temp';

const pod = { namespace: 'default', name: 'thor' };
const first = { containerId: id('cid1'), ifName: link('eth0') };
const second = { containerId: id('cid2'), ifName: link('eth0') };

function remembered() {
  const directory = join(temporaryDirectory(), 'pods');
  const index = createPodIndex(directory);
  index.remember(pod, first);
  const [name = ''] = readdirSync(directory);
  return { index, path: join(directory, name), names: () => readdirSync(directory) };
}

it('has the name of the pod, which may be longer than a file may be called', () => {
  const { index, names } = remembered();
  expect(names()).toEqual(['default%2Fthor']);
  const long = { namespace: 'n'.repeat(63), name: 'p'.repeat(253) };
  const longer = { ...long, namespace: 'm'.repeat(63) };
  index.remember(long, first);
  index.remember(longer, second);
  expect([index.find(long), index.find(longer), index.find(pod)]).toEqual([first, second, first]);
  for (const name of names().filter((each) => each !== 'default%2Fthor')) expect(name).toMatch(/^[0-9a-f]{32}$/);
});

it('goes with its sandbox, and stays when the pod has another one by now', () => {
  const { index, names } = remembered();
  index.remember(pod, second);
  index.forget(pod, first);
  expect(index.find(pod)).toEqual(second);
  index.forget(pod, second);
  expect(names()).toEqual([]);
});

it('goes when a killed writer left a part of it', () => {
  const { index, path, names } = remembered();
  for (let length = readFileSync(path).length - 1; length >= 0; length--) {
    writeFileSync(path, 'cid1 eth0'.slice(0, length));
    if (length > 'cid1 '.length) continue; // a name, though not its own: a hint that leads nowhere
    index.forget(pod, first);
    expect(names(), `cut at ${length}`).toEqual([]);
  }
});
