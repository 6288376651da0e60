/** What the engines and delegates need of the world: the edges implement these, fakes stand in for them. Types only. */
import type { CniArgs } from '../cni/args';
import type { Result } from '../cni/result';
import type { CniError, Reason } from '../error';
import type { Json } from '../json';
import type { Cidr, Family, Ip } from '../net/ip';
import type { BridgePort, BridgeVlan, Link, LinkChange, LinkSpec } from '../net/link';
import type { Mac } from '../net/mac';
import type { ContainerId, IfName, NetnsPath, NetworkName } from '../net/names';
import type { Address, Route, RouteFilter, Rule } from '../net/route';
import type { DevicesByResource } from '../pod/devices';
import type { PodEvent, PodIdentity } from '../pod/event';
import type { Delegate } from './delegate';
import type { FailedPod, Failure } from './history';
import type { AttachRecord } from './record';

/** The kernel's networking. A namespace is a value that is handed around; there is no current one. */
export interface Kernel {
  /** The namespace Braid was started in: the node's. */
  readonly host: Netns;
  /** Opens the namespace at that path. NetnsMissing when the path is gone or no namespace, NetnsSame when it is the host's and may not be. */
  open(path: NetnsPath, options?: { readonly allowHost?: boolean }): Promise<Netns>;
  /** As open; `undefined` when the path is gone or is no namespace any more. */
  find(path: NetnsPath): Promise<Netns | undefined>;
  /**
   * Does the work, in which several things are under way. Links are made and changed by a thread of the process meanwhile where it can have one, in
   * the order in which that is asked for, so that what is prepared for one does not wait for the kernel's work on another.
   */
  overlapping<T>(work: () => Promise<T>): Promise<T>;
}

/**
 * One network namespace over rtnetlink. Indexes are interface indexes of this namespace.
 * What the kernel refuses throws KernelRefused with `errno` (`EEXIST`, `EINVAL`, …) and the kernel's own message;
 * deleting what is gone is success.
 */
export interface Netns {
  readonly path: NetnsPath | undefined; // undefined: the host's
  readonly identity: string | undefined; // no other namespace of this boot has it (before Linux 5.14: of now); undefined: the host's
  findLink(name: string): Promise<Link | undefined>; // alternative names are found, too
  findLinkByIndex(index: number): Promise<Link | undefined>;
  links(): Promise<readonly Link[]>;
  /**
   * Makes a link; with `into` it appears there under its name, `parent` still counting in this namespace.
   * Returns the link as the kernel made it. LinkExists when the name is taken.
   */
  createLink(spec: LinkSpec, into?: Netns): Promise<Link>;
  changeLink(index: number, change: LinkChange): Promise<void>;
  deleteLink(name: IfName): Promise<void>;
  /** Deletes them together: the kernel's wait of some 25 ms for each deletion (RCU) is paid once. */
  deleteLinks(names: readonly IfName[]): Promise<void>;
  /** Moves a link to another namespace, where it is down; with `name` it has that name there. LinkExists when the name is taken, nothing moved. */
  moveLink(index: number, into: Netns, name?: IfName): Promise<void>;

  addresses(filter?: { readonly index?: number; readonly family?: Family }): Promise<readonly Address[]>;
  /** IPv4 with a prefix below /31 gets its broadcast address; `noDad` skips duplicate address detection (IPv6). */
  addAddress(index: number, address: Cidr, options?: { readonly noDad?: boolean }): Promise<void>;
  deleteAddress(index: number, address: Cidr): Promise<void>;

  routes(filter?: RouteFilter): Promise<readonly Route[]>;
  /** `create`: EEXIST when there is an equal one; `append`: beside an equal destination; `replace`: instead of it. */
  addRoute(route: Route, mode?: 'create' | 'append' | 'replace'): Promise<void>;
  deleteRoute(route: Route): Promise<void>;
  rules(): Promise<readonly Rule[]>;
  addRule(rule: Rule): Promise<void>;
  deleteRule(rule: Rule): Promise<void>;

  bridgeVlans(index: number): Promise<readonly BridgeVlan[]>;
  addBridgeVlan(index: number, vlan: BridgeVlan): Promise<void>;
  deleteBridgeVlan(index: number, id: number): Promise<void>;
  setBridgePort(index: number, port: Partial<BridgePort>): Promise<void>;
  /** `undefined` when there is no such link, or it is no port of a bridge. */
  bridgePort(index: number): Promise<BridgePort | undefined>;

  /** Tells the MAC of a neighbour on that link for good; it is not asked for any more. Goes with the link. */
  setNeighbour(index: number, address: Ip, mac: Mac): Promise<void>;
  /** Neighbours on that link that were told for good. */
  neighbours(index: number): Promise<readonly (readonly [Ip, Mac])[]>;

  /** Asks the network on that link, which must be up, who holds these addresses; who answers, holds one. */
  probe(index: number, addresses: readonly Ip[], how?: ProbeWay): Promise<readonly (readonly [Ip, Mac])[]>;

  /**
   * Whether a packet of `size` bytes that nobody may fragment reaches that neighbour and comes back, within some 300 ms:
   * an echo request from `from`, an address of the link, which must be up.
   */
  echo(index: number, from: Ip, to: readonly [Ip, Mac], size: number): Promise<boolean>;

  /** Tells the network on that link, which must be up, of these addresses and the link's MAC: gratuitous ARP, unsolicited neighbour advertisement. */
  announce(index: number, addresses: readonly Ip[]): Promise<void>;

  /** Reads below /proc/sys of this namespace, e.g. `net/ipv4/conf/net1/forwarding`, white space trimmed; `undefined` when there is no such key. */
  sysctl(key: string): Promise<string | undefined>;
  /** Writes and reads back; SysctlRefused when the value did not take. */
  setSysctl(key: string, value: string): Promise<void>;
  /** Sets each key that is there and holds something else, as setSysctl; tells in order which are there. */
  ensureSysctls(wanted: readonly Sysctl[]): Promise<readonly boolean[]>;
  /**
   * Makes these changes in order, in one request where the kernel can; tells what became of each, `undefined` where it was
   * done. One that is refused does not keep back those after it: for changes that need none of the others.
   */
  changeAll(changes: readonly NetnsChange[]): Promise<readonly (CniError | undefined)[]>;
  close(): void;
}

/** How the network is asked who holds addresses. */
export interface ProbeWay {
  /** How long answers are waited for, in milliseconds; by default 300. */
  readonly limit?: number | undefined;
  /** true: the whole time, for everybody who answers. Else the first answer for each address ends it. */
  readonly everybody?: boolean | undefined;
  /** Bytes of each packet, which is filled up: only what the whole way carries is answered. */
  readonly size?: number | undefined;
}

/** What changeLink, addAddress, addRule or deleteRule do; a rule that goes says its link, its priority and that it drops: it can be no other. */
export type NetnsChange =
  | { readonly link: number; readonly change: LinkChange }
  | { readonly link: number; readonly address: Cidr }
  | { readonly rule: Rule }
  | { readonly gone: DropRule };

/** A rule that drops what comes in by one link. */
export type DropRule = Rule & { readonly iif: string; readonly blackhole: true; readonly priority: number };

/** A key below /proc/sys and the value it is to have. */
export type Sysctl = readonly [key: string, value: string];

/** Who holds an address of host-local: the container and its interface. */
export interface LeaseOwner {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
}

/** The address reservations of one network on this node, in the reference host-local's directory layout. Valid under its lock. */
export interface Leases {
  /**
   * Addresses of the owner; files of very old versions, which name the container only, count when no other does. When the
   * owner holds everything that is `recorded`, nobody else's reservation is looked at: a range may have ten thousand.
   */
  ownedBy(owner: LeaseOwner, recorded?: readonly Ip[]): readonly Ip[];
  /** Takes the address; false when somebody holds it. */
  reserve(address: Ip, owner: LeaseOwner): boolean;
  /** Frees everything the owner holds; `recorded` as for ownedBy. */
  release(owner: LeaseOwner, recorded?: readonly Ip[]): readonly Ip[];
  /** The address reserved last in that range set. */
  last(rangeSet: number): Ip | undefined;
  setLast(rangeSet: number, address: Ip): void;
  /** Every address that is reserved, whoever holds it. */
  addresses(): readonly Ip[];
  /** Every reservation with its owner; files of very old versions do not say which interface. */
  all(): readonly { readonly containerId: ContainerId; readonly ifName: IfName | undefined; readonly address: Ip }[];
}

/** host-local's stores on this node. */
export interface LeaseStore {
  /** Runs `work` under the lock that the reference plugin takes, too. `dataDir` undefined: /var/lib/cni/networks. */
  locked<T>(dataDir: string | undefined, network: NetworkName, work: (leases: Leases) => T): Promise<T>;
  /** Frees everything that container holds in any store that Braid ever used: for when its record is unreadable. */
  releaseContainer(containerId: ContainerId): Promise<readonly Ip[]>;
}

/** Who uses which link that Braid shares among pods in the node's own namespace. */
export interface HostLinks {
  /** Written down before the link is made or used, with the owner's addresses that the node is to have routes to over it. */
  use(link: IfName, owner: LeaseOwner, addresses?: readonly Ip[]): Promise<void>;
  /** The addresses that the owner's use of the link was written down with. */
  addressesOf(link: IfName, owner: LeaseOwner): Promise<readonly Ip[]>;
  release(link: IfName, owner: LeaseOwner): Promise<void>;
  /** Whether nobody but the owner uses the link. */
  isOnlyUser(link: IfName, owner: LeaseOwner): Promise<boolean>;
  usedBy(owner: LeaseOwner): Promise<readonly IfName[]>;
  all(): Promise<readonly { readonly link: IfName; readonly users: readonly LeaseOwner[] }[]>;
  /** Runs `work` while nobody else works on that link; the lock goes with its process. */
  locked<T>(link: IfName, work: () => Promise<T>): Promise<T>;
}

/** What the DHCP daemon is asked for: the lease of one interface of a pod. */
export interface DhcpCall extends LeaseOwner {
  readonly socket: string;
  readonly netns: NetnsPath | undefined; // undefined: it is gone
  readonly args: CniArgs;
  readonly config: string; // of the plugin above, JSON
}

/** The DHCP daemon of this node: `braid agent`, or that of the reference plugins. */
export interface DhcpDaemon {
  /**
   * The lease that it holds for that interface, or a new one; it renews it from then on. DhcpUnavailable when no daemon
   * answers, LeaseUnavailable with the daemon's words when no server gives an address.
   */
  allocate(call: DhcpCall): Promise<Result>;
  /** Gives the lease back, if there is one. Throws as allocate. */
  release(call: DhcpCall): Promise<void>;
  /** Whether somebody listens at that socket. */
  isThere(socket: string): Promise<boolean>;
}

/** nftables of a namespace, by the nft command. */
export interface Nft {
  /** Runs a transaction in nft's own language, in the host namespace. FirewallFailed with nft's message, or when nft is missing. */
  run(script: string): Promise<void>;
  /** Whether `run` would do it, without doing it. FirewallFailed as run; errno EPERM when it needs root. */
  check(script: string): Promise<void>;
  /** `nft --json --handle list …`, e.g. ['chain', 'bridge', 'nat', 'PREROUTING']; `undefined` when it does not exist. */
  list(what: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[] | undefined>;
}

/** iptables of a namespace, by its commands. */
export interface Iptables {
  /**
   * Runs `iptables --wait -t nat …`, of IPv6 `ip6tables`, in the host namespace: the lines that it prints; `undefined` when the
   * chain or rule does not exist. FirewallFailed with the command's message, or when it is missing (errno ENOENT).
   */
  nat(family: Family, args: readonly string[]): Promise<readonly string[] | undefined>;
}

/** Files of the node that a configuration may name. */
export interface Files {
  /** Names of what is in that directory; none when there is none. */
  list(path: string): Promise<readonly string[]>;
  /** Writes the text, whole or not at all, for root alone; makes the directory. */
  writeText(path: string, text: string): Promise<void>;
  /** A file that is gone is deleted. */
  delete(path: string): Promise<void>;
  /** The text of a file of at most 1 MiB; `undefined` when there is none. */
  readText(path: string): Promise<string | undefined>;
  /** Whether there is anything at that path. */
  exists(path: string): Promise<boolean>;
}

/** One call of a foreign delegate's executable. */
export interface ForeignCall {
  readonly command: 'ADD' | 'DEL' | 'CHECK' | 'GC' | 'STATUS' | 'VERSION';
  readonly type: string;
  readonly config: string; // JSON for stdin
  readonly containerId: ContainerId | '';
  readonly netns: NetnsPath | '';
  readonly ifName: IfName | '';
  readonly args: CniArgs;
}

/** Delegates that are executables of their own. */
export interface Foreign {
  /**
   * Runs the executable as libcni would and returns its stdout. DelegateMissing with the directories searched,
   * DelegateTimeout, or DelegateFailed with the delegate's own message and code. `meanwhile` is done while it works, if it
   * gets so far; it must not fail.
   */
  run(call: ForeignCall, meanwhile?: () => Promise<void>): Promise<string>;
}

/** Where a network's definition came from, and its text. */
export interface NetworkDefinition {
  readonly namespace: string | undefined; // undefined: a file of confDir, not a NetworkAttachmentDefinition
  readonly name: string;
  readonly config: string; // JSON text: one conf or a list; '' means "in confDir"
  readonly source: string; // a file's path, or `api`
  readonly resourceName: string | undefined; // annotation k8s.v1.cni.cncf.io/resourceName
}

/** Which NetworkAttachmentDefinition is looked for. */
export interface NetworkRef {
  readonly namespace: string;
  readonly name: string;
}

/** Definitions of networks. */
export interface Networks {
  /**
   * The NetworkAttachmentDefinition of that name; `undefined` when nobody has it. `next` are looked for afterwards: to
   * fetch several at once may be cheaper.
   */
  find(namespace: string, name: string, next?: readonly NetworkRef[]): Promise<NetworkDefinition | undefined>;
  /** The configuration of that CNI name in confDir. */
  findInConfDir(name: string): Promise<NetworkDefinition | undefined>;
  /** The configuration in that file, or the first one in that directory. */
  findAtPath(path: string): Promise<NetworkDefinition | undefined>;
  /** Whether a definition that `find` has just not found may exist: who knows the cluster's is away, and nobody else can be asked. */
  isBehind(): Promise<boolean>;
}

/** What Braid needs to know of a pod beyond CNI_ARGS. */
export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The cluster's API, or whoever answers for it. */
export interface Cluster {
  /** The pod's annotations; `undefined` when nobody who could be asked knows the pod. */
  findPod(namespace: string, name: string, uid: string | undefined): Promise<Pod | undefined>;
}

/** Devices that pods got besides their networks. */
export interface Devices {
  /** What device plugins gave, as kubelet says. DevicesUnavailable when it cannot be asked. */
  allocated(pod: PodIdentity): Promise<DevicesByResource>;
  /** What the pod claimed (DRA), as the API server says. DevicesUnavailable, or as Cluster. */
  claimed(pod: PodIdentity): Promise<DevicesByResource>;
}

/** Files by which device plugins and delegates tell each other about devices. */
export interface DeviceFiles {
  /** Over what is there; nothing when there is no such file. */
  copy(from: string, to: string): Promise<void>;
  /** `undefined` when there is none; DecodeFailed when it is no JSON object. */
  read(path: string): Promise<Json | undefined>;
  delete(path: string): Promise<void>;
}

/** What the cluster's API is told of pods. It lives as long as its process; each call has a deadline of its own. */
export interface Publisher {
  /**
   * Sets the pod's annotation network-status. `missing`: the cluster has no pod of that name, or not yet (static pods);
   * `another`: it has another pod of that name. Throws CniError, as PodUnavailable when there was no usable answer in time.
   */
  writeStatus(pod: PodIdentity, status: string): Promise<'written' | 'missing' | 'another'>;
  /** Makes the Event, or counts it when it was made before; as rarely as Kubernetes' own senders do. Throws as writeStatus. */
  writeEvent(event: PodEvent): Promise<void>;
}

/** What the node's agent is told, and sees to. */
export type News =
  | { readonly tell: 'publish'; readonly of?: LeaseOwner | undefined } // there is a record whose pod's status is to be published, that one: publishPending
  | { readonly tell: 'event'; readonly event: PodEvent };

/** The agent of this node. */
export interface Agent {
  /** True when an agent is alive and took it. */
  tell(news: News): Promise<boolean>;
}

/** A record that cannot be used, and why. */
export interface BrokenRecord extends LeaseOwner {
  readonly error: CniError;
}

/** The part of a record that can be read, though the whole cannot be used. */
export interface SalvagedRecord {
  /** With the attachments that can be read; undefined when it does not even tell whose sandbox it is. */
  readonly record: AttachRecord | undefined;
  /** Nothing of the file was lost. */
  readonly isWhole: boolean;
  /** A newer Braid wrote it, and understands what this one does not. */
  readonly isNewer: boolean;
}

/** Braid's own records, one for each container and interface of the runtime. */
export interface Records {
  find(containerId: ContainerId, ifName: IfName): Promise<AttachRecord | undefined>;
  /** On disk, whole, before it returns. */
  save(record: AttachRecord): Promise<void>;
  delete(owner: LeaseOwner, pod: { readonly namespace: string; readonly name: string } | undefined): Promise<void>;
  all(): Promise<readonly AttachRecord[]>;
  /** Whose record the pod of that name had last, whichever sandbox it was. There may be none any more. */
  findOfPod(pod: { readonly namespace: string; readonly name: string }): Promise<LeaseOwner | undefined>;
  /** What can be made of a record that `find` refuses; `undefined` when there is none. */
  salvage(containerId: ContainerId, ifName: IfName): Promise<SalvagedRecord | undefined>;
  /** Files that are no record any more, and whose they are by their name. */
  broken(): Promise<readonly BrokenRecord[]>;
  /** What all() and broken() give, each file read once. */
  everything(): Promise<{ readonly whole: readonly AttachRecord[]; readonly broken: readonly BrokenRecord[] }>;
  /** Writes down that an ADD of the pod failed, for people; it goes a day later. */
  noteFailure(pod: { readonly namespace: string; readonly name: string }, failure: Failure): Promise<void>;
  /** Pods whose ADD failed lately. */
  failedPods(): Promise<readonly FailedPod[]>;
  /** Deletes what killed calls left: temporary files and lock files that nobody holds. Returns their paths. */
  deleteLeftovers(): Promise<readonly string[]>;
  /** Runs `work` while nobody else works on this container; the lock goes with its process. */
  locked<T>(containerId: ContainerId, work: () => Promise<T>): Promise<T>;
}

/** Is told how long the work on each network takes, for the agent's metrics. */
export interface Meter {
  /** Work on that network begins; the function tells its end, with the reason of its failure. */
  begin(network: string): (reason: Reason | undefined) => void;
  /** Milliseconds since the call began. */
  elapsed(): number;
}

/** Structured log; messages go to stderr or a file, never to stdout. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Everything an engine acts through. */
export interface Edges {
  /** The built-in delegate of that type; `undefined` when a foreign one is to run. */
  findDelegate(type: string): Delegate | undefined;
  readonly kernel: Kernel;
  readonly records: Records;
  readonly leases: LeaseStore;
  readonly dhcp: DhcpDaemon;
  readonly hostLinks: HostLinks;
  readonly networks: Networks;
  readonly cluster: Cluster;
  /** Undefined: this process may not or cannot tell the cluster anything. */
  readonly publisher: Publisher | undefined;
  readonly agent: Agent;
  readonly devices: Devices;
  readonly deviceFiles: DeviceFiles;
  readonly foreign: Foreign;
  readonly nft: Nft;
  readonly iptables: Iptables;
  readonly files: Files;
  readonly log: Log;
  readonly meter: Meter;
  /** Identity of this boot of the node (/proc/sys/kernel/random/boot_id). */
  readonly bootId: string;
  /** Time now, RFC 3339 in UTC. */
  now(): string;
}
