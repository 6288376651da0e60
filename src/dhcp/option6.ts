/** DHCPv6 options (RFC 8415, section 21; RFC 3646): their codes, and their values from bytes that a stranger sent. Pure. */
import { familyOf, type Ip, ipBytes, ipFrom } from '../net/ip';

/** Option codes. */
export const opt6 = {
  clientId: 1,
  serverId: 2,
  identity: 3, // IA_NA: an interface's addresses
  address: 5,
  requested: 6,
  preference: 7,
  elapsed: 8,
  status: 13,
  rapidCommit: 14,
  dnsServers: 23,
  domainSearch: 24,
  longestSolicit: 82, // SOL_MAX_RT
} as const;

/** Status codes (section 21.13) that a client acts upon. */
export const status6 = { success: 0, failed: 1, noAddresses: 2, noBinding: 3, notOnLink: 4 } as const;

/** The options of a message by code; one that came several times has several values, in their order. */
export type Options6 = ReadonlyMap<number, readonly Buffer[]>;

/** An address with its times in seconds. */
export interface Address6 {
  readonly address: Ip;
  readonly preferred: number;
  readonly valid: number;
}

/** An interface's addresses, as a server tells them. */
export interface Identity6 {
  readonly renewal: number; // seconds; 0: the client may choose
  readonly rebinding: number;
  readonly addresses: readonly Address6[];
  readonly status: Status6;
}

/** How a server did; `said`: in words. */
export interface Status6 {
  readonly code: number;
  readonly said: string;
}

/** The bytes of options, in their order. */
export function encodeOptions6(options: Options6): Buffer {
  return Buffer.concat([...options].flatMap(([code, values]) => values.flatMap((value) => [head(code, value), value])));
}

function head(code: number, { length }: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(code, 0);
  bytes.writeUInt16BE(length, 2);
  return bytes;
}

/** The options in these bytes; `undefined` when one runs over the end. */
export function decodeOptions6(bytes: Buffer): Options6 | undefined {
  const found = new Map<number, Buffer[]>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) return undefined;
    const code = bytes.readUInt16BE(at);
    const end = at + 4 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length) return undefined;
    const value = Buffer.from(bytes.subarray(at + 4, end));
    const earlier = found.get(code);
    if (earlier === undefined) found.set(code, [value]);
    else earlier.push(value);
    at = end;
  }
  return found;
}

/** The value of an option that may come once; `undefined` when it is absent or comes several times. */
export function findOnly(options: Options6, code: number): Buffer | undefined {
  const values = options.get(code) ?? [];
  return values.length === 1 ? values[0] : undefined;
}

/** A number of `bytes` bytes. */
export function findNumber6(options: Options6, code: number, bytes: 1 | 4): number | undefined {
  const value = findOnly(options, code);
  return value?.length === bytes ? value.readUIntBE(0, bytes) : undefined;
}

/** The status; without one all is well. Words for people: what a terminal would obey is replaced, at most 200 characters. */
export function statusOf(options: Options6): Status6 {
  const value = findOnly(options, opt6.status);
  if (value === undefined || value.length < 2) return { code: status6.success, said: '' };
  const code = value.readUInt16BE(0);
  const words = value.subarray(2).toString('utf8').replace(/\0+$/, '');
  const said = words.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '?').slice(0, 200);
  return { code, said: said || (names[code] ?? `status ${code}`) };
}

const names: Readonly<Record<number, string>> = {
  1: 'it failed',
  2: 'it has no address',
  3: 'it does not know the lease',
  4: 'the address is of another link',
};

/** What a client asks for, or asks about: its addresses without times. */
export function encodeIdentity6(id: number, addresses: readonly Ip[]): Buffer {
  const fixed = Buffer.alloc(12); // times 0: the server's choice
  fixed.writeUInt32BE(id, 0);
  const values = addresses.map((address) => Buffer.concat([ipBytes(address), Buffer.alloc(8)]));
  return Buffer.concat([fixed, encodeOptions6(new Map([[opt6.address, values]]))]);
}

/** The addresses of that identity; `undefined` when the message has none, or what it has makes no sense. */
export function findIdentity6(options: Options6, id: number): Identity6 | undefined {
  const value = options.get(opt6.identity)?.find((each) => each.length >= 12 && each.readUInt32BE(0) === id);
  const inner = value && decodeOptions6(value.subarray(12));
  if (value === undefined || inner === undefined) return undefined;
  const [renewal, rebinding] = [value.readUInt32BE(4), value.readUInt32BE(8)];
  if (renewal > rebinding && rebinding > 0) return undefined; // section 21.4
  const addresses = (inner.get(opt6.address) ?? []).flatMap((each) => findAddress6(each) ?? []);
  return { renewal, rebinding, addresses, status: statusOf(inner) };
}

/** An address that an interface can have: one machine's, of more than its link. */
function findAddress6(value: Buffer): Address6 | undefined {
  if (value.length < 24) return undefined;
  const [address, preferred, valid] = [ipFrom(value.subarray(0, 16)), value.readUInt32BE(16), value.readUInt32BE(20)];
  const inner = decodeOptions6(value.subarray(24));
  if (preferred > valid || inner === undefined || statusOf(inner).code !== status6.success) return undefined;
  return isHost(address) ? { address, preferred, valid } : undefined;
}

function isHost(address: Ip): boolean {
  if (familyOf(address) !== 6 || address === '::' || address === '::1') return false;
  const [first = 0, second = 0] = ipBytes(address);
  return first !== 0xff && !(first === 0xfe && second >> 6 === 2); // multicast, link-local
}

/** Addresses one after the other (RFC 3646, section 3); bytes at the end that make no whole one are left out. */
export function addressList6(options: Options6, code: number): readonly Ip[] {
  const value = findOnly(options, code) ?? Buffer.alloc(0);
  return Array.from({ length: Math.floor(value.length / 16) }, (_, at) =>
    ipFrom(value.subarray(16 * at, 16 * at + 16)),
  );
}

/** Domain names as DNS has them, without compression (RFC 8415, section 10). Nothing of them when a part makes no sense. */
export function domainList(options: Options6, code: number): readonly string[] {
  const value = findOnly(options, code) ?? Buffer.alloc(0);
  const names: string[] = [];
  let labels: string[] = [];
  for (let at = 0; at < value.length; ) {
    const end = at + 1 + value.readUInt8(at);
    const label = value.subarray(at + 1, end).toString('latin1');
    if (end > value.length || !/^[a-z0-9_-]{0,63}$/i.test(label)) return [];
    if (label !== '') labels.push(label);
    else if (labels.length > 0) {
      names.push(labels.join('.'));
      labels = [];
    }
    at = end;
  }
  return labels.length === 0 && names.every((name) => name.length <= 253) ? names : [];
}
