/** VLANs of a bridge port. Decides purely; acts on the host's namespace. */
import type { Netns } from '../../src/attach/ports';
import { fail } from '../../src/error';
import { int, record } from '../../src/json';
import type { BridgeVlan, Link } from '../../src/net/link';

/** The part of a configuration that VLANs depend on. */
export interface VlanConfig {
  readonly vlan: number;
  readonly trunk: readonly number[];
  readonly preserveDefaultVlan: boolean;
}

/** Parses `vlanTrunk`: items `{id}`, `{minID, maxID}` or both; ascending, each VLAN once. */
export function parseTrunk(items: readonly unknown[]): readonly number[] {
  const ids = items.flatMap((item, at) => trunkItem(item, `vlanTrunk[${at}]`));
  return [...new Set(ids)].sort((a, b) => a - b);
}

/** What the port is to be a member of; nothing where no VLAN was asked for. A trunk's native VLAN is 1 unless `vlan` says another. */
export function planVlans({ vlan, trunk }: VlanConfig): readonly BridgeVlan[] {
  if (vlan === 0 && trunk.length === 0) return [];
  const native = vlan || 1;
  const tagged = trunk.filter((id) => id !== native);
  return [{ id: native, pvid: true, untagged: true }, ...tagged.map((id) => ({ id, pvid: false, untagged: false }))];
}

/** Refuses VLANs on a bridge that would let every port reach every other. LinkUnsuitable tells how to change it. */
export function requireFiltering(c: VlanConfig, bridge: Link): void {
  const planned = planVlans(c);
  if (planned.length === 0 || (bridge.detail.kind === 'bridge' && bridge.detail.vlanFiltering)) return;
  fail(
    'LinkUnsuitable',
    `Cannot use VLANs on bridge ${bridge.name}: it does not filter them; run "ip link set ${bridge.name} type bridge vlan_filtering 1"`,
  );
}

/** Makes the port a member of its VLANs, and of no other unless the default VLAN is to stay. */
export async function joinVlans(host: Netns, port: number, c: VlanConfig): Promise<void> {
  const planned = planVlans(c);
  if (planned.length === 0) return;
  const held = await host.bridgeVlans(port);
  const surplus = c.preserveDefaultVlan ? [] : held.filter(({ id }) => !planned.some((vlan) => vlan.id === id));
  for (const { id } of surplus) await host.deleteBridgeVlan(port, id);
  for (const vlan of planned.filter((one) => !held.some((other) => sameVlan(one, other))))
    await host.addBridgeVlan(port, vlan);
}

/** Whether both are the same membership. */
export function sameVlan(a: BridgeVlan, b: BridgeVlan): boolean {
  return a.id === b.id && a.pvid === b.pvid && a.untagged === b.untagged;
}

function trunkItem(value: unknown, field: string): readonly number[] {
  const item = record(value, field);
  const range = item.minID !== undefined || item.maxID !== undefined;
  return [
    ...(range ? trunkRange(item.minID, item.maxID, field) : []),
    ...(item.id === undefined ? [] : [vlanId(item.id, `${field}.id`)]),
  ];
}

function trunkRange(minID: unknown, maxID: unknown, field: string): readonly number[] {
  const missing = minID === undefined ? 'minID' : maxID === undefined ? 'maxID' : undefined;
  if (missing !== undefined)
    fail(
      'ConfigInvalid',
      `Cannot use ${field}: minID and maxID should be configured simultaneously, ${missing} is missing`,
    );
  const first = vlanId(minID, `${field}.minID`);
  const last = vlanId(maxID, `${field}.maxID`);
  if (first > last) fail('ConfigInvalid', `Cannot use ${field}: minID ${first} is greater than maxID ${last}`);
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
}

function vlanId(value: unknown, field: string): number {
  return int(value, field, 1, 4094);
}
