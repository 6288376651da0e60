/** Network links: what the kernel holds, and what it is asked to make. Pure types. */
import type { Mac } from './mac';
import type { IfName } from './names';

/** What IFLA_LINKINFO tells of a link, by kind (linux/if_link.h); `other` for kinds that no delegate makes. */
export type LinkDetail =
  | { readonly kind: 'macvlan'; readonly mode: MacvlanMode; readonly broadcastQueueLength?: number }
  | { readonly kind: 'ipvlan'; readonly mode: IpvlanMode }
  | { readonly kind: 'vlan'; readonly id: number; readonly protocol: VlanProtocol }
  | { readonly kind: 'bridge'; readonly vlanFiltering: boolean }
  | { readonly kind: 'veth' }
  | { readonly kind: 'dummy' }
  | { readonly kind: 'vrf'; readonly table: number }
  | {
      readonly kind: 'tap';
      readonly multiQueue: boolean;
      readonly owner: number | undefined;
      readonly ownerGroup: number | undefined;
    }
  | { readonly kind: 'other'; readonly name: string };

/** IFLA_MACVLAN_MODE. */
export type MacvlanMode = 'private' | 'vepa' | 'bridge' | 'passthru';
/** IFLA_IPVLAN_MODE. */
export type IpvlanMode = 'l2' | 'l3' | 'l3s';
/** IFLA_VLAN_PROTOCOL. */
export type VlanProtocol = '802.1Q' | '802.1ad';

/** A link as the kernel reports it. */
export interface Link {
  readonly index: number;
  readonly name: IfName;
  readonly detail: LinkDetail;
  readonly mac: Mac | undefined;
  readonly mtu: number;
  readonly up: boolean; // IFF_UP
  readonly promisc: number; // IFLA_PROMISCUITY, how many users
  readonly allMulti: boolean; // IFF_ALLMULTI
  readonly arp: boolean; // no IFF_NOARP
  readonly ipv4: Required<Ipv4Settings> | undefined; // undefined: the link has no IPv4
  readonly ipv6: { readonly forwarding: number } | undefined; // undefined: the link has no IPv6
  readonly operState: OperState;
  readonly master: number | undefined; // IFLA_MASTER, index of the bridge or vrf
  readonly parent: number | undefined; // IFLA_LINK: macvlan's master, vlan's parent, veth's peer
  readonly parentElsewhere: boolean; // IFLA_LINK_NETNSID present: the parent's index counts in another namespace
  readonly txQueueLength: number;
  readonly alias: string | undefined;
  readonly altNames: readonly string[];
  readonly device: string | undefined; // IFLA_PARENT_DEV_NAME: of the hardware, e.g. its PCI address
  readonly group: number;
}

/** IFLA_OPERSTATE (RFC 2863). */
export type OperState = 'unknown' | 'notpresent' | 'down' | 'lowerlayerdown' | 'testing' | 'dormant' | 'up';

/** What a new link is to be; unset fields are left to the kernel. */
export type LinkSpec = LinkBase &
  (
    | {
        readonly kind: 'macvlan';
        readonly parent: number;
        readonly mode: MacvlanMode;
        readonly broadcastQueueLength?: number | undefined;
      }
    | { readonly kind: 'ipvlan'; readonly parent: number; readonly mode: IpvlanMode }
    | {
        readonly kind: 'vlan';
        readonly parent: number;
        readonly id: number;
        readonly protocol?: VlanProtocol | undefined;
      }
    | { readonly kind: 'bridge'; readonly vlanFiltering?: boolean | undefined }
    | { readonly kind: 'veth'; readonly peerName: IfName } // the peer is made in the namespace the request is sent from
    | { readonly kind: 'dummy' }
    | { readonly kind: 'vrf'; readonly table: number }
    | {
        readonly kind: 'tap'; // stays when nobody has it open
        readonly multiQueue?: boolean | undefined;
        readonly owner?: number | undefined; // user id that may open it; unset: root
        readonly ownerGroup?: number | undefined; // group id
      }
  );

interface LinkBase {
  readonly name: IfName;
  readonly group?: number | undefined; // IFLA_GROUP; unset: 0
  readonly mtu?: number | undefined;
  readonly mac?: Mac | undefined;
}

/** Changes of an existing link; unset fields stay as they are. */
export interface LinkChange {
  readonly name?: IfName | undefined;
  readonly mac?: Mac | undefined;
  readonly mtu?: number | undefined;
  readonly up?: boolean | undefined;
  readonly promisc?: boolean | undefined;
  readonly allMulti?: boolean | undefined; // all multicast is taken in
  readonly arp?: false | undefined; // IFF_NOARP: what is sent there carries the link's own MAC as destination
  readonly master?: number | undefined; // 0: none
  readonly txQueueLength?: number | undefined;
  readonly alias?: string | undefined;
  readonly ipv4?: Ipv4Settings | undefined;
}

/** Per-link IPv4 settings (IFLA_INET_CONF; Documentation/networking/ip-sysctl.rst, conf/<link>); unset ones stay. */
export interface Ipv4Settings {
  readonly forwarding?: number | undefined;
  readonly arpIgnore?: number | undefined;
  readonly arpAnnounce?: number | undefined;
  readonly arpNotify?: number | undefined;
}

/** Flags of a bridge port (IFLA_BRPORT_MODE, IFLA_BRPORT_ISOLATED). */
export interface BridgePort {
  readonly hairpin: boolean;
  readonly isolated: boolean;
}

/** One VLAN of a bridge port (struct bridge_vlan_info in linux/if_bridge.h). */
export interface BridgeVlan {
  readonly id: number;
  readonly pvid: boolean;
  readonly untagged: boolean;
}
