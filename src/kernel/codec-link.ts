/** Links as rtnetlink messages (linux/if_link.h): encoding of specs and changes, decoding of what the kernel tells. Pure. */
import { putU8, putU16, putU16be } from 'netlink/dist/structs.js';
import type { Ipv4Settings, Link, LinkChange, LinkDetail, LinkSpec, OperState } from '../net/link';
import { macBytes, macFrom } from '../net/mac';
import type { IfName } from '../net/names';
import { AttributeStream, plainBytes } from './attribute-stream';
import { eachAttribute, type Message, onlyTypes, text } from './codec';
import {
  ifEtherH as eth,
  ifH,
  ifLinkH as ifla,
  ipH,
  ipv6H,
  netlinkH as nl,
  rtnetlinkH as rt,
  socketH,
  tunH,
  vethH,
} from './headers';

const macvlanModes = { private: 1, vepa: 2, bridge: 4, passthru: 8 } as const; // enum macvlan_mode
const ipvlanModes = { l2: 0, l3: 1, l3s: 2 } as const; // enum ipvlan_mode
const operStates: readonly OperState[] = [
  'unknown',
  'notpresent',
  'down',
  'lowerlayerdown',
  'testing',
  'dormant',
  'up',
]; // IF_OPER_*
const infoLength = 16; // struct ifinfomsg

/** struct ifinfomsg. */
export function linkHeader(head: { family?: number; index?: number; flags?: number; change?: number }): Buffer {
  const header = Buffer.alloc(infoLength);
  header.writeUInt8(head.family ?? 0, 0);
  header.writeInt32LE(head.index ?? 0, 4);
  header.writeUInt32LE(head.flags ?? 0, 8);
  header.writeUInt32LE(head.change ?? 0, 12);
  return header;
}

/** Asks for one link, by index or by name; a longer name is an alternative one. */
export function getLink(which: number | string): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({ index: typeof which === 'number' ? which : 0 }));
  out.u32(ifla.IFLA_EXT_MASK, rt.RTEXT_FILTER_SKIP_STATS);
  if (typeof which === 'string') {
    const short = Buffer.byteLength(which) < ifH.IFNAMSIZ;
    out.text(short ? ifla.IFLA_IFNAME : ifla.IFLA_ALT_IFNAME, which);
  }
  return { type: rt.RTM_GETLINK, flags: 0, parts: out.parts };
}

/** Asks for all links. */
export function getLinks(): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({}));
  out.u32(ifla.IFLA_EXT_MASK, rt.RTEXT_FILTER_SKIP_STATS);
  return { type: rt.RTM_GETLINK, flags: 0, parts: out.parts };
}

/** Where a new link goes: file descriptors of network namespaces. */
export interface Placement {
  readonly name: string; // the name it is made under
  readonly into: number | undefined; // undefined: the namespace of the socket
  readonly home: number; // the namespace of the socket, where a veth's peer stays
}

/** Makes a link. */
export function newLink(spec: LinkSpec, place: Placement): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({}));
  if ('parent' in spec) out.u32(ifla.IFLA_LINK, spec.parent);
  out.text(ifla.IFLA_IFNAME, place.name);
  if (spec.mtu !== undefined) out.u32(ifla.IFLA_MTU, spec.mtu);
  if (spec.mac !== undefined) out.push(ifla.IFLA_ADDRESS, macBytes(spec.mac));
  if (spec.group !== undefined) out.u32(ifla.IFLA_GROUP, spec.group);
  if (place.into !== undefined) out.u32(ifla.IFLA_NET_NS_FD, place.into);
  out.nest(ifla.IFLA_LINKINFO, (info) => {
    info.text(ifla.IFLA_INFO_KIND, spec.kind);
    if (spec.kind !== 'dummy') info.nest(ifla.IFLA_INFO_DATA, (data) => pushData(data, spec, place));
  });
  return { type: rt.RTM_NEWLINK, flags: nl.NLM_F_CREATE | nl.NLM_F_EXCL, parts: out.parts };
}

/** IFLA_INFO_DATA of each kind. */
function pushData(data: AttributeStream, spec: LinkSpec, place: Placement): void {
  switch (spec.kind) {
    case 'macvlan':
      data.u32(ifla.IFLA_MACVLAN_MODE, macvlanModes[spec.mode]);
      if (spec.broadcastQueueLength) data.u32(ifla.IFLA_MACVLAN_BC_QUEUE_LEN, spec.broadcastQueueLength);
      return;
    case 'ipvlan':
      data.push(ifla.IFLA_IPVLAN_MODE, putU16(ipvlanModes[spec.mode]));
      return;
    case 'vlan':
      data.push(ifla.IFLA_VLAN_ID, putU16(spec.id));
      if (spec.protocol !== undefined)
        data.push(ifla.IFLA_VLAN_PROTOCOL, putU16be(spec.protocol === '802.1ad' ? eth.ETH_P_8021AD : eth.ETH_P_8021Q));
      return;
    case 'bridge':
      if (spec.vlanFiltering === true) data.push(ifla.IFLA_BR_VLAN_FILTERING, putU8(1)); // unset where the kernel has no filtering
      return;
    case 'vrf':
      data.u32(ifla.IFLA_VRF_TABLE, spec.table);
      return;
    case 'veth':
      data.nest(vethH.VETH_INFO_PEER, (peer) => {
        peer.emit(linkHeader({}));
        peer.text(ifla.IFLA_IFNAME, spec.peerName);
        peer.u32(ifla.IFLA_TXQLEN, 0); // as the reference: no queue on the host's end
        if (spec.mtu !== undefined) peer.u32(ifla.IFLA_MTU, spec.mtu);
        peer.u32(ifla.IFLA_NET_NS_FD, place.home); // kernels differ in the default
      });
      return;
    default:
  }
}

/** Changes a link. All in one message: the kernel does name, addresses and master before it sets it up. */
export function setLink(index: number, change: LinkChange): Message {
  const flags =
    (change.up === true ? ifH.IFF_UP : 0) |
    (change.promisc === true ? ifH.IFF_PROMISC : 0) |
    (change.allMulti === true ? ifH.IFF_ALLMULTI : 0);
  const mask =
    (change.up === undefined ? 0 : ifH.IFF_UP) |
    (change.promisc === undefined ? 0 : ifH.IFF_PROMISC) |
    (change.allMulti === undefined ? 0 : ifH.IFF_ALLMULTI);
  const noArp = change.arp === false ? ifH.IFF_NOARP : 0;
  const out = new AttributeStream();
  out.emit(linkHeader({ index, flags: flags | noArp, change: mask | noArp }));
  if (change.name !== undefined) out.text(ifla.IFLA_IFNAME, change.name);
  if (change.mac !== undefined) out.push(ifla.IFLA_ADDRESS, macBytes(change.mac));
  if (change.mtu !== undefined) out.u32(ifla.IFLA_MTU, change.mtu);
  if (change.master !== undefined) out.u32(ifla.IFLA_MASTER, change.master);
  if (change.txQueueLength !== undefined) out.u32(ifla.IFLA_TXQLEN, change.txQueueLength);
  if (change.alias !== undefined) out.text(ifla.IFLA_IFALIAS, change.alias);
  if (change.ipv4 !== undefined) pushIpv4(out, change.ipv4);
  return { type: rt.RTM_SETLINK, flags: 0, parts: out.parts };
}

/** What /proc/sys/net/ipv4/conf/<link> has, without entering the namespace: IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF } }. */
function pushIpv4(out: AttributeStream, { forwarding, arpIgnore, arpAnnounce, arpNotify }: Ipv4Settings): void {
  const settings: readonly (readonly [number, number | undefined])[] = [
    [ipH.IPV4_DEVCONF_FORWARDING, forwarding],
    [ipH.IPV4_DEVCONF_ARP_IGNORE, arpIgnore],
    [ipH.IPV4_DEVCONF_ARP_ANNOUNCE, arpAnnounce],
    [ipH.IPV4_DEVCONF_ARP_NOTIFY, arpNotify],
  ];
  out.nest(ifla.IFLA_AF_SPEC, (spec) =>
    spec.nest(socketH.AF_INET, (inet) =>
      inet.nest(ifla.IFLA_INET_CONF, (conf) => {
        for (const [id, value] of settings) if (value !== undefined) conf.u32(id, value);
      }),
    ),
  );
}

/** Moves a link to the namespace of that file descriptor; the kernel renames it there. */
export function moveLink(index: number, into: number, name: string | undefined): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({ index }));
  out.u32(ifla.IFLA_NET_NS_FD, into);
  if (name !== undefined) out.text(ifla.IFLA_IFNAME, name);
  return { type: rt.RTM_SETLINK, flags: 0, parts: out.parts };
}

/** Puts a link into a link group. */
export function groupLink(index: number, group: number): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({ index }));
  out.u32(ifla.IFLA_GROUP, group);
  return { type: rt.RTM_SETLINK, flags: 0, parts: out.parts };
}

/** Deletes a link. */
export function deleteLink(index: number): Message {
  return { type: rt.RTM_DELLINK, flags: 0, parts: [plainBytes, linkHeader({ index })] };
}

/** Deletes every link of a group. */
export function deleteGroup(group: number): Message {
  const out = new AttributeStream();
  out.emit(linkHeader({}));
  out.u32(ifla.IFLA_GROUP, group);
  return { type: rt.RTM_DELLINK, flags: 0, parts: out.parts };
}

/** Those of the sixty attributes of a link that decodeLink reads. */
const linkAttributes = onlyTypes(
  ifla.IFLA_IFNAME,
  ifla.IFLA_ADDRESS,
  ifla.IFLA_PARENT_DEV_NAME,
  ifla.IFLA_MTU,
  ifla.IFLA_PROMISCUITY,
  ifla.IFLA_OPERSTATE,
  ifla.IFLA_MASTER,
  ifla.IFLA_LINK,
  ifla.IFLA_LINK_NETNSID,
  ifla.IFLA_TXQLEN,
  ifla.IFLA_IFALIAS,
  ifla.IFLA_GROUP,
  ifla.IFLA_PROP_LIST,
  ifla.IFLA_LINKINFO,
  ifla.IFLA_AF_SPEC,
);

/** RTM_NEWLINK as the kernel sends it. */
export function decodeLink(data: Buffer): Link {
  const flags = data.readUInt32LE(8);
  const altNames: string[] = [];
  let device: string | undefined;
  let detail: LinkDetail = { kind: 'other', name: (flags & ifH.IFF_LOOPBACK) !== 0 ? 'loopback' : '' };
  let name = '';
  let mac: Link['mac'];
  let mtu = 0;
  let promisc = 0;
  let operState: OperState = 'unknown';
  let master: number | undefined;
  let parent: number | undefined;
  let parentElsewhere = false;
  let txQueueLength = 0;
  let alias: string | undefined;
  let group = 0;
  let ipv4: Link['ipv4'];
  let ipv6: Link['ipv6'];
  const take = (type: number, value: Buffer): void => {
    switch (type) {
      case ifla.IFLA_IFNAME:
        name = text(value);
        return;
      case ifla.IFLA_ADDRESS:
        if (value.length === 6) mac = macFrom(value);
        return;
      case ifla.IFLA_PARENT_DEV_NAME:
        device = text(value);
        return;
      case ifla.IFLA_MTU:
        mtu = value.readUInt32LE(0);
        return;
      case ifla.IFLA_PROMISCUITY:
        promisc = value.readUInt32LE(0);
        return;
      case ifla.IFLA_OPERSTATE:
        operState = operStates[value.readUInt8(0)] ?? 'unknown';
        return;
      case ifla.IFLA_MASTER:
        master = value.readUInt32LE(0);
        return;
      case ifla.IFLA_LINK:
        parent = value.readUInt32LE(0) || undefined; // tunnels say 0
        return;
      case ifla.IFLA_LINK_NETNSID:
        parentElsewhere = true;
        return;
      case ifla.IFLA_TXQLEN:
        txQueueLength = value.readUInt32LE(0);
        return;
      case ifla.IFLA_IFALIAS:
        alias = text(value);
        return;
      case ifla.IFLA_GROUP:
        group = value.readUInt32LE(0);
        return;
      case ifla.IFLA_PROP_LIST:
        eachAttribute(value, 0, (property, altName) => {
          if (property === ifla.IFLA_ALT_IFNAME) altNames.push(text(altName));
        });
        return;
      case ifla.IFLA_LINKINFO:
        detail = decodeDetail(value);
        return;
      case ifla.IFLA_AF_SPEC:
        eachAttribute(value, 0, (family, settings) => {
          if (family === socketH.AF_INET) ipv4 = decodeIpv4(settings);
          if (family === socketH.AF_INET6) ipv6 = decodeIpv6(settings);
        });
        return;
      default:
    }
  };
  eachAttribute(data, infoLength, take, linkAttributes);
  return {
    index: data.readInt32LE(4),
    name: name as IfName, // the kernel's own names need no parser
    detail,
    mac,
    mtu,
    up: (flags & ifH.IFF_UP) !== 0,
    promisc,
    allMulti: (flags & ifH.IFF_ALLMULTI) !== 0,
    arp: (flags & ifH.IFF_NOARP) === 0,
    ipv4,
    ipv6,
    operState,
    master,
    parent,
    parentElsewhere,
    txQueueLength,
    alias,
    altNames,
    device,
    group,
  };
}

/** IFLA_AF_SPEC { AF_INET { IFLA_INET_CONF } }: an array of all settings. */
function decodeIpv4(settings: Buffer): Link['ipv4'] {
  let found: Link['ipv4'];
  eachAttribute(settings, 0, (type, conf) => {
    const at = (id: number): number => conf.readUInt32LE(4 * (id - 1));
    if (type !== ifla.IFLA_INET_CONF || conf.length < 4 * ipH.IPV4_DEVCONF_ARP_NOTIFY) return;
    found = {
      forwarding: at(ipH.IPV4_DEVCONF_FORWARDING),
      arpIgnore: at(ipH.IPV4_DEVCONF_ARP_IGNORE),
      arpAnnounce: at(ipH.IPV4_DEVCONF_ARP_ANNOUNCE),
      arpNotify: at(ipH.IPV4_DEVCONF_ARP_NOTIFY),
    };
  });
  return found;
}

/** IFLA_AF_SPEC { AF_INET6 { IFLA_INET6_CONF } }: an array, too. */
function decodeIpv6(settings: Buffer): Link['ipv6'] {
  let found: Link['ipv6'];
  eachAttribute(settings, 0, (type, conf) => {
    if (type !== ifla.IFLA_INET6_CONF || conf.length < 4) return;
    found = { forwarding: conf.readUInt32LE(4 * ipv6H.DEVCONF_FORWARDING) };
  });
  return found;
}

/** IFLA_LINKINFO. */
function decodeDetail(info: Buffer): LinkDetail {
  let kind = '';
  const values = new Map<number, Buffer>();
  eachAttribute(info, 0, (type, data) => {
    if (type === ifla.IFLA_INFO_KIND) kind = text(data);
    if (type === ifla.IFLA_INFO_DATA) eachAttribute(data, 0, (key, value) => values.set(key, value));
  });
  switch (kind) {
    case 'macvlan': {
      const mode = keyOf(macvlanModes, values.get(ifla.IFLA_MACVLAN_MODE)?.readUInt32LE(0), 'vepa');
      const queue = values.get(ifla.IFLA_MACVLAN_BC_QUEUE_LEN)?.readUInt32LE(0);
      return queue === undefined ? { kind, mode } : { kind, mode, broadcastQueueLength: queue };
    }
    case 'ipvlan':
      return { kind, mode: keyOf(ipvlanModes, values.get(ifla.IFLA_IPVLAN_MODE)?.readUInt16LE(0), 'l3') };
    case 'vlan': {
      const protocol = values.get(ifla.IFLA_VLAN_PROTOCOL)?.readUInt16BE(0);
      const id = values.get(ifla.IFLA_VLAN_ID)?.readUInt16LE(0) ?? 0;
      return { kind, id, protocol: protocol === eth.ETH_P_8021AD ? '802.1ad' : '802.1Q' };
    }
    case 'bridge':
      return { kind, vlanFiltering: values.get(ifla.IFLA_BR_VLAN_FILTERING)?.[0] === 1 };
    case 'vrf':
      return { kind, table: values.get(ifla.IFLA_VRF_TABLE)?.readUInt32LE(0) ?? 0 };
    case 'veth':
    case 'dummy':
      return { kind };
    case 'tun':
      return values.get(ifla.IFLA_TUN_TYPE)?.[0] === tunH.IFF_TAP ? decodeTap(values) : { kind: 'other', name: kind };
    default:
      return { kind: 'other', name: kind };
  }
}

function decodeTap(values: ReadonlyMap<number, Buffer>): LinkDetail {
  return {
    kind: 'tap',
    multiQueue: values.get(ifla.IFLA_TUN_MULTI_QUEUE)?.[0] === 1,
    owner: values.get(ifla.IFLA_TUN_OWNER)?.readUInt32LE(0),
    ownerGroup: values.get(ifla.IFLA_TUN_GROUP)?.readUInt32LE(0),
  };
}

function keyOf<K extends string>(table: Readonly<Record<K, number>>, value: number | undefined, otherwise: K): K {
  for (const key in table) if (table[key] === value) return key;
  return otherwise;
}
