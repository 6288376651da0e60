/** A DHCPv6 lease: what a server's answer gives, for how long, and the CNI result of it. Pure. */
import { type Dns, emptyResult, type Result } from '../cni/result';
import { type Ip, toCidr } from '../net/ip';
import type { Message6 } from './message6';
import {
  addressList6,
  domainList,
  findIdentity6,
  findOnly,
  type Options6,
  opt6,
  type Status6,
  status6,
  statusOf,
} from './option6';
import { secondsOf, type Term, toTerm } from './term';

/** A lease, and what else the server told. */
export interface Lease6 extends Term {
  readonly family: 6;
  readonly address: Ip;
  readonly server: string; // its DUID in hexadecimal digits
  readonly dns: Dns;
}

/** Who asks: the client's DUID, its one identity association, and the options that it asks for. */
export interface Client6 {
  readonly duid: Buffer;
  readonly identity: number;
  readonly asked: readonly number[];
}

/** What a server answers: a lease, or why not. */
export type Answer6 =
  | { readonly kind: 'lease'; readonly lease: Lease6 }
  | { readonly kind: 'refusal'; readonly server: string; readonly status: Status6 };

/** What an Advertise or a Reply says to that client; `undefined` when it says nothing. `wanted`: the address that it is to be about. */
export function toAnswer6(message: Message6, client: Client6, now: number, wanted?: Ip): Answer6 | undefined {
  const { options } = message;
  const server = findOnly(options, opt6.serverId)?.toString('hex');
  if (server === undefined || findOnly(options, opt6.clientId)?.equals(client.duid) !== true) return undefined;
  const identity = findIdentity6(options, client.identity);
  const status = [statusOf(options), identity?.status].find(
    (each) => each !== undefined && each.code !== status6.success,
  );
  if (status !== undefined) return { kind: 'refusal', server, status };
  const found = identity?.addresses.find(({ address }) => wanted === undefined || address === wanted);
  if (identity === undefined || found === undefined) return undefined;
  if (found.valid === 0) {
    const over = { code: status6.noBinding, said: `${found.address} is valid no more` };
    return { kind: 'refusal', server, status: over };
  }
  const told = { whole: found.valid, renewal: chosen(identity.renewal), rebinding: chosen(identity.rebinding) };
  const base = secondsOf(found.preferred > 0 ? found.preferred : found.valid);
  const term = toTerm(now, told, { base, renew: 0.5, rebind: 0.8 }); // section 21.4
  return { kind: 'lease', lease: { family: 6, address: found.address, server, ...term, dns: toDns(options, client) } };
}

/** 0 leaves the choice to the client. */
const chosen = (told: number): number | undefined => (told === 0 ? undefined : secondsOf(told));

/** Only what was asked for. */
function toDns(options: Options6, { asked }: Client6): Dns {
  const servers = asked.includes(opt6.dnsServers) ? addressList6(options, opt6.dnsServers) : [];
  const search = asked.includes(opt6.domainSearch) ? domainList(options, opt6.domainSearch) : [];
  return { ...(servers.length > 0 && { nameservers: servers }), ...(search.length > 0 && { search }) };
}

/** The address with the prefix length that the configuration says: DHCPv6 tells none, and no route (RFC 8415, section 1). */
export function toResult6({ address, dns }: Lease6, prefixLength: number): Result {
  return { ...emptyResult, ips: [{ address: toCidr(address, prefixLength) }], dns };
}
