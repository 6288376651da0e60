/** GC, and what frees a sandbox whose record or life ended badly, on a node of fakes. */
import { describe, expect, it } from 'vitest';
import { gcAll } from '../../src/attach/gc';
import { containerId, ifName } from '../../src/net/names';
import { braidGroup } from '../../src/net/vlan';
import { world } from './world';

const networks = {
  'default/a': {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    ipam: { type: 'host-local', subnet: '192.168.1.0/24' },
  },
};
const c1 = { containerId: containerId('c1'), ifName: ifName('eth0', 'test') };
const byHand = { valid: undefined, dryRun: false };

describe('GC by hand', () => {
  it('leaves a sandbox alone whose namespace is there', async () => {
    const { add, edges, reserved } = world({ networks });
    await add('a');
    expect(await gcAll(byHand, edges)).toEqual({ freed: [], failed: [] });
    expect(reserved()).toHaveLength(2);
  });

  it('frees a sandbox whose namespace is gone, and says why', async () => {
    const { add, edges, kernel, reserved, record } = world({ networks });
    await add('a');
    kernel.removeNamespace('/var/run/netns/pod');
    const { freed } = await gcAll(byHand, edges);
    expect(freed).toMatchObject([
      {
        what: 'attachment',
        subject: 'default/thor: cluster, default/a',
        why: 'its namespace /var/run/netns/pod is gone',
      },
    ]);
    expect(reserved()).toEqual([]);
    expect(await record()).toBeUndefined();
  });

  it('frees a sandbox at whose path another namespace is by now, and leaves that one alone', async () => {
    const { add, edges, kernel, reserved } = world({ networks, kernel: { podPath: '/proc/4711/ns/net' } });
    await add('a');
    kernel.removeNamespace('/proc/4711/ns/net');
    const other = kernel.addNamespace('/proc/4711/ns/net');
    other.plug({ name: 'net1' });
    const { freed } = await gcAll(byHand, edges);
    expect(freed).toMatchObject([{ why: 'another namespace is at /proc/4711/ns/net by now' }]);
    expect([reserved(), other.names(), other.handles]).toEqual([[], ['net1'], 1]);
  });

  it('frees what an earlier boot left, even where a namespace has the same path now', async () => {
    const { add, edges, reserved } = world({ networks });
    await add('a');
    await gcAll(byHand, { ...edges, bootId: 'boot-2' });
    expect(reserved()).toEqual([]);
  });

  it('only tells what would go with dryRun', async () => {
    const { add, edges, kernel, reserved } = world({ networks });
    await add('a');
    kernel.removeNamespace('/var/run/netns/pod');
    expect((await gcAll({ valid: undefined, dryRun: true }, edges)).freed).toHaveLength(1);
    expect(reserved()).toHaveLength(2);
  });

  it('cannot prove anything of an unreadable record, and leaves it', async () => {
    const { add, edges, reserved } = world({ networks });
    await add('a');
    edges.records.tear(c1);
    expect(await gcAll(byHand, edges)).toEqual({ freed: [], failed: [] });
    expect(reserved()).toHaveLength(2);
  });
});

describe('GC by the runtime', () => {
  it('frees what it no longer lists, and nothing else', async () => {
    const { add, edges, kernel, reserved } = world({ networks });
    await add('a');
    kernel.addNamespace('/var/run/netns/other');
    await gcAll({ valid: [c1], dryRun: false }, edges);
    expect(reserved()).toHaveLength(2);
    await gcAll({ valid: [], dryRun: false }, edges);
    expect(reserved()).toEqual([]);
  });

  it.each([
    ['cannot be read: nobody is told', { isWhole: false, isNewer: false }, []],
    ['is of a newer version: it is on the list', { isWhole: true, isNewer: true }, [['c1', 'net1']]],
  ])('hands delegates no list without a living pod whose record %s', async (_, salvaged, told) => {
    const far = { cniVersion: '1.1.0', type: 'fancy' };
    const foreign = { fancy: { cniVersion: '1.1.0' } };
    const { add, edges, gc, record } = world({
      networks: { 'default/f': far },
      foreign,
      conf: { cniVersion: '1.1.0' },
    });
    await add('f');
    const before = (await record()) ?? expect.fail('no record');
    edges.records.tear(c1, { record: before, ...salvaged });
    await gc({ 'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }] });
    const calls = edges.foreign.calls.filter(({ command }) => command === 'GC');
    const lists = calls.map(
      ({ stdin }) => stdin['cni.dev/valid-attachments'] as { containerID: string; ifname: string }[],
    );
    expect(lists.flat().map(({ containerID, ifname }) => [containerID, ifname])).toEqual(told);
    expect(lists.length).toBe(told.length);
  });

  it('frees the reservations of an unreadable record', async () => {
    const { add, edges, reserved } = world({ networks });
    await add('a');
    edges.records.tear(c1);
    expect((await gcAll({ valid: [], dryRun: false }, edges)).freed).toMatchObject([
      { what: 'record', containerId: 'c1' },
    ]);
    expect(reserved()).toEqual([]);
  });

  it('reports what it could not free, and frees the rest', async () => {
    const { add, edges, kernel, reserved, record } = world({ networks });
    await add('a');
    kernel.failNext('deleteLinks', 'EIO');
    kernel.failNext('deleteLink', 'EIO');
    const { failed } = await gcAll({ valid: [], dryRun: false }, edges);
    expect(failed).toMatchObject([{ containerId: 'c1', error: { reason: 'KernelRefused' } }]);
    expect(reserved()).toEqual([]);
    expect(await record()).toBeDefined();
  });
});

describe('a record that is unreadable', () => {
  it('does not keep DEL from freeing the addresses', async () => {
    const { add, del, edges, reserved } = world({ networks });
    await add('a');
    edges.records.tear(c1);
    await del();
    expect(reserved()).toEqual([]);
    expect(await edges.records.broken()).toEqual([]);
  });
});

describe('a pod whose sandbox died', () => {
  const static20 = {
    cniVersion: '1.0.0',
    type: 'macvlan',
    master: 'eth1',
    ipam: { type: 'host-local', subnet: '192.168.1.0/24', rangeStart: '192.168.1.20', rangeEnd: '192.168.1.20' },
  };

  it('gets its only address back in the new sandbox', async () => {
    const { add, kernel, edges } = world({ networks: { 'default/one': static20 } });
    await add('one', 'dead');
    kernel.removeNamespace('/var/run/netns/pod');
    kernel.addNamespace('/var/run/netns/pod2');
    const result = await add('one', 'alive', '/var/run/netns/pod2');
    expect(result).toMatchObject({ ips: [{}, { address: '192.168.1.20/24' }] });
    expect((await edges.records.all()).map((record) => record.containerId)).toEqual(['alive']);
  });

  it('does not take it from a sandbox that is alive', async () => {
    const { add, kernel } = world({ networks: { 'default/one': static20 } });
    await add('one', 'first');
    kernel.addNamespace('/var/run/netns/pod2');
    await expect(add('one', 'second', '/var/run/netns/pod2')).rejects.toMatchObject({ reason: 'PoolExhausted' });
  });
});

describe('shared links of the node', () => {
  const own = { ...networks['default/a'], vlan: 100 };

  it('go with the sandbox that used them last', async () => {
    const { add, edges, kernel, host } = world({ networks: { 'default/own': own } });
    await add('own');
    expect(host.names()).toContain('eth1.100');
    kernel.removeNamespace('/var/run/netns/pod');
    await gcAll(byHand, edges);
    expect(host.names()).not.toContain('eth1.100');
    expect(edges.hostLinks.users()).toEqual({});
  });

  it('go when their user has no record, or nobody uses them; the operator’s stay', async () => {
    const { edges, host } = world();
    const parent = host.link('eth1').index;
    const make = (name: string, id: number, group?: number) =>
      host.createLink({
        kind: 'vlan',
        name: ifName(name, 'test'),
        parent,
        id,
        ...(group === undefined ? {} : { group }),
      });
    await make('eth1.5', 5, braidGroup);
    await make('eth1.6', 6, braidGroup);
    await make('eth1.7', 7);
    await edges.hostLinks.use(ifName('eth1.5', 'test'), c1);
    const { freed } = await gcAll(byHand, edges);
    expect(freed).toMatchObject([
      { what: 'link', subject: 'eth1.5', why: 'its user has no record' },
      { what: 'link', subject: 'eth1.6', why: 'nobody uses it' },
    ]);
    expect(host.names().filter((name) => name.startsWith('eth1.'))).toEqual(['eth1.7']);
    expect(edges.hostLinks.users()).toEqual({});
  });

  it('stay while a pod uses them whose record cannot be read', async () => {
    const { add, edges, host } = world({ networks: { 'default/own': own } });
    await add('own');
    edges.records.tear(c1);
    expect(await gcAll(byHand, edges)).toEqual({ freed: [], failed: [] });
    expect(host.names()).toContain('eth1.100');
  });

  it('stay while a pod uses them', async () => {
    const { add, edges, host } = world({ networks: { 'default/own': own } });
    await add('own');
    expect((await gcAll(byHand, edges)).freed).toEqual([]);
    expect(host.names()).toContain('eth1.100');
  });
});

it.each([1, 2])('leaves a shared link alone whose first user came while it looked, time %i', async (time) => {
  const own = { cniVersion: '1.0.0', type: 'macvlan', master: 'eth1', vlan: 7 };
  const { add, edges, host } = world({ networks: { 'default/v': own } });
  const { everything } = edges.records;
  let looks = 0;
  edges.records.everything = async () => {
    const before = await everything();
    looks += 1;
    if (looks === time) await add('v');
    return before;
  };
  await gcAll({ valid: [], dryRun: false }, edges);
  const { all: links } = edges.hostLinks;
  expect(host.names()).toContain('eth1.7');
  expect(await links()).toMatchObject([{ link: 'eth1.7', users: [{ containerId: 'c1', ifName: 'net1' }] }]);
});
