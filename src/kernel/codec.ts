/** Netlink messages and attributes as bytes: what every subject's codec is built from. Pure. */
import { type AttrStream, putU16 } from 'netlink/dist/structs.js';
import { type Family, type Ip, ipFrom } from '../net/ip';
import { netlinkH, socketH } from './headers';

/** A request, complete but for sequence number and length. */
export interface Message {
  readonly type: number;
  readonly flags: number; // NLM_F_REQUEST is added by the socket
  readonly body: readonly Uint8Array[];
}

/** Adds an attribute that holds attributes, with NLA_F_NESTED: bridge ports and strict checks want it, nobody minds it. */
export function pushNested(out: AttrStream, type: number, fill: (inner: AttrStream) => void): void {
  const before = out.bufs.length;
  out.push(type, (inner) => fill(inner));
  const header = out.bufs.slice(before).find((part) => part.length === 4); // padding is shorter
  header?.set(putU16(type | netlinkH.NLA_F_NESTED), 2);
}

const attributeHeader = 4; // struct nlattr: u16 length with these, u16 type
const typeMask = 0x3fff; // NLA_TYPE_MASK: without NLA_F_NESTED and NLA_F_NET_BYTEORDER

/**
 * Calls `visit` for each attribute after the first `skip` bytes, or for those of the types in `only`. Types come without
 * flags. The package's own parser takes three objects for each attribute, and a link has sixty.
 * Throws when an attribute is cut off.
 */
export function eachAttribute(
  data: Buffer,
  skip: number,
  visit: (type: number, value: Buffer) => void,
  only?: ReadonlySet<number>,
): void {
  const { length: end } = data; // asked once: it takes as long as the rest of a turn, and a link has sixty
  for (let at = skip; at < end; ) {
    const length = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8); // u16 spelled out
    const type = ((data[at + 2] ?? 0) | ((data[at + 3] ?? 0) << 8)) & typeMask;
    if (length < attributeHeader || at + length > end)
      throw new RangeError(`Cannot read attribute ${type} of ${length} bytes: ${end - at} are left`);
    if (only === undefined || only.has(type)) visit(type, data.subarray(at + attributeHeader, at + length));
    at += (length + 3) & ~3;
  }
}

/** Text of an attribute, with or without the NUL at its end. */
export function text(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString('utf8', 0, end < 0 ? data.length : end);
}

/** Text as the kernel wants it, with NUL. */
export function putText(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

/** A 16-bit number at that place, in host order. */
export function u16(data: Uint8Array, at: number): number {
  return (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8);
}

/** AF_INET or AF_INET6. */
export function afOf(family: Family): number {
  return family === 4 ? socketH.AF_INET : socketH.AF_INET6;
}

/** 4 or 6; `undefined` for other address families. */
export function familyOfAf(af: number): Family | undefined {
  if (af === socketH.AF_INET) return 4;
  return af === socketH.AF_INET6 ? 6 : undefined;
}

/** The address in 4 or 16 bytes; `undefined` for any other length. */
export function findAddress(data: Buffer | undefined): Ip | undefined {
  return data !== undefined && (data.length === 4 || data.length === 16) ? ipFrom(data) : undefined;
}

/** The kernel's words in an error (or done) message: NLMSGERR_ATTR_MSG of the extended acknowledgement. */
export function extendedAck(flags: number, data: Buffer, fixed: number): string | undefined {
  if ((flags & netlinkH.NLM_F_ACK_TLVS) === 0) return undefined;
  let words: string | undefined;
  eachAttribute(data, fixed, (type, value) => {
    if (type === netlinkH.NLMSGERR_ATTR_MSG) words = text(value);
  });
  return words;
}
