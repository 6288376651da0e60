/** What people may ask of a pod's past: steps of ADD, and calls that failed, on a node of fakes. */
import { describe, expect, it } from 'vitest';
import { failureOf, mostFailures, stopwatch, withFailure } from '../../src/attach/history';
import { readPicture } from '../../src/attach/picture';
import { findRecord } from '../../src/bin/find-record';
import { toListText } from '../../src/bin/text/list';
import { toShow } from '../../src/bin/text/show';
import { CniError } from '../../src/error';
import { failing } from '../failing';
import { world } from './world';

const networks = {
  'default/a': {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    ipam: { type: 'host-local', subnet: '192.168.1.0/24' },
  },
  'default/f': { cniVersion: '1.0.0', type: 'fancy' },
};
const at = '2026-11-21T00:00:00.000Z';

it('a step lasts from the end of the one before', () => {
  const times = [3.004, 5, 5.25];
  const { steps, lap } = stopwatch(() => times.shift() ?? 0);
  for (const step of ['plan', 'cluster', 'routes']) lap(step);
  expect(steps).toEqual([
    { step: 'plan', ms: 3 },
    { step: 'cluster', ms: 2 },
    { step: 'routes', ms: 0.25 },
  ]);
});

it('the newest failures are kept, with messages of bearable length', () => {
  const all = Array.from({ length: mostFailures + 3 }, (_, n) =>
    failureOf('ADD', new CniError('DelegateFailed', `${n} ${'x'.repeat(5000)}`), at),
  );
  const kept = all.reduce<ReturnType<typeof withFailure>>((list, one) => withFailure(list, one), []);
  expect(kept.map(({ problem }) => problem.split(' ')[0])).toEqual(['3', '4', '5', '6', '7', '8', '9', '10']);
  expect(kept.every(({ problem }) => problem.length <= 300)).toBe(true);
});

describe('a record', () => {
  it('has the steps of its ADD: the plan, each network in order, the routes', async () => {
    const { add, record } = world({ networks });
    await add('a');
    expect((await record())?.steps?.map(({ step }) => step)).toEqual(['plan', 'cluster', 'default/a', 'routes']);
  });

  it('keeps what CHECK found, and CHECK fails all the same', async () => {
    const { add, check, record, pod } = world({ networks });
    await add('a');
    await pod.deleteLink(pod.link('net1').name);
    await expect(check()).rejects.toThrow(failing('CheckFailed'));
    const before = await record();
    expect(before?.failures).toMatchObject([{ at, verb: 'CHECK', reason: 'CheckFailed' }]);
    expect(before?.result).toBeDefined();
  });

  it('keeps why DEL left something, and when', async () => {
    const { add, del, record } = world({
      networks,
      foreign: {
        fancy: ({ command }) =>
          command === 'ADD' ? { cniVersion: '1.0.0' } : new CniError('DelegateFailed', 'the switch does not answer'),
      },
    });
    await add('f');
    await del();
    expect((await record())?.failures).toMatchObject([
      { at, verb: 'DEL', reason: 'DelegateFailed', problem: expect.stringContaining('the switch does not answer') },
    ]);
  });
});

describe('a pod whose ADD failed', () => {
  it('has no record, but its failures are known, also when its next sandbox works', async () => {
    const { add, edges, pod, host } = world({ networks });
    await expect(add('nope')).rejects.toThrow(failing('NetworkMissing'));
    const failed = await edges.records.failedPods();
    expect(failed).toMatchObject([{ pod: 'default/thor', failures: [{ at, verb: 'ADD', reason: 'NetworkMissing' }] }]);
    expect(() => findRecord('thor', [], failed)).toThrow(failing('ContainerUnknown', `its ADD failed at ${at}`));
    expect(toListText([], [], failed)).toMatch(/Nothing is attached\.\n\nFAILED POD .*\ndefault\/thor .* 1 .*nope/);

    await add('a', 'c2');
    const [record] = await edges.records.all();
    if (record === undefined) throw new Error('no record');
    const picture = await readPicture(record, pod, host, failed[0]?.failures);
    expect(toShow(picture, 'text', 100)).toMatch(/Failed\n {2}2026-11-21T00:00:00\.000Z {2}ADD NetworkMissing: /);
    expect(toShow(picture, 'text', 100)).toMatch(/Time\n {2}plan +0\.0 ms/);
  });

  it('fails with its own error when nothing can be written down', async () => {
    const { add, edges } = world({ networks });
    edges.records.noteFailure = async () => {
      throw new CniError('IoFailed', 'Cannot write: no space left on device');
    };
    await expect(add('nope')).rejects.toThrow(failing('NetworkMissing'));
  });
});
