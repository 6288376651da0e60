/** The bridge's firewall rules, letter by letter as the reference plugins write and find them. Touches only a fake nft. */
import { describe, expect, it } from 'vitest';
import { addMasquerade, deleteMasquerade, masqueradeComment, masqueradeScript } from '../../src/attach/masquerade';
import type { Nft } from '../../src/attach/ports';
import { addSpoofCheck, deleteSpoofCheck, spoofRemoval, spoofScript } from '../../src/attach/spoof';
import { CniError } from '../../src/error';
import { fakeIptables } from '../../src/model/iptables';
import { fakeNft } from '../../src/model/nft';
import { cidr } from '../../src/net/ip';
import { mac } from '../../src/net/mac';
import { containerId, ifName, networkName } from '../../src/net/names';
import { rulesNft } from './bridge-nft';

const owner = { network: networkName('n'), ifName: ifName('net1', 'ifName'), containerId: containerId('cid1') };
const address = cidr('10.5.0.2/24', 'address');
const address6 = cidr('fd00:5::2/64', 'address');
const port = ifName('veth12345678', 'port');
const mac1 = mac('02:00:00:00:00:01', 'mac');
const checks = 'inet cni_plugins_masquerade masq_checks';
const prerouting = 'bridge nat PREROUTING';

const by = (nft: Nft) => ({ ...owner, nft, iptables: fakeIptables() });

/** A node without the nft command, as src/exec says it. */
const noNft: Nft = {
  run: async () => Promise.reject(new CniError('FirewallFailed', 'Cannot find nft', { errno: 'ENOENT' })),
  check: async () => Promise.reject(new CniError('FirewallFailed', 'Cannot find nft', { errno: 'ENOENT' })),
  list: async () => Promise.reject(new CniError('FirewallFailed', 'Cannot find nft', { errno: 'ENOENT' })),
};

describe('masquerading', () => {
  it('is named by the fingerprint of the reference plugins', () => {
    expect(masqueradeComment(owner)).toBe('917148ec47923f2e-422093d21d1fe447, net: n, if: net1, id: cid1');
  });

  it('has a comment that nft takes: at most 128 characters, no quotes', () => {
    const long = { ...owner, containerId: containerId('c'.repeat(128)), ifName: ifName('a"b', 'ifName') };
    expect(masqueradeComment(long)).toMatch(/^[\da-f]{16}-[\da-f]{16}, net: n, if: ab, id: c+$/);
    expect(masqueradeComment(long)).toHaveLength(128);
  });

  it('is written in the words of the reference plugins', () => {
    expect(masqueradeScript(owner, [address, address6], [7])).toBe(
      `add table inet cni_plugins_masquerade { comment "Masquerading for plugins from github.com/containernetworking/plugins" ; }
add chain inet cni_plugins_masquerade masq_checks { comment "Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet" ; }
add chain inet cni_plugins_masquerade postrouting { type nat hook postrouting priority 100 ; }
flush chain inet cni_plugins_masquerade postrouting
add rule inet cni_plugins_masquerade postrouting ip daddr == 224.0.0.0/4  return
add rule inet cni_plugins_masquerade postrouting ip6 daddr == ff00::/8  return
add rule inet cni_plugins_masquerade postrouting goto masq_checks
delete rule inet cni_plugins_masquerade masq_checks handle 7
add rule inet cni_plugins_masquerade masq_checks ip saddr == 10.5.0.2 ip daddr != 10.5.0.0/24 masquerade comment "917148ec47923f2e-422093d21d1fe447, net: n, if: net1, id: cid1"
add rule inet cni_plugins_masquerade masq_checks ip6 saddr == fd00:5::2 ip6 daddr != fd00:5::/64 masquerade comment "917148ec47923f2e-422093d21d1fe447, net: n, if: net1, id: cid1"
`,
    );
  });

  it('replaces what the same interface had before', async () => {
    const nft = rulesNft();
    await addMasquerade('nftables', by(nft), [{ address }]);
    await addMasquerade('nftables', by(nft), [{ address: cidr('10.5.0.3/24', 'address') }]);
    expect(nft.rulesOf(checks)).toEqual([expect.stringContaining('ip saddr == 10.5.0.3 ')]);
    expect(nft.rulesOf('inet cni_plugins_masquerade postrouting')).toHaveLength(3);
  });

  it('is taken back by its fingerprint, whatever the address; others stay', async () => {
    const nft = rulesNft();
    await addMasquerade('nftables', by(nft), [{ address }, { address: address6 }]);
    await addMasquerade('nftables', { ...by(nft), ifName: ifName('net2', 'ifName') }, [{ address }]);
    await deleteMasquerade({ ...by(nft), pod: undefined }, undefined);
    expect(nft.rulesOf(checks)).toEqual([expect.stringContaining('if: net2')]);
  });

  it('runs nothing when there is nothing to take back', async () => {
    const nft = fakeNft();
    await deleteMasquerade({ ...by(nft), pod: undefined }, undefined);
    expect(nft.scripts).toEqual([]);
    await deleteMasquerade({ ...by(noNft), pod: undefined }, undefined);
  });
});

describe('macspoofchk', () => {
  it('is written in the words of the reference plugin', () => {
    expect(spoofScript(owner, port, mac1)).toBe(
      `add table bridge nat
add chain bridge nat PREROUTING { type filter hook prerouting priority -300 ; policy accept ; }
add chain bridge nat cni-br-iface-cid1-net1
add chain bridge nat cni-br-iface-cid1-net1-mac
flush chain bridge nat cni-br-iface-cid1-net1
flush chain bridge nat cni-br-iface-cid1-net1-mac
add rule bridge nat PREROUTING iifname == "veth12345678" jump cni-br-iface-cid1-net1 comment "macspoofchk-cid1-net1"
add rule bridge nat cni-br-iface-cid1-net1 jump cni-br-iface-cid1-net1-mac comment "macspoofchk-cid1-net1"
add rule bridge nat cni-br-iface-cid1-net1-mac ether saddr == 02:00:00:00:00:01 return comment "macspoofchk-cid1-net1"
add rule bridge nat cni-br-iface-cid1-net1-mac drop comment "macspoofchk-cid1-net1"
`,
    );
  });

  it('is taken back in one transaction, rules before chains', () => {
    expect(spoofRemoval(owner, [4])).toBe(
      `delete rule bridge nat PREROUTING handle 4
add chain bridge nat cni-br-iface-cid1-net1
add chain bridge nat cni-br-iface-cid1-net1-mac
flush chain bridge nat cni-br-iface-cid1-net1
delete chain bridge nat cni-br-iface-cid1-net1
delete chain bridge nat cni-br-iface-cid1-net1-mac
`,
    );
  });

  it('leaves the first chain and what others have there', async () => {
    const nft = rulesNft();
    const other = { ...owner, ifName: ifName('net11', 'ifName') };
    await addSpoofCheck(nft, owner, port, mac1);
    await addSpoofCheck(nft, other, port, mac1);
    await deleteSpoofCheck(nft, owner);
    await deleteSpoofCheck(nft, owner);
    expect([...nft.chains]).toEqual([
      prerouting,
      'bridge nat cni-br-iface-cid1-net11',
      'bridge nat cni-br-iface-cid1-net11-mac',
    ]);
    expect(nft.rulesOf(prerouting)).toHaveLength(1);
  });

  it('runs nothing when there is nothing to take back', async () => {
    const nft = fakeNft();
    await deleteSpoofCheck(nft, owner);
    expect(nft.scripts).toEqual([]);
    await deleteSpoofCheck(noNft, owner);
  });

  it('finds the rule that nft lists, as captured from nft 1.0.6', async () => {
    const nft = fakeNft({
      'chain bridge nat PREROUTING': [
        {
          chain: {
            family: 'bridge',
            table: 'nat',
            name: 'PREROUTING',
            handle: 1,
            type: 'filter',
            hook: 'prerouting',
            prio: -300,
            policy: 'accept',
          },
        },
        {
          rule: {
            family: 'bridge',
            table: 'nat',
            chain: 'PREROUTING',
            handle: 4,
            comment: 'macspoofchk-cid1-net1',
            expr: [
              { match: { op: '==', left: { meta: { key: 'iifname' } }, right: 'veth01' } },
              { jump: { target: 'cni-br-iface-cid1-net1' } },
            ],
          },
        },
      ],
    });
    await deleteSpoofCheck(nft, owner);
    expect(nft.scripts[0]).toContain('PREROUTING handle 4\n');
  });

  it('refuses an interface name that nft could read as something else', async () => {
    const nft = fakeNft();
    const adding = addSpoofCheck(nft, { ...owner, ifName: ifName('x;flush', 'ifName') }, port, mac1);
    await expect(adding).rejects.toMatchObject({
      reason: 'ConfigInvalid',
      problem: expect.stringContaining('"x;flush"'),
    });
    expect(nft.scripts).toEqual([]);
  });

  it('says so when nft is missing', async () => {
    await expect(addSpoofCheck(noNft, owner, port, mac1)).rejects.toMatchObject({ reason: 'FirewallFailed' });
  });
});
