/** Links of the fake kernel: what a device is, and the rules by which kinds may be made. Touches only the values it is given. */
import { refused } from '../kernel/errno';
import type { Ip } from '../net/ip';
import type { BridgeVlan, Link, LinkDetail, LinkSpec, OperState } from '../net/link';
import { type Mac, macFrom } from '../net/mac';
import type { IfName } from '../net/names';
import type { FakeNetns } from './kernel';

/** A device; links of one kernel point at each other across namespaces. */
export interface Device {
  ns: FakeNetns;
  index: number;
  name: IfName;
  detail: LinkDetail;
  mac: Mac | undefined;
  macChosen: boolean; // a bridge whose MAC was set keeps it
  mtu: number;
  up: boolean;
  carrier: boolean; // of a physical link: false imitates a pulled cable
  promisc: number;
  allMulti: boolean;
  master: Device | undefined;
  parent: Device | undefined; // lower device, or veth's peer
  txQueueLength: number;
  alias: string | undefined;
  altNames: string[];
  device: string | undefined;
  group: number;
  vlans: BridgeVlan[];
  hairpin: boolean;
  isolated: boolean;
  arp: boolean; // false: IFF_NOARP
  neighbours: Map<Ip, Mac>; // told for good
}

let made = 0;

/** A device with a kernel's defaults; the caller sets what differs. */
export function device(ns: FakeNetns, index: number, name: IfName, detail: LinkDetail): Device {
  return {
    ns,
    index,
    name,
    detail,
    mac: detail.kind === 'other' && detail.name === 'loopback' ? macFrom(new Uint8Array(6)) : nextMac(),
    macChosen: false,
    mtu: 1500,
    up: false,
    carrier: true,
    promisc: 0,
    allMulti: false,
    master: undefined,
    parent: undefined,
    txQueueLength: 1000,
    alias: undefined,
    altNames: [],
    device: undefined,
    group: 0,
    vlans: [],
    hairpin: false,
    isolated: false,
    arp: true,
    neighbours: new Map(),
  };
}

/** The device as Netns.links() tells of it. */
export function toLink(d: Device): Link {
  const elsewhere = d.parent !== undefined && d.parent.ns !== d.ns;
  return {
    index: d.index,
    name: d.name,
    detail: d.detail,
    mac: d.mac,
    mtu: d.mtu,
    up: d.up,
    promisc: d.promisc,
    allMulti: d.allMulti,
    arp: d.arp,
    ipv4: ipv4Of(d),
    ipv6: ipv6Of(d),
    operState: operState(d),
    master: d.master?.index,
    parent: d.parent?.index,
    parentElsewhere: elsewhere,
    txQueueLength: d.txQueueLength,
    alias: d.alias,
    altNames: [...d.altNames],
    device: d.device,
    group: d.group,
  };
}

/** Settings of IPv4, as /proc/sys has them, too. */
function ipv4Of({ ns, name }: Device): Link['ipv4'] {
  const read = (key: string): number => Number(ns.sysctls.get(`net/ipv4/conf/${name}/${key}`) ?? 0);
  return {
    forwarding: read('forwarding'),
    arpIgnore: read('arp_ignore'),
    arpAnnounce: read('arp_announce'),
    arpNotify: read('arp_notify'),
  };
}

function ipv6Of({ ns, name }: Device): Link['ipv6'] {
  const forwarding = ns.sysctls.get(`net/ipv6/conf/${name}/forwarding`);
  return forwarding === undefined ? undefined : { forwarding: Number(forwarding) };
}

/** IFLA_OPERSTATE as this kind of device computes it. */
export function operState(d: Device): OperState {
  if (!d.up) return 'down';
  if (d.detail.kind === 'dummy' || isLoopback(d)) return 'unknown';
  if (hasCarrier(d)) return 'up';
  return d.parent === undefined || d.parent.ns !== d.ns ? 'down' : 'lowerlayerdown'; // the kernel looks in its own namespace
}

/** Whether the device, when up, can send. */
export function hasCarrier(d: Device): boolean {
  if (!d.up) return false;
  if (d.detail.kind === 'veth') return d.parent?.up === true;
  if (d.detail.kind === 'bridge') return d.ns.devices.some((port) => port.master === d && hasCarrier(port));
  return d.parent === undefined ? d.carrier : hasCarrier(d.parent);
}

/** Whether it is `lo`. */
export function isLoopback(d: Device): boolean {
  return d.detail.kind === 'other' && d.detail.name === 'loopback';
}

/** The kinds that the kernel never moves to another namespace (netns_immutable). */
export function isImmovable(d: Device): boolean {
  return isLoopback(d) || d.detail.kind === 'bridge' || d.detail.kind === 'vrf';
}

/** What the kernel does with a link stacked on a lower device; throws as its newlink does. Returns the device below and the MTU. */
export function stack(spec: LinkSpec, lower: Device, world: readonly Device[]): { lower: Device; mtu: number } {
  const action = `create ${spec.kind} ${spec.name}`;
  const real =
    lower.detail.kind === spec.kind && spec.kind !== 'vlan' && lower.parent !== undefined ? lower.parent : lower;
  const siblings = world.filter((d) => d.parent === real && d.detail.kind !== 'veth');
  const others = (kind: string): boolean => siblings.some((d) => d.detail.kind === kind);
  switch (spec.kind) {
    case 'macvlan': {
      if (isLoopback(real)) throw refused(action, 'EINVAL');
      if (real.master !== undefined || others('ipvlan')) throw refused(action, 'EBUSY');
      const passthru = siblings.some((d) => d.detail.kind === 'macvlan' && d.detail.mode === 'passthru');
      if (passthru || (spec.mode === 'passthru' && others('macvlan'))) throw refused(action, 'EINVAL');
      if ((spec.mtu ?? 0) > real.mtu) throw refused(action, 'EINVAL');
      break;
    }
    case 'ipvlan':
      if (isLoopback(real)) throw refused(action, 'EINVAL');
      if (real.master !== undefined || others('macvlan')) throw refused(action, 'EBUSY');
      break;
    case 'vlan': {
      const protocol = spec.protocol ?? '802.1Q';
      if (spec.id < 0 || spec.id > 4094) throw refused(action, 'ERANGE', 'Invalid VLAN id');
      if (isLoopback(real)) throw refused(action, 'EOPNOTSUPP', 'VLANs not supported on device');
      if (siblings.some((d) => d.detail.kind === 'vlan' && d.detail.id === spec.id && d.detail.protocol === protocol))
        throw refused(action, 'EEXIST', 'VLAN device already exists');
      if ((spec.mtu ?? 0) > real.mtu) throw refused(action, 'EINVAL');
      break;
    }
    default:
  }
  return { lower: real, mtu: spec.mtu ?? real.mtu };
}

/** What IFLA_LINKINFO will say of a new link. */
export function detailOf(spec: LinkSpec): LinkDetail {
  switch (spec.kind) {
    case 'macvlan':
      return { kind: 'macvlan', mode: spec.mode, broadcastQueueLength: spec.broadcastQueueLength || 1000 };
    case 'ipvlan':
      return { kind: 'ipvlan', mode: spec.mode };
    case 'vlan':
      return { kind: 'vlan', id: spec.id, protocol: spec.protocol ?? '802.1Q' };
    case 'bridge':
      return { kind: 'bridge', vlanFiltering: spec.vlanFiltering ?? false };
    case 'vrf':
      return { kind: 'vrf', table: spec.table };
    case 'tap':
      return { kind: 'tap', multiQueue: spec.multiQueue ?? false, owner: spec.owner, ownerGroup: spec.ownerGroup };
    default:
      return { kind: spec.kind };
  }
}

/** Whether the model chose it, where a kernel would have taken a random one. */
export function isModelMac(mac: string | undefined): boolean {
  return mac?.startsWith('02:fa:ce:') === true;
}

function nextMac(): Mac {
  made += 1;
  return macFrom([0x02, 0xfa, 0xce, (made >> 16) & 255, (made >> 8) & 255, made & 255] as unknown as Uint8Array);
}
