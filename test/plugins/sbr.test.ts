/** sbr against the fake kernel: rules, tables, what is left in the main table, and the way back. */
import { describe, expect, it } from 'vitest';
import { sbr } from '../../plugins/sbr';
import { configure, type Lease } from '../../src/attach/configure';
import type { AddContext } from '../../src/attach/delegate';
import { emptyResult, type Result } from '../../src/cni/result';
import type { CniError } from '../../src/error';
import type { FakeKernel, FakeNetns } from '../../src/model/kernel';
import { cidr, ip } from '../../src/net/ip';
import { ifName } from '../../src/net/names';
import { mainTable, type Route } from '../../src/net/route';
import { lab, thenFails } from './lab';

/** `address` or `address via gateway`, routes alike. */
function leaseOf(ips: readonly string[], routes: readonly string[] = []): Lease {
  return {
    ips: ips.map((text) => {
      const [address, gateway] = text.split(' via ');
      return {
        address: cidr(address, 'address'),
        ...(gateway === undefined ? {} : { gateway: ip(gateway, 'gateway') }),
      };
    }),
    routes: routes.map((text) => {
      const [dst, gw] = text.split(' via ');
      return { dst: cidr(dst, 'dst'), ...(gw === undefined ? {} : { gw: ip(gw, 'gw') }) };
    }),
  };
}

/** What the plugin before in the chain left: a link with that lease, and its result. */
async function attached(pod: FakeNetns, lease: Lease, name = 'net1'): Promise<Result> {
  pod.plug({ name, up: false });
  await configure(pod, pod.link(name), lease);
  return {
    ...emptyResult,
    interfaces: [{ name: `veth-${name}` }, { name, sandbox: pod.path }],
    ips: lease.ips.map((each) => ({ ...each, interface: 1 })),
    routes: lease.routes,
  };
}

/** A pod with a default network on eth0 and net1 as the plugin before left it. */
async function chained(lease: Lease) {
  const made = lab({ hostLinks: [] });
  await attached(
    made.pod,
    leaseOf(['10.244.1.2/24 via 10.244.1.1', 'fd10::2/64 via fd10::1'], ['0.0.0.0/0', '::/0']),
    'eth0',
  );
  const prevResult = await attached(made.pod, lease);
  return {
    ...made,
    prevResult,
    add: (config: object, changes: Partial<AddContext> = {}) =>
      made.add(sbr, { type: 'sbr', ...config }, { prevResult, ...changes }),
    addThenFail: (config: object) => made.add(thenFails(sbr), config, { prevResult }),
  };
}

/** Routes of one link as text; link-local ones are left out, as they are everywhere. */
async function routesOf(pod: FakeNetns, name: string): Promise<readonly string[]> {
  const routes = await pod.routes({ table: 'all', index: pod.link(name).index });
  return routes.filter(({ dst }) => !dst.startsWith('fe80')).map(shownRoute);
}

function shownRoute({ table = mainTable, dst, gateway, source, metric }: Route): string {
  const parts = [gateway && `via ${gateway}`, source && `src ${source}`, metric && `metric ${metric}`];
  return [`${table}: ${dst}`, ...parts.filter((part) => part !== undefined)].join(' ');
}

async function rulesOf(pod: FakeNetns): Promise<readonly string[]> {
  const rules = (await pod.rules()).filter(({ source }) => source !== undefined);
  return rules.map(({ source, table }) => `from ${source} lookup ${table}`).sort();
}

/** Everything that sbr may change. */
const stateOf = async (pod: FakeNetns) => ({
  routes: (await pod.routes({ table: 'all' })).map(shownRoute).sort(),
  rules: await rulesOf(pod),
});

/** That call of the method fails, counted from 0. */
function failOn(kernel: FakeKernel, pod: FakeNetns, act: 'addRoute' | 'addRule' | 'deleteRoute', at: number): void {
  const original = pod[act].bind(pod) as (...args: unknown[]) => Promise<void>;
  let calls = 0;
  const counted = (...args: unknown[]): Promise<void> => {
    if (calls++ === at) kernel.failNext(act, 'ENOMEM');
    return original(...args);
  };
  Object.assign(pod, { [act]: counted });
}

const plain = leaseOf(['192.168.0.20/24 via 192.168.0.254']);

describe('sbr', () => {
  it('gives the address a table of its own, and keeps the connected route with its source hint (T002-1)', async () => {
    const { pod, prevResult, add } = await chained(plain);
    const eth0 = await routesOf(pod, 'eth0');
    expect(await add({})).toBe(prevResult);
    expect(await rulesOf(pod)).toEqual(['from 192.168.0.20/32 lookup 100']);
    expect(await routesOf(pod, 'net1')).toEqual([
      '254: 192.168.0.0/24 src 192.168.0.20',
      '100: 0.0.0.0/0 via 192.168.0.254',
      '100: 192.168.0.0/24 src 192.168.0.20',
    ]);
    expect(await routesOf(pod, 'eth0')).toEqual(eth0);
  });

  it('leaves the main table to eth0 when source hints are switched off, as the reference plugin does', async () => {
    const { pod, add } = await chained(plain);
    const eth0 = await routesOf(pod, 'eth0');
    await add({ addSourceHints: false });
    expect(await routesOf(pod, 'net1')).toEqual([
      '100: 0.0.0.0/0 via 192.168.0.254',
      '100: 192.168.0.0/24 src 192.168.0.20',
    ]);
    expect(await routesOf(pod, 'eth0')).toEqual(eth0);
  });

  it('moves the routes with a gateway, and keeps what no table took', async () => {
    const lease = leaseOf(['192.168.0.20/24 via 192.168.0.254'], ['0.0.0.0/0', '10.50.0.0/16 via 192.168.0.1']);
    const { pod, add } = await chained(lease);
    const { index } = pod.link('net1');
    const odd = { dst: cidr('10.60.0.0/16', 'dst'), gateway: ip('172.16.0.1', 'gw'), index, onlink: true };
    await pod.addRoute(odd);
    await pod.addRoute({ dst: cidr('10.70.0.0/16', 'dst'), index });
    await add({});
    expect(await routesOf(pod, 'net1')).toEqual([
      '254: 192.168.0.0/24 src 192.168.0.20',
      '254: 10.60.0.0/16 via 172.16.0.1',
      '254: 10.70.0.0/16',
      '100: 0.0.0.0/0 via 192.168.0.254',
      '100: 192.168.0.0/24 src 192.168.0.20',
      '100: 10.50.0.0/16 via 192.168.0.1',
      '100: 10.70.0.0/16',
    ]);
  });

  it.each([
    ['kept', {}, ['254: 192.168.0.0/24 src 192.168.0.20', '254: fd00::/64 metric 256']],
    ['switched off', { addSourceHints: false }, []],
  ])('gives each family a table with its own routes, source hints %s', async (_, config, main) => {
    const lease = leaseOf(['192.168.0.20/24 via 192.168.0.254', 'fd00::20/64 via fd00::fe'], ['0.0.0.0/0', '::/0']);
    const { pod, add } = await chained(lease);
    await add(config);
    expect(await rulesOf(pod)).toEqual(['from 192.168.0.20/32 lookup 100', 'from fd00::20/128 lookup 101']);
    expect(await routesOf(pod, 'net1')).toEqual([
      ...main,
      '100: 0.0.0.0/0 via 192.168.0.254',
      '100: 192.168.0.0/24 src 192.168.0.20',
      '101: ::/0 via fd00::fe metric 1024',
      '101: fd00::/64 metric 256',
    ]);
    const tables = (await pod.routes({ table: 'all' })).filter(({ dst }) => dst === 'fe80::/64');
    expect(tables.map(({ table }) => table)).toEqual(main.length > 0 ? [254, 254, 101] : [254, 101]);
  });

  it('gives two addresses of one subnet a table each', async () => {
    const { pod, add } = await chained(leaseOf(['192.168.0.20/24 via 192.168.0.254', '192.168.0.21/24']));
    await add({});
    expect(await rulesOf(pod)).toEqual(['from 192.168.0.20/32 lookup 100', 'from 192.168.0.21/32 lookup 101']);
    expect(await routesOf(pod, 'net1')).toEqual([
      '254: 192.168.0.0/24 src 192.168.0.20',
      '100: 0.0.0.0/0 via 192.168.0.254',
      '100: 192.168.0.0/24 src 192.168.0.20',
      '101: 192.168.0.0/24 src 192.168.0.20',
    ]);
  });

  it('restores a connected route that the plugin before did not leave', async () => {
    const { pod, add } = await chained(plain);
    for (const route of pod.routesTo('192.168.0.0/24')) await pod.deleteRoute(route);
    await pod.addRoute({ dst: cidr('192.168.0.254/32', 'dst'), index: pod.link('net1').index });
    await add({});
    expect(pod.routesTo('192.168.0.0/24').map(shownRoute)).toEqual(['254: 192.168.0.0/24 src 192.168.0.20']);
  });

  it('needs no hint for a single address', async () => {
    const { pod, add } = await chained(leaseOf(['192.168.0.20/32']));
    await add({});
    expect(await routesOf(pod, 'net1')).toEqual([]);
    expect(await rulesOf(pod)).toEqual(['from 192.168.0.20/32 lookup 100']);
  });

  it('gives two networks tables 100 and 101', async () => {
    const { pod, add } = await chained(plain);
    await add({});
    const prevResult = await attached(pod, leaseOf(['192.168.5.20/24 via 192.168.5.254']), 'net2');
    await add({}, { ifName: ifName('net2', 'name'), prevResult });
    expect(await rulesOf(pod)).toEqual(['from 192.168.0.20/32 lookup 100', 'from 192.168.5.20/32 lookup 101']);
    expect(await routesOf(pod, 'net2')).toContain('101: 0.0.0.0/0 via 192.168.5.254');
  });

  it('takes no table that a route or a rule uses', async () => {
    const { pod, add } = await chained(leaseOf(['192.168.0.20/24', '192.168.1.20/24']));
    await pod.addRoute({ dst: cidr('10.9.0.0/16', 'dst'), index: pod.link('eth0').index, table: 100 });
    await pod.addRule({ family: 6, source: cidr('fd77::1/128', 'source'), table: 102 });
    await add({});
    expect(await rulesOf(pod)).toEqual([
      'from 192.168.0.20/32 lookup 101',
      'from 192.168.1.20/32 lookup 103',
      'from fd77::1/128 lookup 102',
    ]);
  });

  it('adds the rules alone with a table of the user', async () => {
    const { pod, add } = await chained(leaseOf(['192.168.0.20/24 via 192.168.0.254', 'fd00::20/64']));
    const { routes } = await stateOf(pod);
    await add({ table: 5000 });
    expect(await stateOf(pod)).toEqual({
      routes,
      rules: ['from 192.168.0.20/32 lookup 5000', 'from fd00::20/128 lookup 5000'],
    });
  });

  it('prefers the configured gateways to those of the result', async () => {
    const lease = leaseOf(['192.168.0.20/24 via 192.168.0.254', 'fd00::20/64'], ['0.0.0.0/0']);
    const { pod, add } = await chained(lease);
    await add({ gateways: ['fd00::1', '192.168.0.1'] });
    const defaults = (await routesOf(pod, 'net1')).filter((route) => route.includes('/0 via'));
    expect(defaults).toEqual(['100: 0.0.0.0/0 via 192.168.0.1', '101: ::/0 via fd00::1 metric 1024']);
  });

  it.each<[string, object, string]>([
    [
      'three gateways',
      { gateways: ['1.1.1.1', 'fd00::1', '2.2.2.2'] },
      'gateways list cannot contain more than 2 entries',
    ],
    [
      'two gateways of a family',
      { gateways: ['fd00::1', 'fd00::2'] },
      'gateways list contains multiple IPv6 addresses: fd00::1 and fd00::2',
    ],
    [
      'a gateway that is no address',
      { gateways: ['gw'] },
      'Cannot use "gw" as gateways: invalid static gateway IP address',
    ],
    ['gateways of the wrong type', { gateways: '1.1.1.1' }, 'Cannot use "1.1.1.1" as gateways: need a list'],
    ['table 0', { table: 0 }, 'Cannot use 0 as table: need an integer from 1'],
    ['a table as text', { table: '100' }, 'Cannot use "100" as table'],
    ['hints as text', { addSourceHints: 'no' }, 'Cannot use "no" as addSourceHints: need true or false'],
  ])('refuses %s', (_, config, problem) => {
    expect(() => sbr.bind(config)).toThrow(
      expect.objectContaining({ reason: 'ConfigInvalid', problem: expect.stringContaining(problem) }),
    );
  });

  it('refuses to work outside a chain', async () => {
    await expect(lab().add(sbr, {})).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: expect.stringContaining('this plugin must be called as chained plugin'),
    });
  });

  it('refuses a chain that gave its interface no address', async () => {
    const { pod, add } = lab();
    const prevResult = await attached(pod, plain, 'other0');
    await expect(add(sbr, {}, { prevResult })).rejects.toMatchObject({
      reason: 'AddressMissing',
      problem: 'Cannot route by source: No IP addresses supplied on interface: net1',
    });
    await expect(add(sbr, {}, { prevResult: emptyResult })).rejects.toMatchObject({
      reason: 'AddressMissing',
    });
  });

  it('takes addresses without interface for its own, as in results of version 0.2.0', async () => {
    const { pod, add } = await chained(plain);
    await add({}, { prevResult: { ...emptyResult, ips: plain.ips } });
    expect(await rulesOf(pod)).toEqual(['from 192.168.0.20/32 lookup 100']);
  });

  it('says that the interface is gone', async () => {
    const { pod, prevResult, add } = await chained(plain);
    await expect(lab().add(sbr, {}, { prevResult })).rejects.toMatchObject({ reason: 'LinkMissing' });
    expect(await rulesOf(pod)).toEqual([]);
    await add({});
  });

  const everything = leaseOf(
    ['192.168.0.20/24 via 192.168.0.254', '192.168.1.20/24', 'fd00::20/64 via fd00::fe'],
    ['0.0.0.0/0', '10.50.0.0/16 via 192.168.0.1', '::/0', '10.70.0.0/16'],
  );
  it.each([true, false])(
    'takes everything back when a later plugin fails (source hints: %s)',
    async (addSourceHints) => {
      const { pod, addThenFail } = await chained(everything);
      const before = await stateOf(pod);
      await expect(addThenFail({ addSourceHints })).rejects.toMatchObject({ reason: 'DelegateFailed' });
      expect(await stateOf(pod)).toEqual(before);
    },
  );

  it.each<['addRoute' | 'addRule' | 'deleteRoute', boolean, number]>([
    ['addRoute', true, 10],
    ['addRoute', false, 10],
    ['addRule', true, 3],
    ['deleteRoute', true, 4],
    ['deleteRoute', false, 8],
  ])('takes everything back whichever %s fails (source hints: %s)', async (act, addSourceHints, times) => {
    for (let at = 0; ; at++) {
      const { kernel, pod, add } = await chained(everything);
      const before = await stateOf(pod);
      failOn(kernel, pod, act, at);
      const outcome = await add({ addSourceHints }).then(
        () => 'done',
        (error: CniError) => error.errno,
      );
      expect(outcome).toBe(at < times ? 'ENOMEM' : 'done');
      if (outcome === 'done') return;
      expect(await stateOf(pod)).toEqual(before);
    }
  });
});

describe('sbr DEL', () => {
  it('removes the rules of its interface and no others, twice', async () => {
    const { pod, prevResult, add, del } = await chained(leaseOf(['192.168.0.20/24', 'fd00::20/64']));
    await pod.addRule({ family: 4, source: cidr('10.244.1.2/32', 'source'), table: 77 });
    await add({});
    for (const _ of [1, 2]) {
      await del(sbr, {}, { prevResult });
      expect(await rulesOf(pod)).toEqual(['from 10.244.1.2/32 lookup 77']);
    }
  });

  it('finds the rules by the link’s addresses when nothing was recorded', async () => {
    const { pod, add, del } = await chained(plain);
    await add({});
    await del(sbr, {});
    expect(await rulesOf(pod)).toEqual([]);
  });

  it('finds the rules by the record when the link is gone', async () => {
    const { pod, prevResult, add, del } = await chained(plain);
    await add({});
    pod.remove(pod.device('net1'));
    await del(sbr, {}, { prevResult });
    expect(await rulesOf(pod)).toEqual([]);
  });

  it('removes only the rules of its table when it has one', async () => {
    const { pod, add, del } = await chained(plain);
    await pod.addRule({ family: 4, source: cidr('192.168.0.20/32', 'source'), table: 77 });
    await add({ table: 5000 });
    await del(sbr, { table: 5000 });
    expect(await rulesOf(pod)).toEqual(['from 192.168.0.20/32 lookup 77']);
  });

  it('tries every rule, and says what failed', async () => {
    const { kernel, pod, add, del } = await chained(leaseOf(['192.168.0.20/24', 'fd00::20/64']));
    await add({});
    kernel.failNext('deleteRule', 'EPERM');
    await expect(del(sbr, {})).rejects.toMatchObject({ errno: 'EPERM' });
    expect(await rulesOf(pod)).toHaveLength(1);
  });

  it('succeeds when the namespace is gone', async () => {
    await lab().del(sbr, {}, { pod: undefined });
  });

  it('succeeds when the link is gone', async () => {
    await lab().del(sbr, {});
  });
});

describe('sbr CHECK', () => {
  const lease = leaseOf(['192.168.0.20/24 via 192.168.0.254', 'fd00::20/64']);

  it.each([{}, { addSourceHints: false }, { table: 5000 }, { gateways: ['192.168.0.1'] }])(
    'passes after ADD with %j',
    async (config) => {
      const { prevResult, add, check } = await chained(lease);
      await add(config);
      await check(sbr, config, prevResult);
    },
  );

  it.each([{}, { table: 5000 }])('misses a rule with %j', async (config) => {
    const { pod, prevResult, add, check } = await chained(lease);
    await add(config);
    const rule = (await pod.rules()).find(({ source }) => source === 'fd00::20/128');
    if (rule !== undefined) await pod.deleteRule(rule);
    await expect(check(sbr, config, prevResult)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: expect.stringContaining('Cannot find the rule from fd00::20/128 lookup'),
    });
  });

  it('misses the default route of the table', async () => {
    const { pod, prevResult, add, check } = await chained(lease);
    await add({});
    for (const route of await pod.routes({ table: 100 })) if (route.gateway !== undefined) await pod.deleteRoute(route);
    await expect(check(sbr, {}, prevResult)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Cannot find the default route via 192.168.0.254 in table 100',
    });
  });
});
