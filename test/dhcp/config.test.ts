/** The `ipam` section of type dhcp: what the server is told and asked for. Pure. */
import { describe, expect, it } from 'vitest';
import { parseArgs } from '../../src/cni/args';
import { parseDhcp } from '../../src/dhcp/config';
import { record } from '../../src/json';

const args = parseArgs('K8S_POD_NAME=web;IgnoreUnknown=1');
const parse = (ipam: object) => parseDhcp(record({ type: 'dhcp', ...ipam }), args);
const options = (ipam: object) => [...parse(ipam).options].map(([code, value]) => [code, [...value]]);

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
  ])('refuses %j and names %s', (ipam, field) => {
    expect(() => parse(ipam)).toThrow(field);
  });
});
