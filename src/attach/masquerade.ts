/** Masquerading of a pod's addresses, by the reference plugins' own rules: either can take back the other's. Acts through nft. */

import { fingerprint } from '../net/hash';
import { addressOf, type Cidr, familyOf, networkOf } from '../net/ip';
import type { ContainerId, IfName, NetworkName } from '../net/names';
import type { Nft } from './ports';
import { findRules, takingBack, transaction } from './ruleset';

/** Whose rules they are: one interface of a container, on one network. */
export interface MasqueradeOwner {
  readonly network: NetworkName;
  readonly ifName: IfName;
  readonly containerId: ContainerId;
}

const table = 'inet cni_plugins_masquerade';
const longestComment = 128; // characters; nft refuses more

/** Traffic from these addresses to others than their own subnets leaves with the node's address. Replaces the owner's earlier rules. */
export async function addMasquerade(nft: Nft, owner: MasqueradeOwner, addresses: readonly Cidr[]): Promise<void> {
  await nft.run(masqueradeScript(owner, addresses, await handlesOf(nft, owner)));
}

/** Takes back the owner's rules; none is success. */
export async function deleteMasquerade(nft: Nft, owner: MasqueradeOwner): Promise<void> {
  await takingBack(async () => {
    const handles = await handlesOf(nft, owner);
    if (handles.length > 0) await nft.run(transaction(handles.map(deletion)));
  });
}

/** The transaction that gives these addresses their rules; `stale` are handles of the owner's earlier ones. Pure. */
export function masqueradeScript(owner: MasqueradeOwner, addresses: readonly Cidr[], stale: readonly number[]): string {
  return transaction([
    `add table ${table} { comment "Masquerading for plugins from github.com/containernetworking/plugins" ; }`,
    `add chain ${table} masq_checks { comment "Masquerade traffic from certain IPs to any (non-multicast) IP outside their subnet" ; }`,
    `add chain ${table} postrouting { type nat hook postrouting priority 100 ; }`,
    `flush chain ${table} postrouting`,
    `add rule ${table} postrouting ip daddr == 224.0.0.0/4  return`,
    `add rule ${table} postrouting ip6 daddr == ff00::/8  return`,
    `add rule ${table} postrouting goto masq_checks`,
    ...stale.map(deletion),
    ...addresses.map((address) => {
      const family = familyOf(address) === 4 ? 'ip' : 'ip6';
      const match = `${family} saddr == ${addressOf(address)} ${family} daddr != ${networkOf(address)}`;
      return `add rule ${table} masq_checks ${match} masquerade comment "${masqueradeComment(owner)}"`;
    }),
  ]);
}

/** What the owner's rules say of themselves: a fingerprint to find them by, and who it is for people. Pure. */
export function masqueradeComment(owner: MasqueradeOwner): string {
  const { network, ifName, containerId } = owner;
  const text = `${instance(owner)}, net: ${network}, if: ${ifName}, id: ${containerId}`;
  return text.replaceAll('"', '').slice(0, longestComment);
}

function instance({ network, ifName, containerId }: MasqueradeOwner): string {
  return `${fingerprint(16, network)}-${fingerprint(16, `${ifName}:${containerId}`)}`;
}

async function handlesOf(nft: Nft, owner: MasqueradeOwner): Promise<readonly number[]> {
  const rules = (await findRules(nft, [...table.split(' '), 'masq_checks'])) ?? [];
  return rules.filter(({ comment }) => comment?.startsWith(instance(owner)) === true).map(({ handle }) => handle);
}

function deletion(handle: number): string {
  return `delete rule ${table} masq_checks handle ${handle}`;
}
