/** The contract that every delegate fulfils: parse bytes once, then ADD, DEL and CHECK through a context. Types, and the one constructor. */
import type { CniArgs } from '../cni/args';
import type { Result } from '../cni/result';
import type { ContainerId, IfName, NetworkName } from '../net/names';
import type { Master } from './master';
import type { DhcpDaemon, Files, HostLinks, Iptables, LeaseStore, Log, Netns, Nft } from './ports';
import type { Undo } from './undo';

/** IPAM of one attachment: whatever `ipam.type` names, built in or foreign. */
export interface Ipam {
  /** Leases addresses; pushes their return first. The result has ips, routes and dns, no interfaces. */
  add(undo: Undo): Promise<Result>;
  /** Gives back what the attachment holds; nothing to give back is success. */
  del(): Promise<void>;
  check(): Promise<void>;
}

interface Context {
  readonly host: Netns;
  readonly containerId: ContainerId;
  readonly ifName: IfName;
  /** The name of the network configuration (of the list, for a plugin of a list). */
  readonly network: NetworkName;
  readonly args: CniArgs;
  readonly ipam: Ipam | undefined; // undefined: layer 2 only
  readonly leases: LeaseStore;
  readonly dhcp: DhcpDaemon;
  readonly hostLinks: HostLinks;
  readonly nft: Nft;
  readonly iptables: Iptables;
  readonly files: Files;
  readonly log: Log;
}

/** What ADD may use. */
export interface AddContext extends Context {
  readonly pod: Netns;
  readonly prevResult: Result | undefined; // of the plugin before in the chain
  /** Nothing can be held for this container and interface yet: Braid's record says so. */
  readonly fresh: boolean;
  /** Masters of the node that are known from the pod's other networks, by name. */
  readonly masters: Map<string, Promise<Master>>;
  readonly undo: Undo;
}

/** What DEL may use. The namespace may be gone, and so may everything else. */
export interface DelContext extends Context {
  readonly pod: Netns | undefined;
  readonly prevResult: Result | undefined; // of the attachment's ADD; undefined when it never ended
}

/** What CHECK may use. */
export interface CheckContext extends Context {
  readonly pod: Netns;
  readonly prevResult: Result; // of the attachment's ADD
}

/** What STATUS may use: there is no pod. */
export interface StatusContext {
  readonly host: Netns;
  readonly network: NetworkName;
  readonly leases: LeaseStore;
  readonly dhcp: DhcpDaemon;
}

/** A delegate's verbs over its parsed configuration. */
export interface Verbs<Config> {
  add(config: Config, context: AddContext): Promise<Result>;
  del(config: Config, context: DelContext): Promise<void>;
  check(config: Config, context: CheckContext): Promise<void>;
  /** Whether an ADD could succeed now; throws what stands in the way. Absent: nothing can. */
  status?(config: Config, context: StatusContext): Promise<void>;
}

/** A delegate with its configuration inside. */
export interface Bound {
  add(context: AddContext): Promise<Result>;
  del(context: DelContext): Promise<void>;
  check(context: CheckContext): Promise<void>;
  status(context: StatusContext): Promise<void>;
}

/** A built-in delegate. */
export interface Delegate {
  readonly type: string;
  /** It gives addresses, and makes no interface. */
  readonly isIpam?: true;
  /** It works on the link of the plugin before, and makes none. */
  readonly isChained?: true;
  /** Parses the plugin's configuration (for IPAM: the whole configuration of the plugin above). ConfigInvalid names the field. */
  bind(input: unknown): Bound;
}

/** Makes a delegate of a type name, its parser and its verbs. */
export function delegate<Config>(type: string, parse: (input: unknown) => Config, verbs: Verbs<Config>): Delegate {
  return {
    type,
    bind(input) {
      const config = parse(input);
      return {
        add: (context) => verbs.add(config, context),
        del: (context) => verbs.del(config, context),
        check: (context) => verbs.check(config, context),
        status: async (context) => verbs.status?.(config, context),
      };
    },
  };
}

/** The same of one that `ipam.type` names. */
export function ipamDelegate<Config>(type: string, parse: (input: unknown) => Config, verbs: Verbs<Config>): Delegate {
  return { ...delegate(type, parse, verbs), isIpam: true };
}

/** The same of one that goes after another plugin. */
export function chainedDelegate<Config>(
  type: string,
  parse: (input: unknown) => Config,
  verbs: Verbs<Config>,
): Delegate {
  return { ...delegate(type, parse, verbs), isChained: true };
}
