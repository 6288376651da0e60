/** Results of every CNI version. */
import { describe, expect, it } from 'vitest';
import { parseResult, toResultText, toVersion } from '../../src/cni/convert';
import type { Result } from '../../src/cni/result';
import { supportedVersions } from '../../src/cni/version';
import { failing } from '../failing';

/** The same answer in every version, as the reference prints it (delegates.md 1.5). */
const dns = {
  nameservers: ['10.96.0.10'],
  domain: 'cluster.local',
  search: ['svc.cluster.local'],
  options: ['ndots:5'],
};
const shape02 = {
  ip4: {
    ip: '10.1.0.7/24',
    gateway: '10.1.0.1',
    routes: [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }, { dst: '10.96.0.0/12' }],
  },
  ip6: { ip: '2001:db8::7/64', routes: [{ dst: '::/0', gw: '2001:db8::1' }] },
  dns,
};
const interfaces03 = [
  { name: 'cni0', mac: '02:00:00:00:00:01' },
  { name: 'eth0', mac: '02:00:00:00:00:02', sandbox: '/proc/7/ns/net' },
];
const routes = [{ dst: '0.0.0.0/0', gw: '10.1.0.1' }, { dst: '10.96.0.0/12' }, { dst: '::/0', gw: '2001:db8::1' }];
const shape03 = {
  interfaces: interfaces03,
  ips: [
    { version: '4', interface: 1, address: '10.1.0.7/24', gateway: '10.1.0.1' },
    { version: '6', interface: 1, address: '2001:db8::7/64' },
  ],
  routes,
  dns,
};
const shape1 = {
  dns,
  interfaces: interfaces03,
  ips: [
    { address: '10.1.0.7/24', gateway: '10.1.0.1', interface: 1 },
    { address: '2001:db8::7/64', interface: 1 },
  ],
  routes,
};
const shapes = {
  '0.1.0': shape02,
  '0.2.0': shape02,
  '0.3.0': shape03,
  '0.3.1': shape03,
  '0.4.0': shape03,
  '1.0.0': shape1,
  '1.1.0': shape1,
} as const;

const pairs = supportedVersions.flatMap((from) => supportedVersions.map((to) => [from, to] as const));

/** What is left after the way through 0.1 or 0.2: no interfaces, hence no indexes. */
function without(shape: typeof shape03 | typeof shape1): object {
  const { interfaces: _, ips, ...rest } = shape;
  return { ...rest, ips: ips.map(({ interface: __, ...ip }) => ip) };
}

describe('an answer of version', () => {
  it.each(pairs)('%s is the same answer in %s', (from, to) => {
    const given = { cniVersion: from, ...shapes[from] };
    const lossy = from < '0.3.0' && to >= '0.3.0';
    const wanted = lossy ? without(shapes[to] as typeof shape03) : shapes[to];
    expect(toVersion(parseResult(JSON.stringify(given), to, 'bridge'), to)).toEqual({ cniVersion: to, ...wanted });
  });

  it.each(supportedVersions)('%s keeps its order of keys', (version) => {
    const given = { cniVersion: version, ...shapes[version] };
    const text = toResultText(parseResult(given, version, 'bridge'), version);
    const sorted = version >= '1.0.0' ? given : { ...given };
    if (version < '1.0.0') expect(text).toBe(JSON.stringify(sorted, null, 4));
    else expect(text).toBe(JSON.stringify(alphabetical(given), null, 4));
  });

  it.each(supportedVersions)('%s without cniVersion of its own has the configuration’s', (version) => {
    const parsed = parseResult(shapes[version], version, 'bridge');
    expect(parsed.ips.map(({ address }) => address)).toEqual(['10.1.0.7/24', '2001:db8::7/64']);
    expect(parseResult({ cniVersion: '', ...shapes[version] }, version, 'bridge')).toEqual(parsed);
  });
});

function alphabetical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(alphabetical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, each]) => [key, alphabetical(each)]));
}

describe('what only some versions have', () => {
  const full = parseResult(
    {
      interfaces: [
        { name: 'net1', mac: '02:00:00:00:00:01', mtu: 9000, sandbox: '/n', socketPath: '/s', pciID: '0000:01:00.0' },
      ],
      ips: [{ address: '10.0.0.5/24', interface: 0 }],
      routes: [{ dst: '10.9.0.0/16', gw: '10.0.0.1', mtu: 1400, advmss: 1300, priority: 5, table: 0, scope: 0 }],
    },
    '1.1.0',
    'macvlan',
  );

  it.each(['1.0.0', '1.1.0'])('an interface keeps mtu, socket and device in %s', (version) => {
    expect(toVersion(full, version).interfaces).toEqual([
      { mac: '02:00:00:00:00:01', mtu: 9000, name: 'net1', pciID: '0000:01:00.0', sandbox: '/n', socketPath: '/s' },
    ]);
  });

  it.each(['0.3.0', '0.4.0'])('an interface has name, mac and sandbox alone in %s', (version) => {
    expect(toVersion(full, version).interfaces).toEqual([{ name: 'net1', mac: '02:00:00:00:00:01', sandbox: '/n' }]);
  });

  it.each(['0.3.1', '1.0.0', '1.1.0'])('a route keeps everything in %s, table 0 and scope 0 too', (version) => {
    const route = { dst: '10.9.0.0/16', gw: '10.0.0.1', mtu: 1400, advmss: 1300, priority: 5, table: 0, scope: 0 };
    expect(toVersion(full, version).routes).toEqual([route]);
  });

  it('a route has dst and gw alone in 0.2.0', () => {
    expect(toVersion(full, '0.2.0').ip4).toEqual({
      ip: '10.0.0.5/24',
      routes: [{ dst: '10.9.0.0/16', gw: '10.0.0.1' }],
    });
  });
});

describe('0.1 and 0.2', () => {
  const many = parseResult(
    {
      ips: ['10.0.0.5/24', '10.0.0.6/24', '2001:db8::5/64', '2001:db8::6/64'].map((address) => ({ address })),
      routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
    },
    '1.0.0',
    'ipvlan',
  );

  it('have the first address of each family', () => {
    expect(toVersion(many, '0.1.0')).toEqual({
      cniVersion: '0.1.0',
      ip4: { ip: '10.0.0.5/24', routes: [{ dst: '0.0.0.0/0' }] },
      ip6: { ip: '2001:db8::5/64', routes: [{ dst: '::/0' }] },
      dns: {},
    });
  });

  it('drop the routes of a family without address', () => {
    const one = { ...many, ips: many.ips.slice(0, 1) };
    expect(toVersion(one, '0.2.0')).toEqual({
      cniVersion: '0.2.0',
      ip4: { ip: '10.0.0.5/24', routes: [{ dst: '0.0.0.0/0' }] },
      dns: {},
    });
  });

  it.each(['0.1.0', '0.2.0'])('cannot say %s without an address', (version) => {
    const layer2 = { ...many, ips: [] };
    expect(() => toVersion(layer2, version)).toThrow(failing('ResultInvalid', 'cannot convert: no valid IP addresses'));
  });
});

describe('an empty result', () => {
  const empty: Result = parseResult('{}', '1.0.0', 'dummy');

  it.each([
    ['0.3.0', { cniVersion: '0.3.0', dns: {} }],
    ['0.4.0', { cniVersion: '0.4.0', dns: {} }],
    ['1.0.0', { cniVersion: '1.0.0' }],
    ['1.1.0', { cniVersion: '1.1.0' }],
  ])('in %s is %j', (version, expected) => {
    expect(toVersion(empty, version)).toEqual(expected);
  });

  it('is what null says, as in libcni', () => {
    expect(parseResult('null', '1.0.0', 'dummy')).toEqual(empty);
    expect(parseResult(null, '1.0.0', 'dummy')).toEqual(empty);
  });
});

describe('parseResult', () => {
  it.each([
    ['::0/0 as ::/0', { routes: [{ dst: '::0/0', gw: 'FE80::1' }] }, { routes: [{ dst: '::/0', gw: 'fe80::1' }] }],
    ['an address in capitals', { ips: [{ address: '2001:DB8::5/64' }] }, { ips: [{ address: '2001:db8::5/64' }] }],
    [
      'an IPv4-mapped address as IPv4',
      { ips: [{ address: '::ffff:10.0.0.5/120' }] },
      { ips: [{ address: '10.0.0.5/24' }] },
    ],
    [
      'a MAC in capitals with dashes',
      { interfaces: [{ name: 'a', mac: 'AA-00-00-00-00-01' }] },
      { interfaces: [{ name: 'a', mac: 'aa:00:00:00:00:01' }] },
    ],
    [
      'an InfiniBand address',
      { interfaces: [{ name: 'ib0', mac: `${'00:'.repeat(19)}01` }] },
      { interfaces: [{ name: 'ib0', mac: `${'00:'.repeat(19)}01` }] },
    ],
    ['an empty MAC as none', { interfaces: [{ name: 'a', mac: '', sandbox: '' }] }, { interfaces: [{ name: 'a' }] }],
    [
      'an index that points nowhere as none',
      { ips: [{ address: '10.0.0.5/24', interface: 3 }] },
      { ips: [{ address: '10.0.0.5/24' }] },
    ],
    ['keys in other cases', { Interfaces: [{ Name: 'a' }] }, { interfaces: [{ name: 'a' }] }],
    [
      'null lists as empty',
      { interfaces: null, ips: null, routes: null, dns: null },
      { interfaces: [], ips: [], routes: [], dns: {} },
    ],
    [
      'an empty gateway as none',
      { ips: [{ address: '10.0.0.5/24', gateway: '' }] },
      { ips: [{ address: '10.0.0.5/24' }] },
    ],
    ['unknown keys as nothing', { code: 0, extra: {} }, { interfaces: [] }],
  ])('reads %s', (_, given, expected) => {
    expect(parseResult(given, '1.0.0', 'x')).toMatchObject(expected);
    const [first] = Object.keys(expected) as (keyof Result)[];
    if (first !== undefined) expect(parseResult(given, '1.0.0', 'x')[first]).toEqual(expected[first as never]);
  });

  it.each<[string, unknown, string]>([
    ['nothing', '', 'Cannot read the result of flannel: it printed nothing'],
    ['blanks', ' \n', 'it printed nothing'],
    ['garbage (X8)', 'panic: runtime error', 'invalid JSON at line 1, column 1'],
    ['two documents', '{}{}', 'column 3: unexpected {, need the end of the text'],
    ['a list', '[]', 'need a JSON object'],
    ['a number', 7, 'need a JSON object'],
    [
      'a network-status element',
      { name: 'cbr0', interface: 'eth0', ips: '10.0.0.5', default: true },
      'as ips: need a list',
    ],
    ['addresses that are texts', { ips: ['10.0.0.5'] }, 'as ips[0]: need a JSON object'],
    ['an address without prefix length', { ips: [{ address: '10.0.0.5' }] }, 'as ips[0].address'],
    ['a missing address', { ips: [{}] }, 'Cannot use nothing as ips[0].address'],
    ['a negative index', { ips: [{ address: '10.0.0.5/24', interface: -1 }] }, 'as ips[0].interface'],
    [
      'a gateway that is none',
      { ips: [{ address: '10.0.0.5/24', gateway: '<nil>' }] },
      'as ips[0].gateway: need an IP address',
    ],
    ['a route without destination', { routes: [{ gw: '10.0.0.1' }] }, 'as routes[0].dst'],
    ['a MAC that is none', { interfaces: [{ name: 'a', mac: 'x' }] }, 'as interfaces[0].mac: need a hardware address'],
    ['an interface that is text', { interfaces: ['eth0'] }, 'as interfaces[0]: need a JSON object'],
    ['DNS that is a list', { dns: [] }, 'as dns: need a JSON object'],
    ['name servers that are text', { dns: { nameservers: '10.0.0.1' } }, 'as dns.nameservers: need a list'],
    ['a version Braid does not speak', { cniVersion: '9.0.0' }, 'Cannot use 9.0.0 as cniVersion'],
    ['a version that is none', { cniVersion: 7 }, 'as cniVersion: need a version'],
    ['0.2 with an address that is text', { cniVersion: '0.2.0', ip4: '10.0.0.5' }, 'as ip4: need a JSON object'],
    [
      '0.2 with a wrong route',
      { cniVersion: '0.2.0', ip4: { ip: '10.0.0.5/24', routes: [{ dst: 'x' }] } },
      'as ip4.routes[0].dst',
    ],
  ])('refuses %s, naming the delegate', (_, given, text) => {
    expect(() => parseResult(given, '1.0.0', 'flannel')).toThrow(
      failing('ResultInvalid', 'the result of flannel', text),
    );
  });

  it('reads 0.2 when that is the configuration’s version, whatever else is there', () => {
    const knitter = { interfaces: [{ name: 'eth0' }], ip4: { ip: '1.2.3.30/24', gateway: '1.2.3.1' } };
    expect(parseResult(knitter, '0.2.0', 'knitter')).toEqual({
      interfaces: [],
      ips: [{ address: '1.2.3.30/24', gateway: '1.2.3.1' }],
      routes: [],
      dns: {},
    });
  });
});

it('cannot print a version that Braid does not speak', () => {
  expect(() => toVersion(parseResult('{}', '1.0.0', 'x'), '0.5.0')).toThrow(failing('VersionIncompatible', '0.5.0'));
});
