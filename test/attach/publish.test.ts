/** What the cluster is told of pods, when, and what is kept for later. */
import { describe, expect, it, vi } from 'vitest';
import { publishPending } from '../../src/attach/publish';
import { parseDocuments } from '../../src/disk/manifests';
import { CniError } from '../../src/error';
import type { Json } from '../../src/json';
import { containerId, ifName } from '../../src/net/names';
import { vlan1Pool } from '../e2e/documents';
import { world } from './world';

const networks = {
  'default/a': { type: 'macvlan', master: 'eth1', ipam: { type: 'host-local', subnet: '10.1.0.0/24' } },
};
const away = () => new CniError('PodUnavailable', 'Cannot write the status: ECONNREFUSED');
const refused = () => new CniError('ClusterRefused', 'Cannot write the status: HTTP 403');

describe('ADD', () => {
  it('writes the status of every network and an Event for each, and notes that it is done', async () => {
    const { add, edges, record } = world({ networks });
    await add('a');
    const [written] = edges.publisher.statuses;
    expect(written?.pod).toMatchObject({ namespace: 'default', name: 'thor' });
    const elements = JSON.parse(written?.status ?? '') as { name: string; ips: string[] }[];
    expect(elements.map(({ name, ips }) => [name, ips])).toEqual([
      ['cluster', ['10.244.1.2']],
      ['default/a', ['10.1.0.2']],
    ]);
    expect(edges.publisher.events.map(({ type, reason, message }) => [type, reason, message])).toEqual([
      ['Normal', 'AddedInterface', 'Add eth0 [10.244.1.2/24] from cluster'],
      ['Normal', 'AddedInterface', 'Add net1 [10.1.0.2/24] from default/a'],
    ]);
    expect((await record())?.unpublished).toBeUndefined();
  });

  it('T002-7: shows of the closing example one Event for each interface, with address and name of the network', async () => {
    const [{ spec }] = (await parseDocuments(vlan1Pool, 'pool.yaml')) as [{ spec: { config: string } }];
    const { add, edges } = world({
      kernel: { hostLinks: ['eth0', 'eth1', 'k8s-vlan1'] },
      networks: { 'kube-system/vlan1-internal-pool': JSON.parse(spec.config) as Json },
    });
    await add('kube-system/vlan1-internal-pool');
    expect(edges.publisher.events.map(({ reason, message }) => [reason, message])).toEqual([
      ['AddedInterface', 'Add eth0 [10.244.1.2/24] from cluster'],
      ['AddedInterface', 'Add net1 [192.168.0.20/24] from kube-system/vlan1-internal-pool'],
    ]);
  });

  it('leaves it to an agent that is alive', async () => {
    const { add, edges, record } = world({ networks });
    edges.agent.alive = true;
    await add('a');
    expect([edges.agent.told, edges.publisher.statuses]).toEqual([
      [{ tell: 'publish', of: { containerId: 'c1', ifName: 'eth0' } }],
      [],
    ]);
    expect((await record())?.unpublished).toEqual({ problem: undefined });
  });

  it.each([
    ['API server is away', away(), 'ECONNREFUSED'],
    ['account lacks the right', refused(), 'HTTP 403'],
    ['pod is not there yet', 'missing' as const, 'no pod of that name yet'],
  ])('succeeds when the %s, and keeps why', async (_, answer, problem) => {
    const { add, edges, record } = world({ networks });
    edges.publisher.next.push(answer);
    await add('a');
    expect((await record())?.unpublished?.problem).toContain(problem);
  });

  it('succeeds when the Event alone cannot be written, and tries both again', async () => {
    const { add, edges, record } = world({ networks });
    edges.publisher.nextEvent.push(refused());
    await add('a');
    expect((await record())?.unpublished?.problem).toContain('HTTP 403');
    await add('a'); // the runtime's second try of the same sandbox
    expect([edges.publisher.statuses.length, (await record())?.unpublished]).toEqual([2, undefined]);
  });

  it('writes nothing into the status of another pod of that name', async () => {
    const { add, edges, record } = world({ networks });
    edges.publisher.next.push('another');
    await add('a');
    expect([edges.publisher.events, (await record())?.unpublished]).toEqual([[], undefined]);
  });
});

describe('a failed ADD', () => {
  it('is told as an Event that names the network and says what would help', async () => {
    const { add, edges } = world();
    await expect(add('missing')).rejects.toMatchObject({ reason: 'NetworkMissing' });
    expect(edges.publisher.events).toMatchObject([
      {
        type: 'Warning',
        reason: 'FailedAddInterface',
        message: expect.stringMatching(/network default\/missing: .*\(NetworkMissing: create the Network/),
        counted: true,
      },
    ]);
  });

  it('is the same Event again at the next try', async () => {
    const { add, edges } = world();
    for (const id of ['c1', 'c2']) await add('missing', id).catch(() => undefined);
    const [first, second] = edges.publisher.events;
    expect(second?.name).toBe(first?.name);
  });

  it('is told to the agent instead when one is alive', async () => {
    const { add, edges } = world();
    edges.agent.alive = true;
    await add('missing').catch(() => undefined);
    expect(edges.agent.told).toMatchObject([{ tell: 'event', event: { reason: 'FailedAddInterface' } }]);
    expect(edges.publisher.events).toEqual([]);
  });

  it('fails with its own error when the Event cannot be written', async () => {
    const { add, edges } = world();
    edges.publisher.nextEvent.push(away());
    await expect(add('missing')).rejects.toMatchObject({ reason: 'NetworkMissing' });
    expect(edges.log.entries.map(({ message }) => message)).toContain('could not write an Event');
  });
});

describe('annotations of another system', () => {
  const danm = { 'danm.k8s.io/interfaces': '[{"tenantNetwork":"management","ip":"dynamic"}]' };
  const says =
    'annotation danm.k8s.io/interfaces of DANM is not read: name the networks in k8s.v1.cni.cncf.io/networks';

  it('are told as an Event on the pod that started, the same for each sandbox', async () => {
    const { add, edges, kernel } = world({ annotations: danm });
    await add();
    kernel.addNamespace('/var/run/netns/again');
    await add(undefined, 'c2', '/var/run/netns/again');
    const told = edges.publisher.events.filter(({ reason }) => reason === 'AnnotationIgnored');
    expect(told).toMatchObject(Array(2).fill({ type: 'Warning', message: says, counted: false }));
    expect(new Set(told.map(({ name }) => name)).size).toBe(1);
  });

  it('are told to the agent instead when one is alive', async () => {
    const { add, edges } = world({ annotations: danm });
    edges.agent.alive = true;
    await add();
    expect(edges.agent.told).toMatchObject([
      {},
      { tell: 'event', event: { reason: 'AnnotationIgnored', message: says } },
    ]);
  });

  it('keep the pod from starting when strict', async () => {
    const { add, edges } = world({ annotations: danm, conf: { strict: true } });
    await expect(add()).rejects.toThrow(says);
    expect(edges.publisher.events.map(({ reason }) => reason)).toEqual(['FailedAddInterface']);
  });
});

describe('what is pending', () => {
  async function pending(count: number) {
    const node = world({ networks });
    for (let number = 1; number <= count; number += 1) {
      node.kernel.addNamespace(`/var/run/netns/p${number}`);
      node.edges.publisher.next.push(away());
      await node.add('a', `c${number}`, `/var/run/netns/p${number}`);
      const record = await node.record(`c${number}`);
      if (record !== undefined)
        await node.edges.records.save({
          ...record,
          pod: { namespace: 'default', name: `p${number}`, uid: undefined },
          createdAt: `2026-11-21T00:00:0${9 - number}.000Z`,
        });
    }
    return node;
  }
  const names = (of: readonly { readonly pod: { readonly name: string } }[]) => of.map(({ pod }) => pod.name);

  it('is published oldest first, and then no more', async () => {
    const { edges } = await pending(3);
    expect(await publishPending(edges)).toEqual({ published: 3, dropped: 0, left: [], error: undefined });
    expect(names(edges.publisher.statuses)).toEqual(['p3', 'p2', 'p1']);
    expect(await publishPending(edges)).toEqual({ published: 0, dropped: 0, left: [], error: undefined });
  });

  it('is read and published alone when it was told of', async () => {
    const { edges } = await pending(3);
    const all = vi.spyOn(edges.records, 'all');
    const find = vi.spyOn(edges.records, 'find').mockRejectedValueOnce(new CniError('RecordInvalid', 'broken'));
    const told = [1, 2, 4].map((number) => ({
      containerId: containerId(`c${number}`),
      ifName: ifName('eth0', 'name'),
    }));
    expect(await publishPending(edges, told)).toEqual({ published: 1, dropped: 0, left: [], error: undefined });
    expect(names(edges.publisher.statuses)).toEqual(['p2']);
    expect(all).not.toHaveBeenCalled();
    expect(find.mock.calls.map(([container]) => container)).not.toContain('c3');
  });

  it('is published by gc', async () => {
    const { edges, gc } = await pending(2);
    await gc({
      'cni.dev/valid-attachments': ['c1', 'c2'].map((containerID) => ({ containerID, ifname: 'eth0' })),
    });
    expect(names(edges.publisher.statuses)).toEqual(['p2', 'p1']);
  });

  it('waits when the API server does not answer; one refusal stops nobody else', async () => {
    const { edges } = await pending(5);
    edges.publisher.next.push(refused(), away(), away(), away());
    const report = await publishPending(edges);
    expect(report).toMatchObject({ published: 0, left: { length: 5 }, error: { reason: 'ClusterRefused' } });
    expect(edges.publisher.next).toEqual([]);
    edges.publisher.next.push(refused());
    expect(await publishPending(edges)).toMatchObject({ published: 4, left: [{ ifName: 'eth0' }] });
  });

  it('of a sandbox that the pod has no more is dropped', async () => {
    const { edges } = await pending(2);
    for (const record of await edges.records.all())
      await edges.records.save({ ...record, pod: { namespace: 'default', name: 'same', uid: undefined } });
    expect(await publishPending(edges)).toMatchObject({ published: 1, dropped: 1 });
  });

  it('of an ADD that did not end is not published', async () => {
    const { edges } = await pending(1);
    for (const record of await edges.records.all()) await edges.records.save({ ...record, result: undefined });
    expect(await publishPending(edges)).toEqual({ published: 0, dropped: 0, left: [], error: undefined });
  });
});
