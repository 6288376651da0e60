/** IP addresses and subnets, IPv4 and IPv6, in one canonical text form. Pure. */
import type { Brand } from '../brand';
import { fail, type Reason } from '../error';
import { shown } from '../json';

/** An address as text: dotted IPv4, or IPv6 as RFC 5952 prints it (what Go's net.IP prints, too). */
export type Ip = Brand<string, 'Ip'>;
/** An address with prefix length, host part kept: `10.0.0.5/24`. */
export type Cidr = Brand<string, 'Cidr'>;
/** 4 or 6. */
export type Family = 4 | 6;

/** Parses an address. An IPv4-mapped IPv6 address becomes the IPv4 address, as in Go. */
export function ip(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): Ip {
  return findIp(value) ?? fail(reason, `Cannot use ${shown(value)} as ${field}: need an IP address`);
}

/** Parses an address; `undefined` when it is none. */
export function findIp(value: unknown): Ip | undefined {
  if (typeof value !== 'string') return undefined;
  if (ipv4.test(value)) return value as Ip;
  const words = value.includes(':') ? findWords(value) : undefined;
  return words === undefined ? undefined : ipFrom(wordBytes(words));
}

/** Parses `address/length`; the host part stays. */
export function cidr(value: unknown, field: string, reason: Reason = 'ConfigInvalid'): Cidr {
  return (
    findCidr(value) ??
    fail(reason, `Cannot use ${shown(value)} as ${field}: need an address with prefix length, like 192.168.0.20/24`)
  );
}

/** Parses `address/length`; `undefined` when it is none. */
export function findCidr(value: unknown): Cidr | undefined {
  if (typeof value !== 'string') return undefined;
  const slash = value.lastIndexOf('/');
  const text = value.slice(0, slash);
  const address = slash < 0 ? undefined : findIp(text);
  const length = findLength(value.slice(slash + 1));
  if (address === undefined || length === undefined) return undefined;
  const mapped = familyOf(address) === 4 && text.includes(':') ? 96 : 0; // ::ffff:10.0.0.1/120 is 10.0.0.1/24
  const bits = length - mapped;
  return bits >= 0 && bits <= widthOf(address) ? toCidr(address, bits) : undefined;
}

/** Digits, as a number is printed; `undefined` for all else. */
function findLength(text: string): number | undefined {
  const length = Number(text);
  return Number.isInteger(length) && String(length) === text ? length : undefined;
}

/** The two parts put together. */
export function toCidr(address: Ip, length: number): Cidr {
  return `${address}/${length}` as Cidr;
}

/** The whole address as a subnet of its own: /32 or /128. */
export function hostCidr(address: Ip): Cidr {
  return toCidr(address, widthOf(address));
}

/** The address part. */
export function addressOf(subnet: Cidr): Ip {
  return subnet.slice(0, subnet.indexOf('/')) as Ip;
}

/** The prefix length in bits. */
export function lengthOf(subnet: Cidr): number {
  return Number(subnet.slice(subnet.indexOf('/') + 1));
}

/** 4 or 6. */
export function familyOf(address: Ip | Cidr): Family {
  return address.includes(':') ? 6 : 4;
}

/** Bits of an address of that family: 32 or 128. */
export function widthOf(address: Ip | Cidr): 32 | 128 {
  return familyOf(address) === 4 ? 32 : 128;
}

/** 4 or 16 bytes, network order. */
export function ipBytes(address: Ip): Buffer {
  if (familyOf(address) === 6) return wordBytes(findWords(address) ?? []);
  const number = ipv4Number(address);
  return Buffer.from([number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255]);
}

/** The address with these 4 or 16 bytes. */
export function ipFrom(bytes: Uint8Array): Ip {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}` as Ip;
  const words: number[] = [];
  for (let at = 0; at < 16; at += 2) words.push(((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
  if (!words.slice(0, 5).some((word) => word !== 0) && words[5] === 0xffff) return ipFrom(bytes.subarray(12));
  return printIpv6(words) as Ip;
}

/** The address as a number, for counting. */
export function ipNumber(address: Ip): bigint {
  return familyOf(address) === 4 ? BigInt(ipv4Number(address)) : BigInt(`0x${ipBytes(address).toString('hex')}`);
}

/** The address of that family with the given number; `undefined` when it is out of range. */
export function ipFromNumber(number: bigint, family: Family): Ip | undefined {
  const bytes = family === 4 ? 4 : 16;
  if (number < 0n || number >> BigInt(8 * bytes) !== 0n) return undefined;
  if (family === 4) return ipv4From(Number(number));
  return ipFrom(Buffer.from(number.toString(16).padStart(2 * bytes, '0'), 'hex'));
}

/** The address `steps` further (or back); `undefined` beyond the last one. */
export function ipPlus(address: Ip, steps: number): Ip | undefined {
  if (familyOf(address) === 6) return ipFromNumber(ipNumber(address) + BigInt(steps), 6);
  const number = ipv4Number(address) + steps;
  return number < 0 || number > 0xffff_ffff ? undefined : ipv4From(number);
}

/** Whether the address comes before the other one, of the same family. */
export function isBefore(address: Ip, other: Ip): boolean {
  return numberOf(address) < numberOf(other);
}

/** The subnet's first address with its length: `10.0.0.5/24` → `10.0.0.0/24`. */
export function networkOf(subnet: Cidr): Cidr {
  if (familyOf(subnet) === 4) {
    const first = ipv4Number(addressOf(subnet)) & ipv4Mask(lengthOf(subnet));
    return toCidr(ipv4From(first), lengthOf(subnet));
  }
  const free = BigInt(widthOf(subnet) - lengthOf(subnet));
  const first = (ipNumber(addressOf(subnet)) >> free) << free;
  return toCidr(ipFromNumber(first, familyOf(subnet)) as Ip, lengthOf(subnet));
}

/** The subnet's last address: the broadcast address for IPv4. */
export function lastOf(subnet: Cidr): Ip {
  if (familyOf(subnet) === 4) return ipv4From(ipv4Number(addressOf(subnet)) | ~ipv4Mask(lengthOf(subnet)));
  const free = BigInt(widthOf(subnet) - lengthOf(subnet));
  const last = ipNumber(addressOf(subnet)) | ((1n << free) - 1n);
  return ipFromNumber(last, familyOf(subnet)) as Ip;
}

/** Whether the subnet holds the address. */
export function contains(subnet: Cidr, address: Ip): boolean {
  const family = familyOf(subnet);
  if (family !== familyOf(address)) return false;
  if (family === 4) return ((ipv4Number(addressOf(subnet)) ^ ipv4Number(address)) & ipv4Mask(lengthOf(subnet))) === 0;
  const free = BigInt(widthOf(subnet) - lengthOf(subnet));
  return ipNumber(addressOf(subnet)) >> free === ipNumber(address) >> free;
}

/** Whether two subnets share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return lengthOf(a) <= lengthOf(b) ? contains(a, addressOf(b)) : contains(b, addressOf(a));
}

/** Whether two of the subnets share an address. Each is read once: of eight there are 28 pairs. */
export function anyOverlap(subnets: readonly Cidr[]): boolean {
  const earlier: { readonly family: Family; readonly first: bigint | number; readonly last: bigint | number }[] = [];
  for (const subnet of subnets) {
    const family = familyOf(subnet);
    const [first, last] = [numberOf(addressOf(networkOf(subnet))), numberOf(lastOf(subnet))];
    if (earlier.some((other) => other.family === family && other.first <= last && first <= other.last)) return true;
    earlier.push({ family, first, last });
  }
  return false;
}

/** The address for comparing: IPv4 as a number, which takes a tenth of a bigint's time. */
function numberOf(address: Ip): bigint | number {
  return familyOf(address) === 4 ? ipv4Number(address) : ipNumber(address);
}

/** Whether the subnet is everything: `0.0.0.0/0` or `::/0`. */
export function isDefault(subnet: Cidr): boolean {
  return subnet.endsWith('/0');
}

/** Whether the address is that of nobody: as a gateway it means the link itself. */
export function isNobody(address: Ip): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Everything of one family. */
export function everything(family: Family): Cidr {
  return (family === 4 ? '0.0.0.0/0' : '::/0') as Cidr;
}

const remembered = 1000; // addresses: of these few, a call asks for each many times
const ipv4Numbers = new Map<Ip, number>();

/** An IPv4 address as an unsigned number of 32 bits: most work is with these, and a bigint takes ten times as long. */
function ipv4Number(address: Ip): number {
  const known = ipv4Numbers.get(address);
  if (known !== undefined) return known;
  let number = 0;
  for (const part of address.split('.')) number = number * 256 + Number(part);
  if (ipv4Numbers.size === remembered) ipv4Numbers.clear();
  ipv4Numbers.set(address, number);
  return number;
}

/** The address of the number's lowest 32 bits. */
function ipv4From(number: number): Ip {
  return `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}` as Ip;
}

/** Its first `length` bits are ones. */
function ipv4Mask(length: number): number {
  return length === 0 ? 0 : -1 << (32 - length);
}

function wordBytes(words: readonly number[]): Buffer {
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 255]));
}

/** Own parser: loading node:net takes a quarter of the time in which the whole process starts. */
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** The eight words of an IPv6 address (RFC 4291, section 2.2); `undefined` when it is none. Zones are not taken. */
function findWords(text: string): readonly number[] | undefined {
  if (text.length > 45) return undefined;
  const halves = text.split('::');
  const [left = [], right = []] = halves.map(
    (half, index) => findHalf(half, index === halves.length - 1) ?? [Number.NaN],
  );
  const zeros = 8 - left.length - right.length;
  if (halves.length > 2 || (halves.length === 2 ? zeros < 1 : zeros !== 0)) return undefined;
  const words = [...left, ...Array.from({ length: zeros }, () => 0), ...right];
  return words.some(Number.isNaN) ? undefined : words;
}

/** Words with colons between; the last two may be a dotted IPv4 address when the half is the end of the whole. */
function findHalf(text: string, isEnd: boolean): readonly number[] | undefined {
  if (text === '') return [];
  const pieces = text.split(':');
  const words: number[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (/^[\da-f]{1,4}$/i.test(piece)) words.push(Number.parseInt(piece, 16));
    else if (isEnd && index === pieces.length - 1 && ipv4.test(piece)) {
      const [a = 0, b = 0, c = 0, d = 0] = piece.split('.').map(Number);
      words.push((a << 8) | b, (c << 8) | d);
    } else return undefined;
  }
  return words;
}

/** RFC 5952: lower case, the longest run of two or more zero words shortened, the first one on a tie. */
function printIpv6(words: readonly number[]): string {
  let best = { start: -1, length: 1 };
  for (let start = 0, length = 0; start < 8; start += length + 1) {
    for (length = 0; words[start + length] === 0; ) length++;
    if (length > best.length) best = { start, length };
  }
  const hex = words.map((word) => word.toString(16));
  if (best.start < 0) return hex.join(':');
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`;
}
