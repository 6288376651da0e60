/** Netlink messages and attributes as bytes: what every subject's codec is built from. Pure. */
import { type Family, type Ip, ipFrom } from '../net/ip';
import type { Parts } from './attribute-stream';
import { locateAttributes } from './attributes';
import { netlinkH, socketH } from './headers';

/** A request, complete but for sequence number and length. */
export interface Message {
  readonly type: number;
  readonly flags: number; // NLM_F_REQUEST is added
  readonly parts: Parts;
}

/**
 * Calls `visit` for each attribute after the first `skip` bytes, or for those whose types are 1 in `only`. Types come without
 * flags. The package's own parser takes three objects for each attribute, and a link has sixty.
 * Throws when an attribute is cut off.
 */
export function eachAttribute(
  data: Buffer,
  skip: number,
  visit: (type: number, value: Buffer) => void,
  only?: Uint8Array,
): void {
  const found = locateAttributes(data, skip, only);
  for (let at = 0; at < found.length; at += 3) visit(found[at] as number, data.subarray(found[at + 1], found[at + 2]));
}

/** A table for eachAttribute's `only`. */
export function onlyTypes(...types: readonly number[]): Uint8Array {
  const table = new Uint8Array(Math.max(...types) + 1);
  for (const type of types) table[type] = 1;
  return table;
}

/** Text of an attribute, with or without the NUL at its end. */
export function text(data: Buffer): string {
  const end = data.indexOf(0);
  return data.toString('utf8', 0, end < 0 ? data.length : end);
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
