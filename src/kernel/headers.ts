/** Constants of the kernel's headers under the kernel's own names, one table for each header. Pure. */

/** linux/socket.h, asm-generic/socket.h (x86-64 and arm64). */
export const socketH = {
  AF_UNSPEC: 0,
  AF_UNIX: 1,
  AF_INET: 2,
  AF_BRIDGE: 7,
  AF_INET6: 10,
  AF_NETLINK: 16,
  AF_PACKET: 17,
  SOCK_STREAM: 1,
  SOCK_DGRAM: 2,
  SOCK_RAW: 3,
  SOCK_CLOEXEC: 0o2000000,
  SOCK_NONBLOCK: 0o4000,
  SOL_SOCKET: 1,
  SO_REUSEADDR: 2,
  SO_RCVBUF: 8,
  SO_PEERCRED: 17,
  SO_RCVTIMEO: 20, // SO_RCVTIMEO_OLD: struct timeval of two longs
  SO_SNDTIMEO: 21,
  SO_ATTACH_FILTER: 26,
  SO_NETNS_COOKIE: 71, // Linux 5.14 and newer
  MSG_TRUNC: 0x20,
  MSG_NOSIGNAL: 0x4000,
} as const;

/** linux/netlink.h. */
export const netlinkH = {
  NETLINK_ROUTE: 0,
  NLMSG_NOOP: 1,
  NLMSG_ERROR: 2,
  NLMSG_DONE: 3,
  NLMSG_OVERRUN: 4,
  NLM_F_REQUEST: 0x1,
  NLM_F_ACK: 0x4,
  NLM_F_DUMP_INTR: 0x10,
  NLM_F_DUMP: 0x300,
  NLM_F_REPLACE: 0x100,
  NLM_F_EXCL: 0x200,
  NLM_F_CREATE: 0x400,
  NLM_F_CAPPED: 0x100, // of an error message
  NLM_F_ACK_TLVS: 0x200, // of an error or done message
  NLMSGERR_ATTR_MSG: 1,
  SOL_NETLINK: 270,
  NETLINK_CAP_ACK: 10,
  NETLINK_EXT_ACK: 11,
  NETLINK_GET_STRICT_CHK: 12,
  NLA_F_NESTED: 0x8000,
} as const;

/** linux/rtnetlink.h. */
export const rtnetlinkH = {
  RTM_NEWLINK: 16,
  RTM_DELLINK: 17,
  RTM_GETLINK: 18,
  RTM_SETLINK: 19,
  RTM_NEWADDR: 20,
  RTM_DELADDR: 21,
  RTM_GETADDR: 22,
  RTM_NEWROUTE: 24,
  RTM_DELROUTE: 25,
  RTM_GETROUTE: 26,
  RTM_NEWNEIGH: 28,
  RTM_DELNEIGH: 29,
  RTM_GETNEIGH: 30,
  RTM_NEWRULE: 32,
  RTM_DELRULE: 33,
  RTM_GETRULE: 34,
  RTN_UNICAST: 1,
  RTPROT_KERNEL: 2,
  RTPROT_BOOT: 3,
  RT_SCOPE_UNIVERSE: 0,
  RT_SCOPE_LINK: 253,
  RT_SCOPE_NOWHERE: 255,
  RTM_F_CLONED: 0x200,
  RT_TABLE_UNSPEC: 0,
  RT_TABLE_LOCAL: 255,
  RTA_DST: 1,
  RTA_OIF: 4,
  RTA_GATEWAY: 5,
  RTA_PRIORITY: 6,
  RTA_PREFSRC: 7,
  RTA_METRICS: 8,
  RTA_MULTIPATH: 9,
  RTA_TABLE: 15,
  RTA_VIA: 18,
  RTNH_F_ONLINK: 4,
  RTAX_MTU: 2,
  RTAX_ADVMSS: 8,
  RTEXT_FILTER_BRVLAN: 2,
  RTEXT_FILTER_SKIP_STATS: 8,
} as const;

/** linux/if_link.h. */
export const ifLinkH = {
  IFLA_ADDRESS: 1,
  IFLA_IFNAME: 3,
  IFLA_MTU: 4,
  IFLA_LINK: 5,
  IFLA_MASTER: 10,
  IFLA_PROTINFO: 12,
  IFLA_TXQLEN: 13,
  IFLA_OPERSTATE: 16,
  IFLA_LINKINFO: 18,
  IFLA_IFALIAS: 20,
  IFLA_AF_SPEC: 26,
  IFLA_GROUP: 27,
  IFLA_NET_NS_FD: 28,
  IFLA_EXT_MASK: 29,
  IFLA_PROMISCUITY: 30,
  IFLA_LINK_NETNSID: 37,
  IFLA_PROP_LIST: 52,
  IFLA_ALT_IFNAME: 53,
  IFLA_PARENT_DEV_NAME: 56,
  IFLA_INFO_KIND: 1,
  IFLA_INFO_DATA: 2,
  IFLA_INFO_SLAVE_KIND: 4,
  IFLA_INFO_SLAVE_DATA: 5,
  IFLA_MACVLAN_MODE: 1,
  IFLA_MACVLAN_BC_QUEUE_LEN: 7,
  IFLA_IPVLAN_MODE: 1,
  IFLA_VLAN_ID: 1,
  IFLA_VLAN_PROTOCOL: 5,
  IFLA_BR_VLAN_FILTERING: 7,
  IFLA_VRF_TABLE: 1,
  IFLA_TUN_OWNER: 1,
  IFLA_TUN_GROUP: 2,
  IFLA_TUN_TYPE: 3,
  IFLA_TUN_MULTI_QUEUE: 7,
  IFLA_BRPORT_MODE: 4,
  IFLA_BRPORT_ISOLATED: 33,
  IFLA_INET_CONF: 1,
  IFLA_INET6_CONF: 2,
} as const;

/** linux/ip.h. */
export const ipH = {
  IPV4_DEVCONF_FORWARDING: 1,
  IPV4_DEVCONF_ARP_ANNOUNCE: 18,
  IPV4_DEVCONF_ARP_IGNORE: 19,
  IPV4_DEVCONF_ARP_NOTIFY: 22,
} as const;

/** linux/ipv6.h: from 0 on, where those of IPv4 start at 1. */
export const ipv6H = {
  DEVCONF_FORWARDING: 0,
} as const;

/** linux/if.h. */
export const ifH = {
  IFNAMSIZ: 16,
  IFF_UP: 0x1,
  IFF_LOOPBACK: 0x8,
  IFF_NOARP: 0x80,
  IFF_PROMISC: 0x100,
  IFF_ALLMULTI: 0x200,
} as const;

/** linux/if_tun.h; the numbers of ioctl have the same make-up on x86-64 and arm64. */
export const tunH = {
  IFF_TAP: 0x2,
  IFF_MULTI_QUEUE: 0x100,
  IFF_NO_PI: 0x1000,
  IFF_VNET_HDR: 0x4000,
  IFF_TUN_EXCL: 0x8000,
  TUNSETIFF: 0x400454ca,
  TUNSETPERSIST: 0x400454cb,
  TUNSETOWNER: 0x400454cc,
  TUNSETGROUP: 0x400454ce,
} as const;

/** linux/veth.h. */
export const vethH = { VETH_INFO_PEER: 1 } as const;

/** linux/if_bridge.h. */
export const ifBridgeH = {
  IFLA_BRIDGE_FLAGS: 0,
  IFLA_BRIDGE_VLAN_INFO: 2,
  BRIDGE_FLAGS_MASTER: 1,
  BRIDGE_VLAN_INFO_PVID: 2,
  BRIDGE_VLAN_INFO_UNTAGGED: 4,
} as const;

/** linux/if_addr.h. */
export const ifAddrH = {
  IFA_ADDRESS: 1,
  IFA_LOCAL: 2,
  IFA_BROADCAST: 4,
  IFA_FLAGS: 8,
  IFA_F_NODAD: 0x02,
  IFA_F_DADFAILED: 0x08,
  IFA_F_TENTATIVE: 0x40,
} as const;

/** linux/neighbour.h. */
export const neighbourH = {
  NDA_DST: 1,
  NDA_LLADDR: 2,
  NDA_IFINDEX: 8,
  NUD_PERMANENT: 0x80,
  NTF_USE: 0x01,
} as const;

/** linux/fib_rules.h. */
export const fibRulesH = {
  FRA_SRC: 2,
  FRA_IIFNAME: 3,
  FRA_PRIORITY: 6,
  FRA_TABLE: 15,
  FRA_PROTOCOL: 21,
  FR_ACT_TO_TBL: 1,
  FR_ACT_BLACKHOLE: 6,
} as const;

/** linux/if_ether.h. */
export const ifEtherH = {
  ETH_P_ALL: 0x3,
  ETH_P_IP: 0x800,
  ETH_P_ARP: 0x806,
  ETH_P_8021Q: 0x8100,
  ETH_P_IPV6: 0x86dd,
  ETH_P_8021AD: 0x88a8,
} as const;

/** linux/in6.h. */
export const inet6H = { IPPROTO_IPV6: 41, IPPROTO_ICMPV6: 58, IPV6_MULTICAST_HOPS: 18 } as const;

/** net/ndisc.h: types of ICMPv6 messages. */
export const ndiscH = { NDISC_NEIGHBOUR_SOLICITATION: 135, NDISC_NEIGHBOUR_ADVERTISEMENT: 136 } as const;

/** linux/if_packet.h. */
export const packetH = { SOL_PACKET: 263, PACKET_ADD_MEMBERSHIP: 1, PACKET_MR_ALLMULTI: 2 } as const;

/** linux/sched.h, linux/magic.h, asm-generic/fcntl.h and sys/file.h: namespaces and locks. */
export const systemH = {
  CLONE_NEWNET: 0x40000000,
  NSFS_MAGIC: 0x6e736673,
  PROC_SUPER_MAGIC: 0x9fa0,
  LOCK_EX: 2,
  LOCK_NB: 4,
  LOCK_UN: 8,
} as const;
