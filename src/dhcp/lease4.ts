/** A DHCPv4 lease: what a server's ACK gives, for how long, and the CNI result of it. Pure. */
import { emptyResult, type IpConfig, type Result, type ResultRoute } from '../cni/result';
import { everything, type Ip, toCidr } from '../net/ip';
import type { Mac } from '../net/mac';
import { type Message4, nobody } from './message4';
import {
  addressList,
  classlessRoutes,
  findAddress,
  findNumber,
  findPrefixLength,
  findText,
  type Options4,
  opt4,
  staticRoutes,
} from './option4';

/** A lease with its times in milliseconds of the clock that the state machine is told; Infinity: for good. */
export interface Lease4 {
  readonly address: Ip;
  readonly server: Ip;
  readonly serverMac: Mac; // of the server, or of the relay before it
  readonly renewAt: number;
  readonly rebindAt: number;
  readonly endsAt: number;
  readonly options: Options4;
}

const forever = 0xffffffff;
const defaultTime = 3600; // seconds, where the server names none; the reference daemon's
const shortest = 10; // seconds; less would keep every link busy

/** The lease that an ACK gives; what it leaves out, as some servers do when they renew, stays as it was. `undefined` when it gives none. */
export function toLease4(ack: Message4, serverMac: Mac, now: number, earlier?: Lease4): Lease4 | undefined {
  const options = new Map([...(earlier?.options ?? []), ...ack.options]);
  const server = findAddress(options, opt4.serverId);
  if (ack.yours === nobody || server === undefined) return undefined;
  const told = findNumber(ack.options, opt4.leaseTime) ?? defaultTime;
  const seconds = told === forever ? Number.POSITIVE_INFINITY : Math.max(told, shortest);
  const rebind = within(findNumber(ack.options, opt4.rebindingTime), 0.85 * seconds, seconds);
  const renew = within(findNumber(ack.options, opt4.renewalTime), Math.min(0.5 * seconds, rebind), rebind);
  return {
    address: ack.yours,
    server,
    serverMac,
    renewAt: now + 1000 * renew,
    rebindAt: now + 1000 * rebind,
    endsAt: now + 1000 * seconds,
    options,
  };
}

/** A time that a server tells, when it makes sense: 0 < time < limit. */
const within = (told: number | undefined, otherwise: number, limit: number): number =>
  told !== undefined && told > 0 && told < limit ? told : otherwise;

/**
 * The result as the reference daemon makes it: the first router is the gateway; classless routes (RFC 3442) stand in the
 * place of all others; name servers are not told, for nobody would use them.
 * `undefined` when the server told no subnet mask.
 */
export function toResult4(lease: Lease4, priority: number | undefined): Result | undefined {
  const length = findPrefixLength(lease.options);
  if (length === undefined) return undefined;
  const [gateway] = addressList(lease.options, opt4.router);
  const ip: IpConfig = { address: toCidr(lease.address, length), ...(gateway !== undefined && { gateway }) };
  const metric = priority === undefined ? {} : { priority };
  return { ...emptyResult, ips: [ip], routes: routesOf(lease.options, gateway).map((r) => ({ ...r, ...metric })) };
}

const scopeLink = 253;

function routesOf(options: Options4, gateway: Ip | undefined): readonly ResultRoute[] {
  const classless = classlessRoutes(options);
  if (classless.length > 0)
    return classless.map(({ dst, gateway: gw }) =>
      gw === undefined ? { dst, gw: nobody, scope: scopeLink } : { dst, gw },
    );
  const byClass = staticRoutes(options).map(({ dst, gateway: gw }) => ({ dst, gw }));
  return gateway === undefined ? byClass : [...byClass, { dst: everything(4), gw: gateway }];
}

/** Why the server said no, in its own words. */
export const reasonOf = (options: Options4): string => findText(options, opt4.message) ?? 'it gave no reason';
