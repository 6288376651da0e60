/** What all records do, the real ones and the fake. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Records } from '../../src/attach/ports';
import { createRecords } from '../../src/disk/records';
import { fakeLog } from '../../src/model/log';
import { fakeRecords } from '../../src/model/records';
import { id, link, sampleRecord } from '../disk/sample';
import { temporaryDirectory } from '../disk/temp';

describe.each([
  ['fake', (): Records => fakeRecords()],
  ['real', (): Records => createRecords(`${temporaryDirectory()}/braid`, fakeLog())],
])('%s records', (_, make) => {
  it('give back what was saved, whole', async () => {
    const records = make();
    await records.save(sampleRecord());
    expect(await records.find(id('cid1'), link('eth0'))).toEqual(sampleRecord());
  });

  it('know whose ADD failed, and keep the failures of a record', async () => {
    const records = make();
    const failure = { at: new Date().toISOString(), verb: 'ADD', reason: 'NetworkMissing', problem: 'gone' } as const;
    expect(await records.failedPods()).toEqual([]);
    await records.noteFailure({ namespace: 'a', name: 'web' }, failure);
    await records.noteFailure({ namespace: 'a', name: 'web' }, failure);
    expect(await records.failedPods()).toEqual([{ pod: 'a/web', failures: [failure, failure] }]);
    await records.deleteLeftovers();
    expect(await records.failedPods()).toHaveLength(1);
    const told = {
      ...sampleRecord(),
      steps: [{ step: 'plan', ms: 1.5 }],
      failures: [{ ...failure, verb: 'CHECK' as const }],
    };
    await records.save(told);
    expect(await records.find(id('cid1'), link('eth0'))).toEqual(told);
  });

  it('give back a record of which little is known yet', async () => {
    const records = make();
    const early = { ...sampleRecord(), pod: undefined, attachments: [], result: undefined };
    await records.save(early);
    expect(await records.find(id('cid1'), link('eth0'))).toEqual(early);
  });

  it('know nothing of what was never saved, or deleted', async () => {
    const records = make();
    expect(await records.find(id('cid1'), link('eth0'))).toBeUndefined();
    expect(await records.all()).toEqual([]);
    await records.save(sampleRecord());
    await records.delete({ containerId: id('cid1'), ifName: link('eth0') }, undefined);
    await records.delete({ containerId: id('cid1'), ifName: link('eth0') }, undefined);
    expect(await records.find(id('cid1'), link('eth0'))).toBeUndefined();
    expect(await records.all()).toEqual([]);
  });

  it('replace the record of the same container and interface, and no other', async () => {
    const records = make();
    await records.save(sampleRecord('a', 'eth0'));
    await records.save(sampleRecord('a', 'eth1'));
    await records.save(sampleRecord('b', 'eth0'));
    const changed = { ...sampleRecord('a', 'eth0'), bootId: 'later' };
    await records.save(changed);
    expect(await records.all()).toEqual([changed, sampleRecord('a', 'eth1'), sampleRecord('b', 'eth0')]);
  });

  it.each([
    ['a_b', 'c', 'a', 'b_c'],
    ['a', '%5F', 'a', '_'],
    ['a', 'b', 'a', 'b_'],
  ])('tell %s %s from %s %s', async (container, name, otherContainer, otherName) => {
    const records = make();
    await records.save(sampleRecord(container, name));
    await records.save(sampleRecord(otherContainer, otherName));
    expect(await records.find(id(container), link(name))).toEqual(sampleRecord(container, name));
    expect(await records.all()).toHaveLength(2);
  });

  it('let one at a time work on a container, and others go on', async () => {
    const records = make();
    const events: string[] = [];
    const work = (container: string, name: string, ms: number) =>
      records.locked(id(container), async () => {
        events.push(`${name} begins`);
        await sleep(ms);
        events.push(`${name} ends`);
      });
    await Promise.all([work('a', 'first', 20), work('a', 'second', 5), work('b', 'other', 1)]);
    expect(events.filter((event) => !event.startsWith('other'))).toEqual([
      'first begins',
      'first ends',
      'second begins',
      'second ends',
    ]);
    expect(events.indexOf('other ends')).toBeLessThan(events.indexOf('first ends'));
  });

  it('unlock when the work fails, and return what it returned', async () => {
    const records = make();
    const failing = records.locked(id('a'), () => Promise.reject(new Error('work')));
    const next = records.locked(id('a'), async () => 7);
    await expect(failing).rejects.toThrow('work');
    expect(await next).toBe(7);
    expect(await records.locked(id('a'), async () => 8)).toBe(8);
  });
});
