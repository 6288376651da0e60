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
import { secondsOf, type Term, toTerm } from './term';

/** A lease, and what else the server told. */
export interface Lease4 extends Term {
  readonly family: 4;
  readonly address: Ip;
  readonly server: Ip;
  readonly serverMac: Mac; // of the server, or of the relay before it
  readonly options: Options4;
}

const defaultTime = 3600; // seconds, where the server names none; the reference daemon's

/** The lease that an ACK gives; what it leaves out, as some servers do when they renew, stays as it was. `undefined` when it gives none. */
export function toLease4(ack: Message4, serverMac: Mac, now: number, earlier?: Lease4): Lease4 | undefined {
  const options = new Map([...(earlier?.options ?? []), ...ack.options]);
  const server = findAddress(options, opt4.serverId);
  if (ack.yours === nobody || server === undefined) return undefined;
  const whole = findNumber(ack.options, opt4.leaseTime) ?? defaultTime;
  const told = {
    whole,
    renewal: findNumber(ack.options, opt4.renewalTime),
    rebinding: findNumber(ack.options, opt4.rebindingTime),
  };
  const term = toTerm(now, told, { base: secondsOf(whole), renew: 0.5, rebind: 0.85 });
  return { family: 4, address: ack.yours, server, serverMac, ...term, options };
}

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
