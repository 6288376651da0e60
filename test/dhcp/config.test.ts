/** The `ipam` section of type dhcp: what the server is told and asked for. Pure. */
import { describe, expect, it } from 'vitest';
import { parseArgs } from '../../src/cni/args';
import { parseDhcp } from '../../src/dhcp/config';
import { record } from '../../src/json';

const args = parseArgs('K8S_POD_NAME=web;IgnoreUnknown=1');
const parse = (ipam: object) => parseDhcp(record({ type: 'dhcp', ...ipam }), args);
const told = (ipam: object) =>
  parse(ipam).told.map((each) =>
    each.family === 6 ? each : { family: 4, options: [...each.options].map(([code, value]) => [code, [...value]]) },
  );
const options = (ipam: object) => {
  const [first] = told(ipam);
  return first?.family === 4 && 'options' in first ? first.options : undefined;
};

describe('the dhcp section', () => {
  it('asks for routers and subnet mask at the socket of the reference daemon', () => {
    expect(parse({})).toMatchObject({ socket: '/run/cni/dhcp.sock', priority: undefined });
    expect(options({})).toEqual([[55, [3, 1]]]);
  });

  it.each<[string, object, unknown]>([
    ['asks for more', { request: [{ option: '121' }, { option: 'routers' }] }, [[55, [121, 3, 1]]]],
    ['asks for these alone', { request: [{ skipDefault: true, option: '121' }] }, [[55, [121]]]],
    ['asks for nothing', { request: [{ skipDefault: true }] }, []],
    ['tells a value', { provide: [{ option: '60', value: 'x' }], request: [{ skipDefault: true }] }, [[60, [120]]]],
    [
      'tells what CNI_ARGS has, before the value beside it',
      { provide: [{ option: 'host-name', value: 'x', fromArg: 'K8S_POD_NAME' }], request: [{ skipDefault: true }] },
      [[12, [...Buffer.from('web')]]],
    ],
    [
      'leaves out what CNI_ARGS does not have',
      { provide: [{ option: 'host-name', fromArg: 'NOT_THERE' }], request: [{ skipDefault: true }] },
      [],
    ],
  ])('%s', (_, ipam, expected) => {
    expect(options(ipam)).toEqual(expected);
  });

  it.each<[string, object, unknown]>([
    ['IPv6', { family: 'ipv6' }, [{ family: 6, asked: [] }]],
    [
      'both',
      { family: 'dual', request: [{ skipDefault: true }] },
      [
        { family: 4, options: [] },
        { family: 6, asked: [] },
      ],
    ],
    [
      'IPv6 with name servers and domains',
      { family: 'ipv6', request: [{ option: 'dhcp6.name-servers' }, { option: 'dhcp6.domain-search' }] },
      [{ family: 6, asked: [23, 24] }],
    ],
    [
      'each its own options',
      { family: 'dual', request: [{ option: 'dhcp6.name-servers' }, { option: '6' }] },
      [
        { family: 4, options: [[55, [6, 3, 1]]] },
        { family: 6, asked: [23] },
      ],
    ],
  ])('leases %s', (_, ipam, expected) => {
    expect(told(ipam)).toEqual(expected);
  });

  it('gives IPv6 addresses a prefix of their own, unless it has a length', () => {
    expect(parse({ family: 'ipv6' }).prefixLength).toBe(128);
    expect(parse({ family: 'ipv6', prefixLength: 64 }).prefixLength).toBe(64);
  });

  it('has the metric of routes and another socket', () => {
    expect(parse({ priority: 100, daemonSocketPath: '/run/x.sock' })).toMatchObject({
      priority: 100,
      socket: '/run/x.sock',
    });
  });

  it.each<[object, string]>([
    [{ provide: [{ option: 'color', value: 'x' }] }, 'ipam.provide[0].option'],
    [{ request: [{ option: '256' }] }, 'ipam.request[0].option'],
    [{ request: [{ option: 121 }] }, 'ipam.request[0].option'],
    [{ provide: [{ option: '12', value: 'x'.repeat(256) }] }, 'ipam.provide[0]'],
    [{ daemonSocketPath: 'dhcp.sock' }, 'ipam.daemonSocketPath'],
    [{ daemonSocketPath: `/${'x'.repeat(107)}` }, 'ipam.daemonSocketPath'],
    [{ priority: -1 }, 'ipam.priority'],
    [{ family: 'ipv5' }, 'ipam.family'],
    [{ family: 'ipv6', prefixLength: 129 }, 'ipam.prefixLength'],
    [{ request: [{ option: 'dhcp6.name-servers' }] }, 'need "family" ipv6 or dual'],
    [{ family: 'ipv6', provide: [{ option: 'dhcp6.name-servers', value: 'x' }] }, 'ipam.provide[0].option'],
  ])('refuses %j and names %s', (ipam, field) => {
    expect(() => parse(ipam)).toThrow(field);
  });
});
