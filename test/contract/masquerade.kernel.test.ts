/** Rules that the node's iptables made, taken back where there is only nft: in the agent's image. Touches the guest's nat tables. */
import { expect, it } from 'vitest';
import { addMasquerade, deleteMasquerade } from '../../src/attach/masquerade';
import type { Iptables } from '../../src/attach/ports';
import { fail } from '../../src/error';
import { createIptables } from '../../src/exec/iptables';
import { createNft } from '../../src/exec/nft';
import { cidr } from '../../src/net/ip';
import { containerId, ifName, networkName } from '../../src/net/names';

const missing: Iptables = {
  nat: async () => fail('FirewallFailed', 'Cannot find the iptables command', { errno: 'ENOENT' }),
};

it('by nft, of both families, and nothing else', async () => {
  const [iptables, nft] = [createIptables(process.env), createNft(process.env)];
  const owner = (id: string) => ({
    ...{ network: networkName('n'), ifName: ifName('net1', 'test'), containerId: containerId(id) },
    ...{ nft, pod: undefined },
  });
  const ips = ['10.5.0.2/24', 'fd00:5::2/64'].map((text) => ({ address: cidr(text, 'test') }));
  const rules = async () =>
    [...((await iptables.nat(4, ['-S'])) ?? []), ...((await iptables.nat(6, ['-S'])) ?? [])].sort();
  for (const id of ['stays', 'goes']) await addMasquerade('iptables', { ...owner(id), iptables }, ips);
  const both = await rules();
  await deleteMasquerade({ ...owner('goes'), iptables: missing }, ips);
  expect(await rules()).toEqual(both.filter((rule) => rule.startsWith('-P') || rule.includes('stays') || isOf(rule)));
  await deleteMasquerade({ ...owner('stays'), iptables: missing }, undefined);
  expect((await rules()).filter((rule) => rule.includes('CNI-'))).toEqual([]);

  /** The line that names the chain of the one that stays. */
  function isOf(rule: string): boolean {
    const chain = /-j (CNI-\w+)/.exec(
      both.find((one) => one.includes('stays') && one.includes('POSTROUTING')) ?? '',
    )?.[1];
    return rule === `-N ${chain}`;
  }
});
