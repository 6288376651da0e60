/** static: which addresses win, what is refused, and CHECK against the recorded result. */
import { describe, expect, it } from 'vitest';
import { staticIpam } from '../../plugins/static';
import { emptyResult, type IpConfig, type Result } from '../../src/cni/result';
import { lab } from './lab';

const configOf = (ipam: object, rest: object = {}) => ({
  cniVersion: '1.0.0',
  name: 'testnet',
  type: 'macvlan',
  ...rest,
  ipam: { type: 'static', ...ipam },
});
const one = { addresses: [{ address: '192.168.0.20/24', gateway: '192.168.0.254' }] };
const resultOf = async (config: unknown, args = ''): Promise<Result> => lab({ args }).add(staticIpam, config);
const ipsOf = async (config: unknown, args = ''): Promise<readonly IpConfig[]> => (await resultOf(config, args)).ips;

describe('static', () => {
  it('gives addresses in their order with the host part kept, routes and DNS', async () => {
    const addresses = [...one.addresses, { address: '3FFE:ffff:0:01ff::1/64', gateway: '3ffe:ffff:0::1' }];
    const routes = [{ dst: '0.0.0.0/0' }, { dst: '3ffe:ffff:0:1ff::1/64', priority: 7 }];
    const dns = { nameservers: ['8.8.8.8'], domain: 'example.com', search: ['example.com'] };
    expect(await resultOf(configOf({ addresses, routes, dns }))).toEqual({
      interfaces: [],
      ips: [
        { address: '192.168.0.20/24', gateway: '192.168.0.254' },
        { address: '3ffe:ffff:0:1ff::1/64', gateway: '3ffe:ffff::1' },
      ],
      routes,
      dns,
    });
  });

  const runtimeConfig = { ips: ['10.3.0.3/24', 'fd00::3/64'] };
  const args = { cni: { ips: ['10.2.0.2/24'] } };
  it.each<[string, object, string, readonly IpConfig[]]>([
    ['the configured ones', {}, '', one.addresses as never],
    [
      'those of CNI_ARGS behind the configured ones',
      {},
      'IP=10.1.0.1/24, 10.1.1.1/24',
      [...(one.addresses as never[]), { address: '10.1.0.1/24' }, { address: '10.1.1.1/24' }] as never,
    ],
    ['those of args.cni.ips instead', { args }, 'IP=10.1.0.1/24', [{ address: '10.2.0.2/24' }] as never],
    [
      'those of the runtime instead of all others',
      { args, RuntimeConfig: runtimeConfig },
      'IP=10.1.0.1/24',
      [{ address: '10.3.0.3/24' }, { address: 'fd00::3/64' }] as never,
    ],
    [
      'the configured ones when the requests are empty',
      { args: { cni: { ips: [] } }, runtimeConfig: {} },
      'IP=',
      one.addresses as never,
    ],
  ])('gives %s', async (_, rest, cniArgs, expected) => {
    expect(await ipsOf(configOf(one, rest), cniArgs)).toEqual(expected);
  });

  it('gives GATEWAY to those addresses of CNI_ARGS whose subnet holds it', async () => {
    const cniArgs =
      'IP=10.10.0.1/24,11.11.0.1/24,fd00::1/64;GATEWAY=10.10.0.253,10.10.0.254, fd00::fe;IgnoreUnknown=1;K8S_POD_NAME=p';
    const addresses = [{ address: '10.10.0.9/24' }];
    expect(await ipsOf(configOf({ addresses }), cniArgs)).toEqual([
      { address: '10.10.0.9/24' },
      { address: '10.10.0.1/24', gateway: '10.10.0.254' },
      { address: '11.11.0.1/24' },
      { address: 'fd00::1/64', gateway: 'fd00::fe' },
    ]);
  });

  it('gives no address when none is configured: the delegate above says so', async () => {
    expect(await resultOf(configOf({}))).toEqual(emptyResult);
  });

  it.each<[string, unknown, string, string]>([
    ['no ipam', { name: 'testnet' }, '', "IPAM config missing 'ipam' key"],
    [
      'an address without length',
      configOf({ addresses: [{ address: '192.168.0.21' }] }),
      '',
      'Cannot use "192.168.0.21" as ipam.addresses[0].address: NOT in CIDR notation, write 192.168.0.21/24',
    ],
    [
      'a requested address without length',
      configOf({}, { runtimeConfig: { ips: ['192.168.0.21'] } }),
      '',
      'Cannot use "192.168.0.21" as runtimeConfig.ips: NOT in CIDR notation, write 192.168.0.21/24',
    ],
    [
      'an IPv6 address without length',
      configOf({}, { args: { cni: { ips: ['fd00::1'] } } }),
      '',
      'Cannot use "fd00::1" as args.cni.ips: NOT in CIDR notation, write fd00::1/64',
    ],
    [
      'text in CNI_ARGS',
      configOf({}),
      'IP=nope',
      'Cannot use "nope" as IP in CNI_ARGS: NOT in CIDR notation, write 192.168.0.21/24',
    ],
    [
      'a missing address',
      configOf({ addresses: [{ gateway: '10.0.0.1' }] }),
      '',
      'Cannot use nothing as ipam.addresses[0].address',
    ],
    [
      'addresses of the wrong type',
      configOf({ addresses: '10.0.0.1/24' }),
      '',
      'Cannot use "10.0.0.1/24" as ipam.addresses: need a list',
    ],
    [
      'a bad gateway',
      configOf({ addresses: [{ address: '10.0.0.2/24', gateway: 'gw' }] }),
      '',
      'Cannot use "gw" as ipam.addresses[0].gateway: need an IP address',
    ],
    [
      'a bad GATEWAY',
      configOf({}),
      'IP=10.0.0.2/24;GATEWAY=gw',
      'Cannot use "gw" as GATEWAY in CNI_ARGS: need an IP address',
    ],
    [
      'a bad address, though another one is asked for',
      configOf({ addresses: [{ address: 'x' }] }, { runtimeConfig }),
      '',
      'Cannot use "x" as ipam.addresses[0].address: NOT in CIDR notation',
    ],
    ['a bad route', configOf({ ...one, routes: [{ gw: '10.0.0.1' }] }), '', 'Cannot use nothing as ipam.routes[0].dst'],
    [
      'a bad dns',
      configOf({ ...one, dns: { nameservers: '8.8.8.8' } }),
      '',
      'Cannot use "8.8.8.8" as ipam.dns.nameservers: need a list',
    ],
    [
      'three addresses in version 0.2.0',
      configOf(
        { addresses: [{ address: '10.0.0.2/24' }, { address: 'fd00::2/64' }, { address: '10.0.1.2/24' }] },
        { cniVersion: '0.2.0' },
      ),
      '',
      'CNI version 0.2.0 does not support more than 1 address per family',
    ],
  ])('refuses %s', async (_, config, cniArgs, problem) => {
    await expect(resultOf(config, cniArgs)).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: expect.stringContaining(problem),
    });
  });

  it('gives one address of each family in version 0.2.0, and more from 0.3.0 on', async () => {
    const both = { addresses: [{ address: '10.0.0.2/24' }, { address: 'fd00::2/64' }] };
    expect(await ipsOf(configOf(both, { cniVersion: '0.2.0' }))).toHaveLength(2);
    const more = { addresses: [...both.addresses, { address: '10.0.1.2/24' }] };
    expect(await ipsOf(configOf(more, { cniVersion: '0.3.0' }))).toHaveLength(3);
  });

  it.each([undefined, null, {}, configOf({ addresses: 'nope' })])('succeeds in DEL with %j', async (config) => {
    await lab().del(staticIpam, config, { pod: undefined });
  });

  it('checks that the recorded addresses are the configured ones', async () => {
    const { add, check } = lab();
    const recorded = await add(staticIpam, configOf(one));
    await check(staticIpam, configOf(one), recorded);
    await check(staticIpam, configOf({ addresses: [{ address: '192.168.0.20/24' }] }), recorded); // a bridge adds the gateway
    const moved = { addresses: [{ address: '192.168.0.21/24' }] };
    await expect(check(staticIpam, configOf(moved), recorded)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Cannot find address 192.168.0.21/24 of net1: the recorded ones are 192.168.0.20/24',
    });
    const redirected = { addresses: [{ address: '192.168.0.20/24', gateway: '192.168.0.1' }] };
    await expect(check(staticIpam, configOf(redirected), recorded)).rejects.toMatchObject({
      reason: 'CheckFailed',
      problem: 'Address 192.168.0.20/24 of net1 has gateway 192.168.0.254: expected 192.168.0.1',
    });
  });
});
