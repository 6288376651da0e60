/** What the agent's DHCP client needs of the world. Types, and names of troubles. */
import type { Log } from '../../attach/ports';
import type { Told } from '../../dhcp/config';
import type { Lease } from '../../dhcp/life';
import type { CniError } from '../../error';
import type { Family, Ip } from '../../net/ip';
import type { Link } from '../../net/link';
import type { Mac } from '../../net/mac';
import type { IfName, NetnsPath } from '../../net/names';
import type { PodIdentity } from '../../pod/event';
import type { Owner } from './identity';

/** Where a link is: identity is that of its namespace, so that a later one at the same path is not taken for it. */
export interface Place {
  readonly netns: NetnsPath;
  readonly identity: string | undefined; // undefined: not known yet
  readonly ifName: IfName;
}

/** A pod's link with a socket on it, which hears DHCP answers only. Open for one exchange: it keeps the namespace alive. */
export interface OpenLink {
  readonly identity: string;
  readonly link: Link;
  setDown(): Promise<void>;
  /** Takes that address off the link. */
  remove(address: Ip): Promise<void>;
  /** Who on the network has the address; `undefined` when nobody says so. */
  findHolder(address: Ip): Promise<Mac | undefined>;
  /** IPv4: a frame. IPv6: a message, to all servers and relays of the link. */
  send(bytes: Buffer): Promise<void>;
  /** What came since the last call, in the same form. */
  heard(): readonly Buffer[];
  close(): void;
}

/** The pods' links. */
export interface PodLinks {
  /** The link's addresses; `undefined` when namespace or link is gone. */
  addresses(place: Place): Promise<readonly Ip[] | undefined>;
  /** `undefined` when namespace or link is gone; `up`: sets it up first, for one that is down can send nothing. KernelRefused. */
  open(place: Place, as: { readonly family: Family; readonly up: boolean }): Promise<OpenLink | undefined>;
}

/** What may happen to a lease of a running pod: it ended, the server refused it, or its address is not on the interface. */
export const troubles = ['expired', 'refused', 'missing'] as const;

/** One of them. */
export interface Trouble {
  readonly what: (typeof troubles)[number];
  readonly pod: PodIdentity | undefined; // undefined: who asked did not say
  readonly error: CniError; // LeaseLost
}

/** What a lease is kept by. */
export interface RunnerMeans {
  readonly links: PodLinks;
  readonly log: Log;
  /** Servers are asked to answer by broadcast on every link. */
  readonly broadcast: boolean;
  /** Milliseconds of a clock that no one sets back while the agent runs. */
  now(): number;
  random(): number;
  /** The lease is there, or longer: on disk before it returns. */
  keep(lease: Lease, place: Place): Promise<void>;
  /** It is over: lost, given back, or its pod is gone. */
  forget(): Promise<void>;
  /** Something happened to the pod's lease that its owner should hear of. */
  tell(trouble: Trouble): void;
}

/** What is asked for. */
export interface Wish {
  readonly owner: Owner;
  readonly pod: PodIdentity | undefined;
  readonly place: Place;
  readonly told: Told;
  /** The interface has a lease of the other family, too. */
  readonly isOneOfTwo: boolean;
}
