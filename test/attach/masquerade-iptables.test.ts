/** Masquerading by iptables: the reference plugins' own rules, whoever made them and whatever is known of the pod. Touches the fakes. */
import { describe, expect, it } from 'vitest';
import { addMasquerade, checkMasquerade, deleteMasquerade, type MasqueradeBackend } from '../../src/attach/masquerade';
import { masqueradeRules } from '../../src/attach/masquerade-iptables';
import type { Iptables, Nft } from '../../src/attach/ports';
import { CniError, fail } from '../../src/error';
import { fakeIptables } from '../../src/model/iptables';
import { fakeKernel } from '../../src/model/kernel';
import { cidr } from '../../src/net/ip';
import { containerId, ifName, networkName } from '../../src/net/names';
import { rulesNft } from '../plugins/bridge-nft';

const owner = { network: networkName('n'), ifName: ifName('net1', 'ifName'), containerId: containerId('cid1') };
const net2 = { ...owner, ifName: ifName('net2', 'ifName') };
const [v4, v6, other] = ['10.5.0.2/24', 'fd00:5::2/64', '10.5.0.9/24'].map((text) => ({
  address: cidr(text, 'test'),
})) as [Held, Held, Held];
type Held = { readonly address: ReturnType<typeof cidr> };

const masked = (chain: string) => `-m comment --comment "name: \\"n\\" id: \\"cid1\\"" -j ${chain}`;
const chain = 'CNI-1a67f85ded96f62fcf1a7fb4';
const absent = (name: string) => async () =>
  fail('FirewallFailed', `Cannot find the ${name} command`, { errno: 'ENOENT' });
const noNft: Nft = { run: absent('nft'), check: absent('nft'), list: absent('nft') };
const noIptables: Iptables = { nat: absent('iptables') };
const broken: Iptables = {
  nat: async () => fail('FirewallFailed', 'Failed to initialize nft: Protocol not supported'),
};

function node(nft: Nft = rulesNft(), iptables: Iptables = fakeIptables()) {
  const { pod } = fakeKernel({ hostLinks: [] });
  const means = { ...owner, nft, iptables, pod };
  return { means, pod, gone: { ...means, pod: undefined } };
}

describe('ADD', () => {
  it('makes the rules of the reference plugins, each once', async () => {
    const iptables = fakeIptables();
    const { means } = node(rulesNft(), iptables);
    for (const _ of [1, 2]) await addMasquerade('iptables', means, [v4, v6]);
    expect(iptables.rules()).toEqual([
      `-A POSTROUTING -s 10.5.0.2/32 ${masked(chain)}`,
      `-N ${chain}`,
      `-A ${chain} -d 10.5.0.0/24 ${masked('ACCEPT')}`,
      `-A ${chain} ! -d 224.0.0.0/4 ${masked('MASQUERADE')}`,
      `-A POSTROUTING -s fd00:5::2/128 ${masked(chain)}`,
      `-N ${chain}`,
      `-A ${chain} -d fd00:5::/64 ${masked('ACCEPT')}`,
      `-A ${chain} ! -d ff00::/8 ${masked('MASQUERADE')}`,
    ]);
  });

  it('says it in the words of the reference plugins', () => {
    const comment = ['-m', 'comment', '--comment', 'name: "n" id: "cid1"'];
    expect(masqueradeRules(owner, v4.address)).toEqual([
      [chain, '-d', '10.5.0.2/24', '-j', 'ACCEPT', ...comment],
      [chain, '!', '-d', '224.0.0.0/4', '-j', 'MASQUERADE', ...comment],
      ['POSTROUTING', '-s', '10.5.0.2', '-j', chain, ...comment],
    ]);
  });

  it('uses iptables unasked on a node without nft, and no other', async () => {
    const iptables = fakeIptables();
    await addMasquerade(undefined, node(rulesNft(), iptables).means, [v4]);
    expect(iptables.rules()).toEqual([]);
    await addMasquerade(undefined, node(noNft, iptables).means, [v4]);
    expect(iptables.rules()).toHaveLength(4);
  });

  it.each<[string, MasqueradeBackend, Nft, Iptables, string]>([
    ['nothing is there: nft', undefined, noNft, noIptables, 'the nft command'],
    ['nft is asked for and not there', 'nftables', noNft, fakeIptables(), 'the nft command'],
    ['iptables is asked for and not there', 'iptables', rulesNft(), noIptables, 'the iptables command'],
    ['iptables is there and does not work', undefined, noNft, broken, 'Protocol not supported'],
  ])('says what is missing when %s', async (_, backend, nft, iptables, words) => {
    const adding = addMasquerade(backend, node(nft, iptables).means, [v4]);
    await expect(adding).rejects.toMatchObject({ reason: 'FirewallFailed', problem: expect.stringContaining(words) });
  });

  it('does not take "no such target" for done', async () => {
    const fake = fakeIptables();
    const lame: Iptables = { nat: async (family, args) => (args[0] === '-A' ? undefined : fake.nat(family, args)) };
    const adding = addMasquerade('iptables', node(rulesNft(), lame).means, [v4]);
    await expect(adding).rejects.toMatchObject({ problem: expect.stringContaining('does not take "-A CNI-') });
  });
});

describe('DEL', () => {
  it.each<[string, (lab: ReturnType<typeof node>) => Promise<void>]>([
    ['with what ADD printed', ({ means }) => deleteMasquerade(means, [v4, v6])],
    ['without it', ({ means }) => deleteMasquerade(means, undefined)],
    ['without the namespace', ({ gone }) => deleteMasquerade(gone, undefined)],
    [
      'twice',
      async ({ means }) => {
        for (const _ of [1, 2]) await deleteMasquerade(means, [v4, v6]);
      },
    ],
  ])('takes back all of both families %s', async (_, del) => {
    const iptables = fakeIptables();
    const lab = node(rulesNft(), iptables);
    await addMasquerade('iptables', lab.means, [v4, v6]);
    await del(lab);
    expect(iptables.rules()).toEqual([]);
  });

  it('takes back rules of both backends, whatever the configuration says', async () => {
    const [nft, iptables] = [rulesNft(), fakeIptables()];
    const { means } = node(nft, iptables);
    for (const backend of ['nftables', 'iptables'] as const) await addMasquerade(backend, means, [v4]);
    await deleteMasquerade(means, [v4]);
    expect([iptables.rules(), nft.rulesOf('inet cni_plugins_masquerade masq_checks')]).toEqual([[], []]);
  });

  /** What iptables-nft keeps in nftables for the owner's chain and another one. */
  const kept = [
    ...['POSTROUTING', chain, 'CNI-other'].map((name) => `add chain ip nat ${name}`),
    ...[chain, 'CNI-other'].map((name) => `add rule ip nat POSTROUTING ip saddr 10.5.0.2 counter jump ${name}`),
    `add rule ip nat ${chain} ip daddr 10.5.0.0/24 counter accept`,
  ];

  it.each([
    [
      'of a pod that is gone, by nft alone: the agent has no iptables',
      false,
      ['ip saddr 10.5.0.2 counter jump CNI-other'],
    ],
    [
      'of a pod that has other addresses, by nobody: they may need it',
      true,
      kept.slice(3, 5).map((each) => each.slice(28)),
    ],
  ])('takes back what iptables made %s', async (_, lives, left) => {
    const nft = rulesNft();
    await nft.run(`${kept.join('\n')}\n`);
    const { means, pod } = node(nft, noIptables);
    const link = await pod.createLink({ kind: 'dummy', name: ifName('net2', 'test') });
    await pod.addAddress(link.index, other.address);
    await deleteMasquerade({ ...means, pod: lives ? pod : undefined }, [v4]);
    expect(nft.rulesOf('ip nat POSTROUTING')).toEqual(left);
    expect(nft.chains.has(`ip nat ${chain}`)).toBe(lives);
  });

  it('takes back what a killed call left half done, and the oldest form of the rule', async () => {
    const iptables = fakeIptables();
    const { means } = node(rulesNft(), iptables);
    await iptables.nat(4, ['-N', chain]);
    await deleteMasquerade(means, [v4]);
    expect(iptables.rules()).toEqual([]);
    await iptables.nat(4, ['-N', chain]);
    await iptables.nat(4, ['-A', 'POSTROUTING', '-s', '10.5.0.2/24', '-j', chain]);
    await deleteMasquerade(means, [v4]);
    expect(iptables.rules()).toEqual([]);
  });

  it('leaves others alone: containers, and another interface of the same one on the same network', async () => {
    const iptables = fakeIptables();
    const { means, pod } = node(rulesNft(), iptables);
    const stranger = { ...means, containerId: containerId('cid2') };
    await addMasquerade('iptables', stranger, [v4]);
    const before = iptables.rules();
    const link = await pod.createLink({ kind: 'dummy', name: ifName('net2', 'test') });
    await pod.addAddress(link.index, other.address, { noDad: true });
    await addMasquerade('iptables', means, [v4]);
    await addMasquerade('iptables', { ...means, ...net2 }, [other]);
    await deleteMasquerade(means, [v4]);
    expect(iptables.rules().filter((rule) => rule.startsWith('-A POSTROUTING'))).toEqual([
      expect.stringContaining('-s 10.5.0.2/32'),
      `-A POSTROUTING -s 10.5.0.9/32 ${masked(chain)}`,
    ]);
    expect(iptables.rules()).toContain(`-A ${chain} ! -d 224.0.0.0/4 ${masked('MASQUERADE')}`);
    await deleteMasquerade({ ...means, ...net2 }, [other]);
    expect(iptables.rules()).toEqual(before);
  });

  it.each([
    ['has no iptables', noIptables],
    ['has iptables that cannot do anything', broken],
  ])('is done when the node %s: it never made a rule', async (_, iptables) => {
    await deleteMasquerade(node(rulesNft(), iptables).means, undefined);
  });

  it('fails when iptables works, and fails now', async () => {
    const fake = fakeIptables();
    const busy: Iptables = {
      nat: async (family, args) =>
        args[1]?.startsWith('CNI-') ? fail('FirewallFailed', 'iptables took more than 30 s') : fake.nat(family, args),
    };
    await expect(deleteMasquerade(node(rulesNft(), busy).means, [v4])).rejects.toBeInstanceOf(CniError);
  });
});

describe('CHECK', () => {
  it.each(['nftables', 'iptables'] as const)('passes with rules of %s, and fails without', async (backend) => {
    const { means } = node();
    const missing = { reason: 'CheckFailed', problem: expect.stringContaining('10.5.0.2/24') };
    await expect(checkMasquerade(means, [v4])).rejects.toMatchObject(missing);
    await addMasquerade(backend, means, [v4, v6]);
    await checkMasquerade(means, [v4, v6]);
    await deleteMasquerade(means, [v4]);
    await expect(checkMasquerade(means, [v4])).rejects.toMatchObject(missing);
  });

  it('wants a rule of iptables for each address', async () => {
    const { means } = node(noNft);
    await addMasquerade('iptables', means, [v4]);
    await expect(checkMasquerade(means, [v4, other])).rejects.toMatchObject({
      problem: expect.stringContaining('for 10.5.0.9/24 in'),
    });
  });

  it('fails on a node that has neither command', async () => {
    await expect(checkMasquerade(node(noNft, noIptables).means, [v4])).rejects.toMatchObject({ reason: 'CheckFailed' });
  });
});
