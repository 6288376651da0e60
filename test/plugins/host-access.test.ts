/** hostAccess: the node's own link beside its pods', against the fake kernel. */
import { describe, expect, it } from 'vitest';
import { ipvlan } from '../../plugins/ipvlan';
import { macvlan } from '../../plugins/macvlan';
import { vlan } from '../../plugins/vlan';
import { accessName } from '../../src/attach/host-access';
import { fakeKernel } from '../../src/model/kernel';
import { cidr, ip } from '../../src/net/ip';
import { containerId, ifName } from '../../src/net/names';
import { braidGroup } from '../../src/net/vlan';
import { callsFor, exhausted, fixedIpam, lab, stepsOf } from './lab';

const shim = accessName('eth0');
const eth0 = { name: 'eth0', addresses: ['10.1.0.2/24', 'fd00:1::2/64'] };
const pod = (host: number) => fixedIpam([`10.1.0.${host}/24`, `fd00:1::${host}/64`]);
const second = { containerId: containerId('c2'), ifName: ifName('net2', 'test') };

describe.each([
  ['macvlan', macvlan],
  ['ipvlan', ipvlan],
])('%s with hostAccess', (type, delegate) => {
  const config = { type, master: 'eth0', hostAccess: true };

  it('gives the node a link without addresses, routes with its own address, and the pod its MAC', async () => {
    const { host, pod: inside, add, check, hostLinks } = lab({ hostLinks: [eth0], ipam: pod(5) });
    const result = await add(delegate, config);
    const link = host.link(shim);
    expect(link).toMatchObject({
      detail: { kind: type },
      group: braidGroup,
      up: true,
      parent: host.link('eth0').index,
    });
    expect(host.addressesOf(shim)).toEqual([]);
    expect(host.routesTo('10.1.0.5/32')).toMatchObject([{ index: link.index, source: '10.1.0.2' }]);
    expect(host.routesTo('fd00:1::5/128')).toMatchObject([{ index: link.index, source: 'fd00:1::2' }]);
    expect([...inside.device('net1').neighbours]).toEqual([
      ['10.1.0.2', link.mac],
      ['fd00:1::2', link.mac],
    ]);
    expect(hostLinks.users()).toEqual({ [shim]: ['c1 net1'] });
    await check(delegate, config, result);
  });

  it('does not let that link answer for the node, forward, or learn routes', async () => {
    const { host, add } = lab({ hostLinks: [eth0], ipam: pod(5) });
    await add(delegate, config);
    const settings = ['ipv4/conf', 'ipv6/conf'].flatMap((family) =>
      ['arp_ignore', 'forwarding', 'accept_ra'].map((key) => host.sysctls.get(`net/${family}/${shim}/${key}`)),
    );
    expect(settings).toEqual(['8', '0', undefined, undefined, '0', '0']);
    expect(host.device(shim).arp).toBe(type === 'macvlan');
  });

  it('takes its route away with the pod, the link with the last pod, also twice', async () => {
    const { host, add, del, hostLinks } = lab({ hostLinks: [eth0], ipam: pod(5) });
    await add(delegate, config);
    await add(delegate, config, { ...second, ipam: pod(6) });
    await del(delegate, config);
    expect([host.routesTo('10.1.0.5/32'), host.routesTo('fd00:1::5/128')]).toEqual([[], []]);
    expect([host.routesTo('10.1.0.6/32').length, host.names().includes(shim)]).toEqual([1, true]);
    await del(delegate, config, second);
    await del(delegate, config, second);
    expect([host.names(), host.routesTo('10.1.0.6/32'), hostLinks.users()]).toEqual([['eth0'], [], {}]);
  });

  it('lives on the sub-interface of a VLAN of its own, and both go', async () => {
    const lan = { name: 'lan0', addresses: ['10.1.0.2/32'] };
    const { host, add, check, del, hostLinks } = lab({ hostLinks: ['eth0', lan], ipam: pod(5) });
    const own = { ...config, vlan: 100 };
    const result = await add(delegate, own);
    expect(host.link(accessName('eth0.100')).parent).toBe(host.link('eth0.100').index);
    await check(delegate, own, result);
    await del(delegate, own);
    expect([host.names(), hostLinks.users()]).toEqual([['eth0', 'lan0'], {}]);
  });

  it('says that the node has no address there, and leaves nothing', async () => {
    const { host, pod: inside, add, hostLinks } = lab({ hostLinks: ['eth0'], ipam: pod(5) });
    await expect(add(delegate, config)).rejects.toMatchObject({
      reason: 'AddressMissing',
      problem:
        'Cannot give the node access to net1: the node has no address in 10.1.0.0/24, fd00:1::/64; give it one, on any link',
    });
    expect([host.names(), inside.names(), hostLinks.users()]).toEqual([['eth0'], [], {}]);
  });

  it('needs addresses of the pod', async () => {
    const { add } = lab({ hostLinks: [eth0] });
    await expect(add(delegate, config)).rejects.toMatchObject({
      reason: 'AddressMissing',
      problem: 'Cannot give the node access to net1: hostAccess needs addresses, set "ipam"',
    });
  });

  it('replaces a route that a pod before left, and refuses one of the node', async () => {
    const kernel = fakeKernel({ hostLinks: [eth0] });
    const { host } = kernel;
    const one = callsFor(host, kernel.pod, { ipam: pod(5) });
    await one.add(delegate, config);
    await kernel.pod.deleteLink(ifName('net1', 'test'));
    await one.add(delegate, config, second);
    expect(host.routesTo('10.1.0.5/32')).toHaveLength(1);
    await host.addRoute({ dst: cidr('10.1.0.7/32', 'dst'), index: host.link('eth0').index });
    const third = { containerId: containerId('c3'), ifName: ifName('net3', 'test'), ipam: pod(7) };
    await expect(one.add(delegate, config, third)).rejects.toMatchObject({
      reason: 'RouteImpossible',
      problem: `Cannot add route 10.1.0.7/32 on ${shim}: the node has another one to it`,
    });
    expect(host.routesTo('10.1.0.7/32')).toMatchObject([{ index: host.link('eth0').index }]);
    expect(host.routesTo('10.1.0.5/32')).toHaveLength(1);
  });

  it('takes back everything after a failure at each step', async () => {
    const own = { ...config, vlan: 100 };
    const options = { hostLinks: [eth0] };
    for (const step of await stepsOf(delegate, own, { ...options, ipam: pod(5) })) {
      const ipam = pod(5);
      const { kernel, host, pod: inside, add, hostLinks } = lab({ ...options, ipam });
      kernel.failNext(step, 'EIO');
      await expect(add(delegate, own), step).rejects.toThrow();
      expect([inside.names(), host.names(), hostLinks.users(), ipam.held], step).toEqual([[], ['eth0'], {}, false]);
    }
  });

  it('fails CHECK when the link or a route is gone', async () => {
    const { host, add, check } = lab({ hostLinks: [eth0], ipam: pod(5) });
    const result = await add(delegate, config);
    await host.deleteRoute({ dst: cidr('10.1.0.5/32', 'dst'), index: host.link(shim).index });
    await expect(check(delegate, config, result)).rejects.toMatchObject({
      problem: `Cannot find the node's route to 10.1.0.5 over ${shim}: somebody removed it`,
    });
    await host.deleteLink(shim);
    await expect(check(delegate, config, result)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });

  it('is found by its note when the process was killed before it ended, also without a pod', async () => {
    const { host, add, del, hostLinks } = lab({ hostLinks: [eth0], ipam: pod(5) });
    await add(delegate, config);
    await add(delegate, config, { ...second, ipam: pod(6) });
    await del(delegate, config, { pod: undefined, prevResult: undefined, ipam: exhausted });
    expect(host.routesTo('10.1.0.5/32')).toEqual([]);
    expect(await hostLinks.addressesOf(shim, { ...second })).toEqual([ip('10.1.0.6', 'ip'), ip('fd00:1::6', 'ip')]);
  });

  it('cannot be had for a link inside the pod', () => {
    expect(() => delegate.bind({ ...config, linkInContainer: true })).toThrow(
      expect.objectContaining({ reason: 'ConfigInvalid' }),
    );
  });
});

it.each(['private', 'vepa', 'passthru'])('is impossible in macvlan mode %s', (mode) => {
  expect(() => macvlan.bind({ type: 'macvlan', master: 'eth0', mode, hostAccess: true })).toThrow(
    expect.objectContaining({
      reason: 'ConfigInvalid',
      problem: `Cannot use hostAccess with mode ${mode}: need mode bridge, the others keep neighbours apart`,
    }),
  );
});

it('is not what a network of type vlan can have', () => {
  expect(() => vlan.bind({ type: 'vlan', master: 'eth0', vlanId: 5, hostAccess: true })).toThrow(
    expect.objectContaining({ reason: 'FieldUnsupported' }),
  );
});

it.each(['l3', 'l3s'])('needs the node’s address on the master itself, with ipvlan in mode %s', async (mode) => {
  const { add } = lab({ hostLinks: ['eth0', { ...eth0, name: 'lan0' }], ipam: pod(5) });
  await expect(add(ipvlan, { type: 'ipvlan', master: 'eth0', mode, hostAccess: true })).rejects.toMatchObject({
    reason: 'AddressMissing',
    problem: expect.stringContaining('give it one, on eth0'),
  });
});

describe('the strict reverse path check', () => {
  const strict = 'net/ipv4/conf/all/rp_filter';

  it('keeps ipvlan pods from a link of the operator, which stays as it is', async () => {
    const { host, add } = lab({ hostLinks: [eth0], ipam: pod(5) });
    await host.setSysctl(strict, '1');
    await expect(add(ipvlan, { type: 'ipvlan', master: 'eth0', hostAccess: true })).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem: expect.stringContaining('set net/ipv4/conf/eth0/rp_filter to 2, or use macvlan'),
    });
    expect(await host.sysctl('net/ipv4/conf/eth0/rp_filter')).not.toBe('2');
  });

  it('is loosened on a sub-interface of Braid', async () => {
    const { host, add } = lab({ hostLinks: [eth0], ipam: pod(5) });
    await host.setSysctl(strict, '1');
    await add(ipvlan, { type: 'ipvlan', master: 'eth0', vlan: 7, hostAccess: true });
    expect(await host.sysctl('net/ipv4/conf/eth0.7/rp_filter')).toBe('2');
  });

  it.each(['l3', 'l3s'])('does not matter in mode %s', async (mode) => {
    const { host, add } = lab({ hostLinks: [eth0], ipam: pod(5) });
    await host.setSysctl(strict, '1');
    await add(ipvlan, { type: 'ipvlan', master: 'eth0', mode, hostAccess: true });
    expect(host.names()).toContain(shim);
  });
});
