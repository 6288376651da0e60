/** What the agent's DHCP client needs of the world. Types only. */
import type { Link } from '../../net/link';
import type { IfName, NetnsPath } from '../../net/names';

/** Where a link is: identity is that of its namespace, so that a later one at the same path is not taken for it. */
export interface Place {
  readonly netns: NetnsPath;
  readonly identity: string | undefined; // undefined: not known yet
  readonly ifName: IfName;
}

/** A pod's link with a packet socket on it, which hears DHCP answers only. Open for one exchange: it keeps the namespace alive. */
export interface OpenLink {
  readonly identity: string;
  readonly link: Link;
  setDown(): Promise<void>;
  send(frame: Buffer): void;
  /** Frames that came since the last call. */
  heard(): readonly Buffer[];
  close(): void;
}

/** The pods' links. */
export interface PodLinks {
  /** `undefined` when namespace or link is gone; `up`: sets it up first, for one that is down can send nothing. KernelRefused. */
  open(place: Place, up: boolean): Promise<OpenLink | undefined>;
}
