/** Facts that hold for every delegate whose link lives on a master; each test file says them of its own. Touches only the fakes. */
import { expect, it } from 'vitest';
import type { Delegate } from '../../src/attach/delegate';
import type { Json } from '../../src/json';
import { exhausted, fixedIpam, lab, stepsOf } from './lab';

const dual = (): ReturnType<typeof fixedIpam> =>
  fixedIpam(['10.1.0.5/24 via 10.1.0.1', 'fd00:1::5/64 via fd00:1::1'], ['10.9.0.0/16', 'fd00:9::/48']);

/** Tells the facts of `delegate` with `config`, whose master is eth0. */
export function childFacts(delegate: Delegate, config: Json): void {
  it('gives the pod the link, its addresses and its routes, and says so', async () => {
    const { pod, add } = lab({ ipam: dual() });
    const result = await add(delegate, { ...config, dns: { nameservers: ['1.1.1.1'], search: ['lab'] } });
    expect(pod.link('net1')).toMatchObject({ detail: { kind: delegate.type }, up: true, parentElsewhere: true });
    expect(pod.addressesOf('net1')).toEqual(['10.1.0.5/24', 'fd00:1::5/64']);
    expect(pod.routesTo('10.9.0.0/16')).toMatchObject([{ gateway: '10.1.0.1' }]);
    expect(pod.routesTo('fd00:9::/48')).toMatchObject([{ gateway: 'fd00:1::1' }]);
    expect(result).toEqual({
      interfaces: [{ name: 'net1', mac: pod.link('net1').mac, sandbox: '/var/run/netns/pod' }],
      ips: [
        { address: '10.1.0.5/24', gateway: '10.1.0.1', interface: 0 },
        { address: 'fd00:1::5/64', gateway: 'fd00:1::1', interface: 0 },
      ],
      routes: [{ dst: '10.9.0.0/16' }, { dst: 'fd00:9::/48' }],
      dns: { nameservers: ['1.1.1.1'], search: ['lab'] },
    });
  });

  it('is only a link that is up, at layer 2', async () => {
    const { pod, add, check } = lab();
    const result = await add(delegate, config);
    expect(pod.link('net1').up).toBe(true);
    expect(result).toMatchObject({ interfaces: [{ name: 'net1' }], ips: [], routes: [] });
    await check(delegate, config, result);
  });

  it('leaves no link behind when the pool is exhausted', async () => {
    const { pod, add } = lab({ ipam: exhausted });
    await expect(add(delegate, config)).rejects.toMatchObject({ reason: 'PoolExhausted' });
    expect(pod.names()).toEqual([]);
  });

  it('refuses an IPAM that gives no address, and leaves nothing', async () => {
    const ipam = fixedIpam([]);
    const { pod, add } = lab({ ipam });
    await expect(add(delegate, config)).rejects.toMatchObject({
      reason: 'AddressMissing',
      problem: expect.stringMatching(/^IPAM plugin returned missing IP config: need an address in ipam/),
    });
    expect(pod.names()).toEqual([]);
    expect(ipam.held).toBe(false);
  });

  it('takes back everything after a failure at each step', async () => {
    const steps = await stepsOf(delegate, config, { ipam: dual() });
    expect(steps).toEqual(expect.arrayContaining(['findLink', 'createLink', 'addAddress', 'changeLink', 'addRoute']));
    for (const step of steps) {
      const ipam = dual();
      const { kernel, pod, host, add } = lab({ ipam });
      kernel.failNext(step, 'ENOMEM');
      const outcome = await add(delegate, config).catch((error: unknown) => error);
      if (outcome instanceof Error) expect([step, pod.names(), ipam.held]).toEqual([step, [], false]);
      else expect(step).toMatch(/sysctl/i); // announcing is a nicety
      expect(host.names()).toEqual(['eth0']);
    }
  });

  it('says which master is missing and what there is, and makes nothing', async () => {
    const { pod, add } = lab({ hostLinks: ['eth0', 'eth1'] });
    const adding = add(delegate, { ...config, master: 'eht0' });
    await expect(adding).rejects.toMatchObject({
      reason: 'MasterMissing',
      problem: 'Cannot find master "eht0": the node has eth0, eth1',
    });
    expect(pod.names()).toEqual([]);
  });

  it('finds the master by an alternative name', async () => {
    const { pod, host, add } = lab({ hostLinks: [{ name: 'eth0', altNames: ['enp0s31f6-storage-left'] }] });
    await add(delegate, { ...config, master: 'enp0s31f6-storage-left' });
    expect(pod.link('net1').parent).toBe(host.link('eth0').index);
  });

  it('has the master’s MTU, or the one asked for', async () => {
    const options = { hostLinks: [{ name: 'eth0', mtu: 9000 }] };
    const plain = lab(options);
    await plain.add(delegate, config);
    expect(plain.pod.link('net1').mtu).toBe(9000);
    const asked = lab(options);
    const result = await asked.add(delegate, { ...config, mtu: 8000 });
    expect(asked.pod.link('net1').mtu).toBe(8000);
    await asked.check(delegate, { ...config, mtu: 8000 }, result);
    await expect(asked.check(delegate, { ...config, mtu: 1500 }, result)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Interface net1 has MTU 8000: expected 1500',
    });
  });

  it('refuses an MTU that the master cannot carry', async () => {
    const { pod, add } = lab();
    await expect(add(delegate, { ...config, mtu: 1501 })).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: 'Cannot use 1501 as mtu: master eth0 carries at most 1500',
    });
    expect(pod.names()).toEqual([]);
  });

  it('never harms a link that has the name already', async () => {
    const { pod, add } = lab({ ipam: fixedIpam(['10.1.0.5/24']) });
    const first = await add(delegate, config);
    await expect(add(delegate, config)).rejects.toMatchObject({ reason: 'LinkExists' });
    expect(pod.link('net1').mac).toBe(first.interfaces[0]?.mac);
    expect(pod.addressesOf('net1')).toEqual(['10.1.0.5/24']);
  });

  it('lives on a link of the pod with linkInContainer', async () => {
    const { pod, add, check } = lab({ hostLinks: [] });
    pod.plug({ name: 'eth0' });
    const asked = { ...config, linkInContainer: true };
    const result = await add(delegate, asked);
    expect(pod.link('net1')).toMatchObject({ parent: pod.link('eth0').index, parentElsewhere: false });
    await check(delegate, asked, result);
    await expect(add(delegate, { ...asked, master: 'eth9' })).rejects.toMatchObject({
      problem: 'Cannot find master "eth9": the pod has eth0, net1',
    });
  });

  it.each([['a master chosen among links', { master: { match: 'eth*' } }, 'Cannot use {"match":"eth*"} as master']])(
    'refuses %s by name, until it works',
    (_, keys, problem) => {
      expect(() => delegate.bind({ ...config, ...keys })).toThrow(
        expect.objectContaining({ reason: 'FieldUnsupported', code: 2, problem: expect.stringContaining(problem) }),
      );
    },
  );

  it('ignores keys that it does not know, and reads known ones in any case', async () => {
    const { pod, add } = lab();
    await add(delegate, { ...config, MTU: 1400, whatever: { a: 1 } });
    expect(pod.link('net1').mtu).toBe(1400);
  });

  it('says that the master is down', async () => {
    const { kernel, pod, add } = lab();
    kernel.failNext('changeLink', 'ENETDOWN');
    await expect(add(delegate, config)).rejects.toMatchObject({
      reason: 'LinkUnsuitable',
      problem: 'Cannot set net1 up: its master is down, set that up first',
    });
    expect(pod.names()).toEqual([]);
  });

  it('DEL gives back the address and deletes the link, twice', async () => {
    const ipam = dual();
    const { pod, add, del } = lab({ ipam });
    await add(delegate, config);
    for (const _ of [1, 2]) {
      await del(delegate, config);
      expect(pod.names()).toEqual([]);
      expect(ipam.held).toBe(false);
    }
  });

  it('DEL gives back the address when the namespace is gone', async () => {
    const ipam = dual();
    const { add, del } = lab({ ipam });
    await add(delegate, config);
    await del(delegate, config, { pod: undefined });
    expect(ipam.held).toBe(false);
  });

  it('DEL does not look at the master', async () => {
    const ipam = dual();
    const { kernel, pod, add, del } = lab({ ipam, record: true });
    await add(delegate, config);
    const before = kernel.calls.length;
    await del(delegate, { ...config, master: 'gone0', mtu: 65535 });
    expect(kernel.calls.slice(before)).toEqual(['deleteLink net1']);
    expect([pod.names(), ipam.held]).toEqual([[], false]);
  });

  it('DEL deletes the link even when IPAM fails, and says that it failed', async () => {
    const failing = { ...exhausted, del: () => Promise.reject(new Error('no store')) };
    const { pod, add, del } = lab();
    await add(delegate, config);
    await expect(del(delegate, config, { ipam: failing })).rejects.toThrow('no store');
    expect(pod.names()).toEqual([]);
  });

  it('CHECK accepts what ADD made, and asks IPAM', async () => {
    const ipam = dual();
    const { add, check } = lab({ ipam });
    const result = await add(delegate, config);
    await check(delegate, config, result);
    expect(ipam.checked).toBe(1);
  });

  it.each([
    ['the link is gone', async ({ pod }) => pod.deleteLink(pod.link('net1').name), /Cannot find interface net1/],
    [
      'another kind has its name',
      async ({ pod }) => {
        await pod.deleteLink(pod.link('net1').name);
        await pod.createLink({ kind: 'dummy', name: 'net1' as never });
      },
      /is of kind dummy: expected/,
    ],
    [
      'an address is gone',
      async ({ pod }) => pod.deleteAddress(pod.link('net1').index, '10.1.0.5/24' as never),
      /lacks address 10.1.0.5\/24/,
    ],
    [
      'a route is gone',
      async ({ pod }) => {
        for (const route of pod.routesTo('fd00:9::/48')) await pod.deleteRoute(route);
      },
      /Cannot find route fd00:9::\/48/,
    ],
    [
      'the MTU is another',
      async ({ pod }) => pod.changeLink(pod.link('net1').index, { mtu: 1300 }),
      /has MTU 1300: expected 1400/,
    ],
  ] as readonly (readonly [string, (node: ReturnType<typeof lab>) => Promise<unknown>, RegExp])[])(
    'CHECK fails when %s',
    async (_, change, problem) => {
      const node = lab({ ipam: dual() });
      const result = await node.add(delegate, { ...config, mtu: 1400 });
      await change(node);
      await expect(node.check(delegate, { ...config, mtu: 1400 }, result)).rejects.toMatchObject({
        reason: 'CheckFailed',
        problem: expect.stringMatching(problem),
      });
    },
  );

  it('CHECK fails when the link is on another master', async () => {
    const { add, check } = lab({ hostLinks: ['eth0', 'eth1'] });
    const result = await add(delegate, config);
    await expect(check(delegate, { ...config, master: 'eth1' }, result)).rejects.toMatchObject({
      problem: expect.stringMatching(/^Interface net1 is on link \d+: expected master eth1, link \d+$/),
    });
  });

  it('CHECK fails when the result was recorded in another namespace', async () => {
    const { add, check } = lab();
    const result = await add(delegate, config);
    const moved = {
      ...result,
      interfaces: result.interfaces.map((each) => ({ ...each, sandbox: '/var/run/netns/other' })),
    };
    await expect(check(delegate, config, moved)).rejects.toMatchObject({
      problem: 'Interface net1 was recorded in /var/run/netns/other: expected /var/run/netns/pod',
    });
  });
}
