/** VLAN sub-interfaces of the node's links: what they are called, and how Braid knows its own. Pure. */
import { fail } from '../error';
import { int, oneOf } from '../json';
import type { VlanProtocol } from './link';
import { derivedName, type IfName, ifNameProblem } from './names';

/** A VLAN on a link, as `"vlan"` and `"vlanProtocol"` of a network ask for it. */
export interface VlanTag {
  readonly id: number; // 1 to 4094
  readonly protocol: VlanProtocol;
}

/**
 * Link group (IFLA_GROUP) of every link that Braid makes in the node's own namespace. The kernel sets it in the act of
 * making, so a link is known for Braid's even when the process was killed right after.
 */
export const braidGroup = 0x627264; // "brd"

/** Parses `vlan` and `vlanProtocol`; `undefined` without `vlan`. */
export function parseVlanTag(vlan: unknown, protocol: unknown): VlanTag | undefined {
  if (vlan === undefined && protocol !== undefined)
    fail('ConfigInvalid', 'Cannot use vlanProtocol alone: need vlan, too');
  if (vlan === undefined) return undefined;
  return {
    id: int(vlan, 'vlan', 1, 4094),
    protocol: oneOf(protocol, 'vlanProtocol', ['802.1Q', '802.1ad'], '802.1Q'),
  };
}

/** `eth1.100`; a parent whose name is too long for that gets a derived name, the same each time. */
export function vlanName(parent: string, { id, protocol }: VlanTag): IfName {
  const name = protocol === '802.1ad' ? `${parent}.s${id}` : `${parent}.${id}`;
  return ifNameProblem(name) === undefined ? (name as IfName) : derivedName('vl', name);
}
