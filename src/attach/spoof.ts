/** A bridge port that may send from one MAC only, by the reference plugins' own rules: either can take back the other's. Acts through nft. */
import { fail } from '../error';
import { shown } from '../json';
import type { Mac } from '../net/mac';
import type { ContainerId, IfName } from '../net/names';
import type { Nft } from './ports';
import { findRules, orNone, transaction } from './ruleset';

/** Whose rules they are: one interface of a container. */
export interface SpoofOwner {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
}

const table = 'bridge nat';
const longestComment = 128; // characters; nft refuses more

/** Drops frames that enter the bridge by this port with another source than `mac`. */
export async function addSpoofCheck(nft: Nft, owner: SpoofOwner, port: IfName, mac: Mac): Promise<void> {
  // The name becomes part of a chain's name, which nft reads without quotes.
  if (!/^[\w.-]+$/.test(owner.ifName))
    fail(
      'ConfigInvalid',
      `Cannot use macspoofchk on interface ${shown(owner.ifName)}: need letters, digits, _, . and - only`,
    );
  await nft.run(spoofScript(owner, port, mac));
}

/** Takes back the owner's rules and chains; none is success. The table and its first chain stay, others use them. */
export async function deleteSpoofCheck(nft: Nft, owner: SpoofOwner): Promise<void> {
  const handles = await orNone(findSpoofChecks(nft, owner), undefined);
  if (handles !== undefined && /^[\w.-]+$/.test(owner.ifName)) await nft.run(spoofRemoval(owner, handles));
}

/** Handles of the rules that lead into the owner's chains; `undefined` when nobody ever had any. */
export async function findSpoofChecks(nft: Nft, owner: SpoofOwner): Promise<readonly number[] | undefined> {
  const rules = await findRules(nft, [...table.split(' '), 'PREROUTING']);
  return rules?.filter(({ jumps }) => jumps.includes(chainOf(owner))).map(({ handle }) => handle);
}

/** The transaction that makes the rules. Pure. */
export function spoofScript(owner: SpoofOwner, port: IfName, mac: Mac): string {
  const chain = chainOf(owner);
  const comment = `comment "${`macspoofchk-${owner.containerId}-${owner.ifName}`.slice(0, longestComment)}"`;
  return transaction([
    `add table ${table}`,
    `add chain ${table} PREROUTING { type filter hook prerouting priority -300 ; policy accept ; }`,
    `add chain ${table} ${chain}`,
    `add chain ${table} ${chain}-mac`,
    `flush chain ${table} ${chain}`,
    `flush chain ${table} ${chain}-mac`,
    `add rule ${table} PREROUTING iifname == "${port}" jump ${chain} ${comment}`,
    `add rule ${table} ${chain} jump ${chain}-mac ${comment}`,
    `add rule ${table} ${chain}-mac ether saddr == ${mac} return ${comment}`,
    `add rule ${table} ${chain}-mac drop ${comment}`,
  ]);
}

/** The transaction that removes them. Chains are added first: deleting one that is not there would fail. Pure. */
export function spoofRemoval(owner: SpoofOwner, handles: readonly number[]): string {
  const chain = chainOf(owner);
  return transaction([
    ...handles.map((handle) => `delete rule ${table} PREROUTING handle ${handle}`),
    `add chain ${table} ${chain}`,
    `add chain ${table} ${chain}-mac`,
    `flush chain ${table} ${chain}`,
    `delete chain ${table} ${chain}`,
    `delete chain ${table} ${chain}-mac`,
  ]);
}

function chainOf({ containerId, ifName }: SpoofOwner): string {
  return `cni-br-iface-${containerId}-${ifName}`;
}
