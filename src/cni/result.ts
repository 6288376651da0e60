/** A CNI result as Braid holds it, in the shape of version 1.1.0. Pure. */
import type { Cidr, Ip } from '../net/ip';
import type { Mac } from '../net/mac';

/** A link that an attachment made; with `sandbox` it lies in the pod. */
export interface Interface {
  readonly name: string;
  readonly mac?: Mac | undefined;
  readonly mtu?: number | undefined;
  readonly sandbox?: string | undefined;
  readonly socketPath?: string | undefined;
  readonly pciID?: string | undefined;
}

/** An address, with the index of its link in `interfaces`. */
export interface IpConfig {
  readonly address: Cidr;
  readonly gateway?: Ip | undefined;
  readonly interface?: number | undefined;
}

/** A route of a result. */
export interface ResultRoute {
  readonly dst: Cidr;
  readonly gw?: Ip | undefined;
  readonly mtu?: number | undefined;
  readonly advmss?: number | undefined;
  readonly priority?: number | undefined;
  readonly table?: number | undefined;
  readonly scope?: number | undefined;
}

/** What a resolver needs. */
export interface Dns {
  readonly nameservers?: readonly string[] | undefined;
  readonly domain?: string | undefined;
  readonly search?: readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
}

/** The outcome of ADD (CNI specification 1.1, "ADD Success"). */
export interface Result {
  readonly interfaces: readonly Interface[];
  readonly ips: readonly IpConfig[];
  readonly routes: readonly ResultRoute[];
  readonly dns: Dns;
}

/** Nothing attached. */
export const emptyResult: Result = { interfaces: [], ips: [], routes: [], dns: {} };
