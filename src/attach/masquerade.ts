/** Masquerading of a pod's addresses, by the reference plugins' own rules: either can take back the other's. Acts through nft or iptables. */

import type { IpConfig } from '../cni/result';
import { fail } from '../error';
import { type Fields, oneOf } from '../json';
import { fingerprint } from '../net/hash';
import { addressOf, type Cidr, familyOf, type Ip, networkOf } from '../net/ip';
import type { ContainerId, IfName, NetworkName } from '../net/names';
import type { Iptables, Netns, Nft } from './ports';
import { findRules, isCommandMissing, orNone, transaction } from './ruleset';
import { Undo } from './undo';

/** What masquerades; undefined: nftables, or iptables on a node that has no nft command. */
export type MasqueradeBackend = 'nftables' | 'iptables' | undefined;

/** Whose rules they are: one interface of a container, on one network. */
export interface MasqueradeOwner {
  readonly network: NetworkName;
  readonly ifName: IfName;
  readonly containerId: ContainerId;
}

/** An address of the owner. */
type Held = Pick<IpConfig, 'address'>;

/** An owner, and what its rules are made with. */
interface Means extends MasqueradeOwner {
  readonly nft: Nft;
  readonly iptables: Iptables;
}

const table = 'inet cni_plugins_masquerade';
const longestComment = 128; // characters; nft refuses more

/** The key `ipMasqBackend`; an empty text is no word of it. */
export function parseMasqueradeBackend({ ipMasqBackend }: Fields): MasqueradeBackend {
  const words = ['nftables', 'iptables'] as const;
  if (ipMasqBackend === '') fail('ConfigInvalid', `Cannot use "" as ipMasqBackend: need one of ${words.join(', ')}`);
  return ipMasqBackend === undefined ? undefined : oneOf(ipMasqBackend, 'ipMasqBackend', words, words[0]);
}

/** Traffic from these addresses to others than their own subnets leaves with the node's address. Replaces the owner's earlier rules. */
export async function addMasquerade(backend: MasqueradeBackend, means: Means, ips: readonly Held[]): Promise<void> {
  const { nft, iptables } = means;
  const addresses = toAddresses(ips);
  const byIptables = async (): Promise<void> => (await rare()).addByIptables(iptables, means, addresses);
  if (backend === 'iptables') return await byIptables();
  try {
    await nft.run(masqueradeScript(means, addresses, await handlesOf(nft, means)));
  } catch (noNft) {
    if (backend !== undefined || !isCommandMissing(noNft)) throw noNft;
    await byIptables().catch((error) => {
      throw isCommandMissing(error) ? noNft : error;
    });
  }
}

/**
 * Takes back the owner's rules, whatever made them; none is success. `ips`: the owner's, as far as known. `pod` may be gone;
 * what its other links have stays masqueraded.
 */
export async function deleteMasquerade(
  means: Means & { readonly pod: Netns | undefined },
  ips: readonly Held[] | undefined,
): Promise<void> {
  const { nft, pod, ifName } = means;
  const steps = new Undo();
  for (const family of ips === undefined ? ([4, 6] as const) : new Set(toAddresses(ips).map(familyOf)))
    steps.push(async () => (await rare()).deleteByIptables(means, family, () => othersOf(pod, ifName)));
  steps.push(() => orNone(deleteByNft(nft, means), undefined));
  const [failure] = await steps.run();
  if (failure !== undefined) throw failure;
}

/** CheckFailed when one of the addresses is masqueraded by neither. */
export async function checkMasquerade(means: Means, ips: readonly Held[]): Promise<void> {
  const { nft, iptables } = means;
  if ((await orNone(handlesOf(nft, means), [])).length >= ips.length) return;
  const addresses = toAddresses(ips);
  const left = await orNone((await rare()).unmasqueraded(iptables, means, addresses), addresses);
  if (left.length === 0) return;
  fail('CheckFailed', `Cannot find the rules of ipMasq for ${left.join(', ')} in nftables or iptables`);
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

async function deleteByNft(nft: Nft, owner: MasqueradeOwner): Promise<void> {
  const handles = await handlesOf(nft, owner);
  if (handles.length > 0) await nft.run(transaction(handles.map(deletion)));
}

/** Addresses that the other links of the pod have now. */
async function othersOf(pod: Netns | undefined, ifName: IfName): Promise<readonly Ip[]> {
  const own = await pod?.findLink(ifName);
  const held = (await pod?.addresses()) ?? [];
  return held.filter(({ index }) => index !== own?.index).map(({ address }) => addressOf(address));
}

/** Most nodes masquerade by nftables. */
const rare = (): Promise<typeof import('./masquerade-iptables')> => import('./masquerade-iptables');

const toAddresses = (ips: readonly Held[]): readonly Cidr[] => ips.map(({ address }) => address);
