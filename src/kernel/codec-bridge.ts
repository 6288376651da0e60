/** Ports of a bridge and their VLANs as rtnetlink messages (linux/if_bridge.h, linux/if_link.h). Pure. */
import { putU8, putU16 } from 'netlink/dist/structs.js';
import type { BridgePort, BridgeVlan } from '../net/link';
import { AttributeStream, type Parts } from './attribute-stream';
import { eachAttribute, type Message, text, u16 } from './codec';
import { linkHeader } from './codec-link';
import { ifBridgeH as br, ifLinkH as ifla, rtnetlinkH as rt, socketH } from './headers';

const family = socketH.AF_BRIDGE;

/** Sets flags of a port. Without NLA_F_NESTED the kernel would read the first value as a spanning-tree state. */
export function setPort(index: number, port: Partial<BridgePort>): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({ family, index }));
  out.nest(ifla.IFLA_PROTINFO, (info) => {
    if (port.hairpin !== undefined) info.push(ifla.IFLA_BRPORT_MODE, putU8(port.hairpin ? 1 : 0));
    if (port.isolated !== undefined) info.push(ifla.IFLA_BRPORT_ISOLATED, putU8(port.isolated ? 1 : 0));
  });
  return { type: rt.RTM_SETLINK, flags: 0, parts: out.parts };
}

/** The flags of a port, from a message about its link; `undefined` for a link that is no port of a bridge. */
export function decodePort(data: Buffer): BridgePort | undefined {
  let kind = '';
  const flags = new Map<number, boolean>();
  eachAttribute(data, linkHeader({}).length, (attribute, info) => {
    if (attribute !== ifla.IFLA_LINKINFO) return;
    eachAttribute(info, 0, (type, value) => {
      if (type === ifla.IFLA_INFO_SLAVE_KIND) kind = text(value);
      if (type === ifla.IFLA_INFO_SLAVE_DATA) eachAttribute(value, 0, (key, flag) => flags.set(key, flag[0] === 1));
    });
  });
  const is = (key: number): boolean => flags.get(key) === true;
  return kind === 'bridge'
    ? { hairpin: is(ifla.IFLA_BRPORT_MODE), isolated: is(ifla.IFLA_BRPORT_ISOLATED) }
    : undefined;
}

/** Adds a VLAN to a port. */
export function newVlan(index: number, vlan: BridgeVlan): Message {
  const flags = (vlan.pvid ? br.BRIDGE_VLAN_INFO_PVID : 0) | (vlan.untagged ? br.BRIDGE_VLAN_INFO_UNTAGGED : 0);
  return { type: rt.RTM_SETLINK, flags: 0, parts: vlanParts(index, vlan.id, flags) };
}

/** Takes a VLAN from a port. */
export function deleteVlan(index: number, id: number): Message {
  return { type: rt.RTM_DELLINK, flags: 0, parts: vlanParts(index, id, 0) };
}

function vlanParts(index: number, id: number, flags: number): Parts {
  const out = new AttributeStream();
  out.emit(linkHeader({ family, index }));
  out.nest(ifla.IFLA_AF_SPEC, (spec) => {
    spec.push(br.IFLA_BRIDGE_FLAGS, putU16(br.BRIDGE_FLAGS_MASTER));
    spec.push(br.IFLA_BRIDGE_VLAN_INFO, Buffer.concat([putU16(flags), putU16(id)])); // struct bridge_vlan_info
  });
  return out.parts;
}

/** Asks for the VLANs of all ports of all bridges: the kernel knows no narrower question. */
export function getVlans(): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({ family }));
  out.u32(ifla.IFLA_EXT_MASK, rt.RTEXT_FILTER_BRVLAN);
  return { type: rt.RTM_GETLINK, flags: 0, parts: out.parts };
}

/** The VLANs of the port with that index; `undefined` for messages about other ports. */
export function decodeVlans(data: Buffer, index: number): readonly BridgeVlan[] | undefined {
  if (data.readInt32LE(4) !== index) return undefined;
  const vlans: BridgeVlan[] = [];
  eachAttribute(data, linkHeader({}).length, (attribute, ofBridge) => {
    if (attribute !== ifla.IFLA_AF_SPEC) return;
    eachAttribute(ofBridge, 0, (type, value) => {
      if (type !== br.IFLA_BRIDGE_VLAN_INFO) return;
      const flags = u16(value, 0);
      vlans.push({
        id: u16(value, 2),
        pvid: (flags & br.BRIDGE_VLAN_INFO_PVID) !== 0,
        untagged: (flags & br.BRIDGE_VLAN_INFO_UNTAGGED) !== 0,
      });
    });
  });
  return vlans;
}
