/** host-local against the fake store: what it leases, refuses and gives back. */
import { describe, expect, it } from 'vitest';
import { hostLocal } from '../../plugins/host-local';
import { parseResolvConf } from '../../plugins/host-local/resolv-conf';
import type { AddContext, DelContext } from '../../src/attach/delegate';
import { parseArgs } from '../../src/cni/args';
import { emptyResult, type Result } from '../../src/cni/result';
import { fakeDhcp } from '../../src/model/dhcp';
import { fakeFiles } from '../../src/model/files';
import { fakeLeases } from '../../src/model/leases';
import { containerId, ifName, networkName } from '../../src/net/names';
import { lab, thenFails } from './lab';

const configOf = (ipam: object, rest: object = {}) => ({
  cniVersion: '1.0.0',
  name: 'testnet',
  type: 'macvlan',
  ...rest,
  ipam: { type: 'host-local', ...ipam },
});
const pool = {
  subnet: '192.168.1.0/24',
  rangeStart: '192.168.1.200',
  rangeEnd: '192.168.1.216',
  gateway: '192.168.1.1',
};
const dual = { ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: 'fd00::/64' }]] };
const as = (container: string, name = 'net1') => ({
  containerId: containerId(container),
  ifName: ifName(name, 'name'),
});
const addresses = (result: Result) => result.ips.map(({ address }) => address);

/** A node with its store, and the calls of pods there. */
function node() {
  const leases = fakeLeases();
  const { add, del, check } = lab();
  return {
    leases,
    add: (config: unknown, changes: Partial<AddContext> = {}) => add(hostLocal, config, { leases, ...changes }),
    addThenFail: (config: unknown) => add(thenFails(hostLocal), config, { leases }),
    del: (config: unknown, changes: Partial<DelContext> = {}) => del(hostLocal, config, { leases, ...changes }),
    check: (config: unknown, recorded: Result) => check(hostLocal, config, recorded, { leases }),
  };
}

describe('host-local', () => {
  it('leases the first address with its gateway, the routes and the DNS of a resolver file', async () => {
    const { leases, add } = node();
    const files = fakeFiles({ '/etc/r.conf': 'nameserver 9.9.9.9\n' });
    const routes = [{ dst: '0.0.0.0/0' }, { dst: '10.9.0.0/16', gw: '192.168.1.2', mtu: 1400, table: 0 }];
    const result = await add(configOf({ ...pool, routes, resolvConf: '/etc/r.conf' }), { files });
    expect(result).toEqual({
      interfaces: [],
      ips: [{ address: '192.168.1.200/24', gateway: '192.168.1.1' }],
      routes,
      dns: { nameservers: ['9.9.9.9'] },
    });
    expect(leases.held('testnet')).toEqual({ '192.168.1.200': 'c1 net1' });
  });

  it('has room for 17 pods from .200 to .216, and says at the 18th that all are in use', async () => {
    const { leases, add } = node();
    for (let pod = 0; pod < 17; pod++)
      expect(addresses(await add(configOf(pool), as(`pod${pod}`)))).toEqual([`192.168.1.${200 + pod}/24`]);
    await expect(add(configOf(pool), as('pod17'))).rejects.toMatchObject({
      reason: 'PoolExhausted',
      problem:
        'Cannot lease an address: no IP addresses available in range set: 192.168.1.200-192.168.1.216 (17 in use)',
    });
    expect(Object.keys(leases.held('testnet'))).toHaveLength(17);
  });

  it('lets an address that came back rest until all others had their turn', async () => {
    const { add, del } = node();
    const three = configOf({ subnet: '10.0.0.0/29', rangeEnd: '10.0.0.4' });
    for (const pod of ['a', 'b']) await add(three, as(pod));
    await del(three, as('a'));
    expect(addresses(await add(three, as('c')))).toEqual(['10.0.0.4/29']);
    expect(addresses(await add(three, as('d')))).toEqual(['10.0.0.2/29']);
  });

  it('leases one address of each range set, IPv4 and IPv6', async () => {
    const { leases, add } = node();
    expect(addresses(await add(configOf(dual)))).toEqual(['10.0.0.2/24', 'fd00::2/64']);
    expect(leases.held('testnet')).toEqual({ '10.0.0.2': 'c1 net1', 'fd00::2': 'c1 net1' });
  });

  it('keeps nothing when the second set is exhausted', async () => {
    const { leases, add } = node();
    const narrow = configOf({ ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: 'fd00::/126', rangeEnd: 'fd00::2' }]] });
    await add(narrow, as('a'));
    await expect(add(narrow, as('b'))).rejects.toMatchObject({ reason: 'PoolExhausted' });
    expect(leases.held('testnet')).toEqual({ '10.0.0.2': 'a net1', 'fd00::2': 'a net1' });
  });

  it('takes the ranges of the runtime first', async () => {
    const { add } = node();
    const runtimeConfig = { ipRanges: [[{ subnet: '172.16.5.0/24', gateway: '172.16.5.254' }]] };
    expect((await add(configOf(pool, { runtimeConfig }))).ips).toEqual([
      { address: '172.16.5.1/24', gateway: '172.16.5.254' },
      { address: '192.168.1.200/24', gateway: '192.168.1.1' },
    ]);
  });

  it.each([
    ['CNI_ARGS', {}, 'IgnoreUnknown=1;MAC=02:00:00:00:00:01;IP=192.168.1.210/16'],
    ['args.cni.ips', { args: { cni: { ips: ['192.168.1.210'] } } }, ''],
    ['runtimeConfig.ips', { runtimeConfig: { ips: ['192.168.1.210/24'] } }, ''],
    [
      'all three at once',
      { runtimeConfig: { ips: ['192.168.1.210'] }, args: { cni: { ips: ['192.168.1.210/8'] } } },
      'IP=192.168.1.210',
    ],
  ])('leases the address that %s asks for, with the length of the range', async (_, rest, args) => {
    const { add } = node();
    const result = await add(configOf(pool, rest), { args: parseArgs(args) });
    expect(result.ips).toEqual([{ address: '192.168.1.210/24', gateway: '192.168.1.1' }]);
  });

  it('leases requested addresses of both families, and any of a set that nobody asked of', async () => {
    const { add } = node();
    const ask = (ips: readonly string[]) => configOf(dual, { runtimeConfig: { ips } });
    expect(addresses(await add(ask(['fd00::99', '10.0.0.99']), as('a')))).toEqual(['10.0.0.99/24', 'fd00::99/64']);
    expect(addresses(await add(ask(['fd00::5']), as('b')))).toEqual(['10.0.0.100/24', 'fd00::5/64']);
  });

  it.each<[string, readonly string[], string, RegExp]>([
    ['is no address', ['x'], 'ConfigInvalid', /Cannot use "x" as a requested address: cannot understand ip/],
    ['lies in no range', ['10.0.0.9', '10.5.0.9'], 'ConfigInvalid', /failed to allocate all requested IPs: 10.5.0.9$/],
    [
      'is the second of a set',
      ['10.0.0.9', '10.0.0.10'],
      'ConfigInvalid',
      /failed to allocate all requested IPs: 10.0.0.10$/,
    ],
    ['is the gateway', ['10.0.0.1'], 'AddressTaken', /requested ip 10.0.0.1 is subnet's gateway/],
    [
      'is held',
      ['fd00::2'],
      'AddressTaken',
      /requested IP address fd00::2 is not available in range set fd00::1-fd00::ffff:ffff:ffff:ffff, container other, interface net7 holds it/,
    ],
  ])('refuses a requested address that %s, and keeps nothing', async (_, ips, reason, problem) => {
    const { leases, add } = node();
    await add(configOf(dual), as('other', 'net7'));
    const before = leases.held('testnet');
    await expect(add(configOf(dual, { runtimeConfig: { ips } }))).rejects.toMatchObject({
      reason,
      problem: expect.stringMatching(problem),
    });
    expect(leases.held('testnet')).toEqual(before);
  });

  it('refuses a second address for the same interface, and leaves it the first', async () => {
    const { leases, add } = node();
    await add(configOf(pool));
    for (const again of [pool, { ...pool, rangeStart: '192.168.1.205' }])
      await expect(add(configOf(again))).rejects.toMatchObject({
        reason: 'AddressTaken',
        problem: expect.stringMatching(/192.168.1.200 has been allocated to c1, duplicate allocation is not allowed/),
      });
    expect(leases.held('testnet')).toEqual({ '192.168.1.200': 'c1 net1' });
    await add(configOf(pool), as('c1', 'net2'));
  });

  it.each<[string, unknown, RegExp]>([
    ['no ipam', { name: 'testnet' }, /IPAM config missing 'ipam' key/],
    ['a bad dataDir', configOf({ ...pool, dataDir: 7 }), /Cannot use 7 as ipam.dataDir: need a string/],
    ['a bad route', configOf({ ...pool, routes: [{ dst: '10.0.0.0' }] }), /"10.0.0.0" as ipam.routes\[0\].dst/],
    [
      'a bad gateway of a route',
      configOf({ ...pool, routes: [{ dst: '10.0.0.0/8', gw: 1 }] }),
      /1 as ipam.routes\[0\].gw/,
    ],
    [
      'a resolver file that is missing',
      configOf({ ...pool, resolvConf: '/nope' }),
      /Cannot read \/nope as ipam.resolvConf/,
    ],
    [
      'addresses of the wrong type',
      configOf(pool, { args: { cni: { ips: '10.0.0.1' } } }),
      /as args.cni.ips: need a list/,
    ],
  ])('refuses %s, and keeps nothing', async (_, config, problem) => {
    const { leases, add } = node();
    await expect(add(config)).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: expect.stringMatching(problem),
    });
    expect(leases.held('testnet')).toEqual({});
  });

  it('gives the addresses back when a later plugin fails', async () => {
    const { leases, addThenFail } = node();
    await expect(addThenFail(configOf(dual))).rejects.toMatchObject({ reason: 'DelegateFailed' });
    expect(leases.held('testnet')).toEqual({});
  });

  it.each<[string, unknown]>([
    ['as it was', configOf({ ...pool, dataDir: '/d' })],
    ['with another subnet', configOf({ subnet: '10.77.0.0/24', dataDir: '/d' })],
    ['with ranges that are not valid', configOf({ ranges: [[{ subnet: 'nope' }]], DataDir: '/d', routes: 'no' })],
    ['with requests that are not valid', configOf({ dataDir: '/d' }, { runtimeConfig: 'x', args: [] })],
  ])('frees on DEL, twice, with the configuration %s', async (_, config) => {
    const { leases, add, del } = node();
    await add(configOf({ ...pool, dataDir: '/d' }));
    await add(configOf({ ...pool, dataDir: '/d' }), as('c1', 'net2'));
    await del(config, { pod: undefined });
    await del(config, { pod: undefined });
    expect(leases.held('testnet', '/d')).toEqual({ '192.168.1.201': 'c1 net2' });
  });

  it.each([undefined, null, 'text', {}, { ipam: null }, { ipam: { dataDir: 7 } }])(
    'succeeds in DEL with %j',
    async (config) => {
      const { leases, del } = node();
      await del(config, { pod: undefined });
      expect(leases.held('testnet')).toEqual({});
    },
  );

  it('says in STATUS which range set has no address left, and how many of it are in use', async () => {
    const { leases, add } = node();
    const narrow = configOf({ ranges: [[{ subnet: '10.0.0.0/24' }], [{ subnet: 'fd00::/126', rangeEnd: 'fd00::2' }]] });
    const { host } = lab();
    const status = () =>
      hostLocal.bind(narrow).status({ host, dhcp: fakeDhcp(), leases, network: networkName('testnet') });
    await status();
    await add(narrow);
    await expect(status()).rejects.toMatchObject({
      reason: 'PoolExhausted',
      problem: expect.stringMatching(/no IP addresses available in range set: fd00::1-fd00::2 \(1 in use\)/),
    });
  });

  it('keeps networks and data directories apart', async () => {
    const { add } = node();
    expect(addresses(await add(configOf(pool)))).toEqual(['192.168.1.200/24']);
    expect(addresses(await add(configOf({ ...pool, dataDir: '/d' })))).toEqual(['192.168.1.200/24']);
  });

  it('checks that the recorded address is still reserved', async () => {
    const { add, del, check } = node();
    const result = await add(configOf(dual));
    await check(configOf(dual), result);
    const other = { ...emptyResult, ips: result.ips.slice(1) };
    await expect(check(configOf(dual), other)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Address 10.0.0.2 is reserved for net1: expected fd00::2',
    });
    await del(configOf(dual));
    await expect(check(configOf(dual), result)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Cannot find an address of container c1, interface net1 in network testnet',
    });
  });
});

describe('a resolver file', () => {
  it('gives servers, domain, search list and options; comments and half lines say nothing', () => {
    const text = `# by hand\n; old\nnameserver 1.1.1.1 # one\r\n\tnameserver   fd00::1\nnameserver\ndomain a.test\ndomain b.test
search x.test y.test\nsearch z.test\noptions ndots:5\noptions rotate timeout:1\nsortlist 10.0.0.0\n`;
    expect(parseResolvConf(text)).toEqual({
      nameservers: ['1.1.1.1', 'fd00::1'],
      domain: 'b.test',
      search: ['x.test', 'y.test', 'z.test'],
      options: ['ndots:5', 'rotate', 'timeout:1'],
    });
  });

  it('may be empty', () => {
    expect(parseResolvConf('')).toEqual({});
  });
});
