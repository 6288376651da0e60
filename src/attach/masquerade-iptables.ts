/** Masquerading by iptables, rule by rule as the reference plugins do it: either can take back the other's. Acts through iptables, and nft where that is missing. */
import { fail } from '../error';
import { fingerprint } from '../net/hash';
import { addressOf, type Cidr, contains, type Family, familyOf, findCidr, hostCidr, type Ip } from '../net/ip';
import type { MasqueradeOwner } from './masquerade';
import type { Iptables, Nft } from './ports';
import { findRules, isCommandMissing, orNone, transaction } from './ruleset';

const natTables = { 4: 'ip nat', 6: 'ip6 nat' } as const;
const multicast = { 4: '224.0.0.0/4', 6: 'ff00::/8' } as const;

/** As addMasquerade; rules that are there already stay. */
export async function addByIptables(
  iptables: Iptables,
  owner: MasqueradeOwner,
  addresses: readonly Cidr[],
): Promise<void> {
  for (const address of addresses) {
    const family = familyOf(address);
    const chain = chainOf(owner);
    if ((await iptables.nat(family, ['-S', chain])) === undefined) await act(iptables, family, ['-N', chain]);
    for (const rule of masqueradeRules(owner, address))
      if ((await iptables.nat(family, ['-C', ...rule])) === undefined) await act(iptables, family, ['-A', ...rule]);
  }
}

/**
 * As deleteMasquerade. All interfaces of a container on one network share a chain: jumps for addresses that `others`, further
 * links of the pod, have now stay, and the chain with them.
 */
export async function deleteByIptables(
  means: MasqueradeOwner & { readonly iptables: Iptables; readonly nft: Nft },
  family: Family,
  others: () => Promise<readonly Ip[]>,
): Promise<void> {
  const { iptables, nft } = means;
  const chain = chainOf(means);
  const has = await hasChain(iptables, family, chain);
  if (has === 'no command' && (await others()).length === 0) await deleteInNftables(nft, family, chain);
  if (has !== true) return;
  const [jumps, kept] = [await jumpsTo(iptables, family, chain), await others()];
  const stale = jumps.filter(({ source }) => source === undefined || !kept.some((one) => contains(source, one)));
  for (const { rule } of stale) await iptables.nat(family, ['-D', ...rule]);
  if (stale.length < jumps.length) return;
  for (const verb of ['-F', '-X']) await iptables.nat(family, [verb, chain]);
}

/** iptables-nft keeps its rules in nftables: the agent's image has nft alone, and its GC finds there what the node's iptables made. */
async function deleteInNftables(nft: Nft, family: Family, chain: string): Promise<void> {
  const table = natTables[family];
  const find = (name: string) => orNone(findRules(nft, [...table.split(' '), name]), undefined);
  if ((await find(chain)) === undefined) return;
  const jumps = ((await find('POSTROUTING')) ?? []).filter((rule) => rule.jumps.includes(chain));
  await nft.run(
    transaction([
      ...jumps.map(({ handle }) => `delete rule ${table} POSTROUTING handle ${handle}`),
      `flush chain ${table} ${chain}`,
      `delete chain ${table} ${chain}`,
    ]),
  );
}

/** Addresses that no jump leads into the owner's chain for. */
export async function unmasqueraded(
  iptables: Iptables,
  owner: MasqueradeOwner,
  addresses: readonly Cidr[],
): Promise<readonly Cidr[]> {
  const families = [...new Set(addresses.map(familyOf))];
  const jumps = await Promise.all(families.map((family) => jumpsTo(iptables, family, chainOf(owner))));
  const sources = jumps.flat().map(({ source }) => source);
  return addresses.filter((address) => !sources.includes(hostCidr(addressOf(address))));
}

/** The rules for one address, each after its chain. Pure. */
export function masqueradeRules(owner: MasqueradeOwner, address: Cidr): readonly (readonly string[])[] {
  const chain = chainOf(owner);
  const comment = ['-m', 'comment', '--comment', `name: "${owner.network}" id: "${owner.containerId}"`];
  return [
    [chain, '-d', address, '-j', 'ACCEPT', ...comment],
    [chain, '!', '-d', multicast[familyOf(address)], '-j', 'MASQUERADE', ...comment],
    ['POSTROUTING', '-s', addressOf(address), '-j', chain, ...comment],
  ];
}

/** A rule of POSTROUTING as iptables lists it, in words. */
interface Jump {
  readonly rule: readonly string[];
  readonly source: Cidr | undefined;
}

async function jumpsTo(iptables: Iptables, family: Family, chain: string): Promise<readonly Jump[]> {
  const rules = ((await iptables.nat(family, ['-S', 'POSTROUTING'])) ?? []).map(wordsOf);
  return rules
    .filter((words) => words[0] === '-A' && words[words.lastIndexOf('-j') + 1] === chain)
    .map(([, ...rule]) => ({ rule, source: findCidr(rule[rule.indexOf('-s') + 1]) }));
}

/** iptables that cannot list anything never got a rule: the node may have the command, and a kernel without iptables. */
async function hasChain(iptables: Iptables, family: Family, chain: string): Promise<boolean | 'no command'> {
  try {
    return (await iptables.nat(family, ['-S', chain])) !== undefined;
  } catch (error) {
    if (isCommandMissing(error)) return 'no command';
    const isUsable = await iptables.nat(family, ['-S', 'POSTROUTING']).then(
      () => true,
      () => false,
    );
    if (isUsable) throw error;
    return false;
  }
}

/** What must not fail for want of a chain. */
async function act(iptables: Iptables, family: Family, args: readonly string[]): Promise<void> {
  if ((await iptables.nat(family, args)) !== undefined) return;
  fail('FirewallFailed', `Cannot masquerade by iptables: this kernel does not take "${args.slice(0, 6).join(' ')}"`);
}

/** Words of a line, quoted as iptables quotes them: `"name: \"a\""`. */
function wordsOf(line: string): readonly string[] {
  const quoted = /"((?:\\.|[^"\\])*)"|(\S+)/g;
  return [...line.matchAll(quoted)].map(([, inside, bare]) => bare ?? (inside ?? '').replace(/\\(.)/g, '$1'));
}

/** For historical reasons without the interface. */
function chainOf({ network, containerId }: MasqueradeOwner): string {
  return fingerprint(28, `${network}${containerId}`, 'CNI-');
}
