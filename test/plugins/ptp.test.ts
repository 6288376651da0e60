/** ptp against the fake kernel: addresses and routes at both ends. */
import { describe, expect, it } from 'vitest';
import { ptp } from '../../plugins/ptp';
import { derivedName } from '../../src/net/names';
import { rulesNft } from './bridge-nft';
import { fixedIpam, lab } from './lab';

const hostEnd = derivedName('veth', 'c1', 'net1');
const dual = () => fixedIpam(['10.2.0.5/24 via 10.2.0.1', 'fd00:2::5/64 via fd00:2::1'], ['0.0.0.0/0']);

describe('ptp', () => {
  it('routes both ways, and says so', async () => {
    const { host, pod, add, check } = lab({ ipam: dual() });
    const result = await add(ptp, { mtu: 1400 });
    expect(pod.addressesOf('net1')).toEqual(['10.2.0.5/24', 'fd00:2::5/64']);
    expect(pod.routesTo('10.2.0.1/32')).toMatchObject([{ source: '10.2.0.5', scope: 253 }]);
    expect(pod.routesTo('10.2.0.0/24')).toMatchObject([{ source: '10.2.0.5', gateway: '10.2.0.1' }]);
    expect(pod.routesTo('fd00:2::/64')).toMatchObject([{ gateway: 'fd00:2::1' }]);
    expect(pod.routesTo('0.0.0.0/0')).toMatchObject([{ gateway: '10.2.0.1' }]);
    expect(host.addressesOf(hostEnd)).toEqual(['10.2.0.1/32', 'fd00:2::1/128']);
    expect(host.routesTo('10.2.0.5/32')).toMatchObject([{ scope: 254 }]);
    expect(host.routesTo('fd00:2::5/128')).toHaveLength(1);
    expect(await host.sysctl('net/ipv4/ip_forward')).toBe('1');
    expect(await host.sysctl('net/ipv6/conf/all/forwarding')).toBe('1');
    expect(host.link(hostEnd)).toMatchObject({ mtu: 1400, up: true });
    expect(result).toEqual({
      interfaces: [
        { name: hostEnd, mac: host.link(hostEnd).mac },
        { name: 'net1', mac: pod.link('net1').mac, sandbox: '/var/run/netns/pod' },
      ],
      ips: [
        { address: '10.2.0.5/24', gateway: '10.2.0.1', interface: 1 },
        { address: 'fd00:2::5/64', gateway: 'fd00:2::1', interface: 1 },
      ],
      routes: [{ dst: '0.0.0.0/0' }],
      dns: { nameservers: ['9.9.9.9'] },
    });
    await check(ptp, { mtu: 1400 }, result);
  });

  it('prefers the dns of the configuration', async () => {
    const { add } = lab({ ipam: dual() });
    expect((await add(ptp, { dns: { nameservers: [] } })).dns).toEqual({});
  });

  it('masquerades, and takes the rules back without the namespace', async () => {
    const nft = rulesNft();
    const { add, del } = lab({ ipam: dual() });
    await add(ptp, { ipMasq: true }, { nft });
    expect(nft.rulesOf('inet cni_plugins_masquerade masq_checks')).toHaveLength(2);
    await del(ptp, { ipMasq: true }, { nft, pod: undefined });
    expect(nft.rulesOf('inet cni_plugins_masquerade masq_checks')).toEqual([]);
  });

  it('masquerades by iptables when asked to, checks that, and takes it back', async () => {
    const { iptables, add, check, del } = lab({ ipam: dual() });
    const config = { ipMasq: true, ipMasqBackend: 'iptables' };
    const result = await add(ptp, config);
    expect(iptables.rules().filter((rule) => rule.startsWith('-A POSTROUTING'))).toHaveLength(2);
    await check(ptp, config, result);
    await del(ptp, { ipMasq: true }, { pod: undefined });
    expect(iptables.rules()).toEqual([]);
    await expect(check(ptp, config, result)).rejects.toMatchObject({ reason: 'CheckFailed' });
  });

  it.each([
    ['without ipam', undefined, {}, 'ConfigInvalid'],
    ['with an address without gateway', fixedIpam(['10.2.0.5/24']), {}, 'AddressMissing'],
  ])('refuses to attach %s, and leaves nothing', async (_, ipam, config, reason) => {
    const { host, pod, add } = lab({ ipam });
    await expect(add(ptp, config)).rejects.toMatchObject({ reason });
    expect([host.names(), pod.names(), ipam?.held ?? false]).toEqual([['eth0'], [], false]);
  });
});
