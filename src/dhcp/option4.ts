/** DHCPv4 options (RFC 2132 and later): their codes, and their values from bytes that a stranger sent. Pure. */
import { type Cidr, type Ip, ipBytes, ipFrom, networkOf, toCidr } from '../net/ip';

/** Option codes, under the names of RFC 2132, 3442 and 2563. */
export const opt4 = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  dnsServers: 6,
  hostName: 12,
  domainName: 15,
  mtu: 26,
  staticRoutes: 33,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverId: 54,
  parameterList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientId: 61,
  userClass: 77,
  domainSearch: 119,
  classlessRoutes: 121,
  end: 255,
} as const;

/** The options of a message by code; a value that came in several pieces is put together. */
export type Options4 = ReadonlyMap<number, Buffer>;

/** A route that a server tells of; without gateway its destinations are on the link. */
export interface ToldRoute {
  readonly dst: Cidr;
  readonly gateway: Ip | undefined;
}

/** One address, e.g. the server's id; `undefined` when absent or of another length. */
export function findAddress(options: Options4, code: number): Ip | undefined {
  const value = options.get(code);
  return value?.length === 4 ? ipFrom(value) : undefined;
}

/** A list of addresses; bytes at the end that make no whole one are left out. */
export function addressList(options: Options4, code: number): readonly Ip[] {
  const value = options.get(code) ?? Buffer.alloc(0);
  return Array.from({ length: Math.floor(value.length / 4) }, (_, at) => ipFrom(value.subarray(4 * at, 4 * at + 4)));
}

/** A number of 32 bits, e.g. seconds. */
export function findNumber(options: Options4, code: number): number | undefined {
  const value = options.get(code);
  return value?.length === 4 ? value.readUInt32BE(0) : undefined;
}

/** Text for people and logs: what a terminal would obey is replaced, at most 200 characters. */
export function findText(options: Options4, code: number): string | undefined {
  const value = options.get(code);
  if (value === undefined) return undefined;
  const text = value.toString('utf8').replace(/\0+$/, '');
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, 200);
}

/** The prefix length of the subnet mask; `undefined` when there is none, or its ones are not all in front. */
export function findPrefixLength(options: Options4): number | undefined {
  const mask = findNumber(options, opt4.subnetMask);
  if (mask === undefined) return undefined;
  const length = Math.clz32(~mask);
  return mask === (length === 0 ? 0 : (-1 << (32 - length)) >>> 0) ? length : undefined;
}

/** Option 121 (RFC 3442): length, as many bytes of the destination as that needs, gateway. Nothing of it when a part makes no sense. */
export function classlessRoutes(options: Options4): readonly ToldRoute[] {
  const value = options.get(opt4.classlessRoutes) ?? Buffer.alloc(0);
  const routes: ToldRoute[] = [];
  for (let at = 0; at < value.length; ) {
    const length = value.readUInt8(at);
    const bytes = Math.ceil(length / 8);
    if (length > 32 || at + 1 + bytes + 4 > value.length) return [];
    const destination = Buffer.alloc(4);
    value.copy(destination, 0, at + 1, at + 1 + bytes);
    const gateway = ipFrom(value.subarray(at + 1 + bytes, at + 5 + bytes));
    routes.push({
      dst: networkOf(toCidr(ipFrom(destination), length)),
      gateway: gateway === '0.0.0.0' ? undefined : gateway,
    });
    at += 5 + bytes;
  }
  return routes;
}

/** Option 33: destination and gateway, the prefix by the destination's class; a default route may not be in it. */
export function staticRoutes(options: Options4): readonly ToldRoute[] {
  const pairs = addressList(options, opt4.staticRoutes);
  return Array.from({ length: Math.floor(pairs.length / 2) }, (_, at) => {
    const destination = pairs[2 * at] as Ip;
    return { destination, gateway: pairs[2 * at + 1] as Ip };
  })
    .filter(({ destination }) => destination !== '0.0.0.0')
    .map(({ destination, gateway }) => ({
      dst: networkOf(toCidr(destination, classLength(destination))),
      gateway,
    }));
}

/** Prefix length of the classes A, B and C; anything above them is one host. */
function classLength(address: Ip): number {
  const [first = 0] = ipBytes(address);
  if (first < 128) return 8;
  if (first < 192) return 16;
  return first < 224 ? 24 : 32;
}

/** A number of 32 bits as an option's value. */
export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0, 0);
  return bytes;
}
