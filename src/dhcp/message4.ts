/** DHCPv4 messages (RFC 2131, section 2) to bytes and back; what comes in may be hostile. Pure. */
import { type Ip, ipBytes, ipFrom } from '../net/ip';
import { type Mac, macBytes, macFrom } from '../net/mac';
import { type Options4, opt4 } from './option4';

/** Message types (option 53). */
export const type4 = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const;

export type Type4 = keyof typeof type4;

/** A message; addresses that are not told are 0.0.0.0. */
export interface Message4 {
  readonly isReply: boolean;
  readonly type: Type4;
  readonly xid: number;
  readonly seconds: number; // since the client began
  readonly broadcast: boolean; // the client cannot hear unicast before it has an address
  readonly client: Ip; // ciaddr
  readonly yours: Ip; // yiaddr
  readonly relay: Ip; // giaddr
  readonly mac: Mac; // chaddr
  readonly options: Options4; // without type and overload
}

/** No address. */
export const nobody = '0.0.0.0' as Ip;

const fixed = 236; // bytes before the magic cookie
const cookie = 0x63825363;
const serverName = { at: 44, length: 64 };
const bootFile = { at: 108, length: 128 };
const broadcastFlag = 0x8000;
const shortest = 300; // bytes of BOOTP; some relays drop shorter ones
const longest = 65_507; // bytes of a datagram

/** The bytes of a message, padded to BOOTP's length. A value of more than 255 bytes goes in pieces (RFC 3396). */
export function encode4(m: Message4): Buffer {
  const head = Buffer.alloc(fixed + 4);
  head.writeUInt8(m.isReply ? 2 : 1, 0);
  head.writeUInt8(1, 1); // Ethernet
  head.writeUInt8(6, 2);
  head.writeUInt32BE(m.xid >>> 0, 4);
  head.writeUInt16BE(Math.min(m.seconds, 0xffff), 8);
  head.writeUInt16BE(m.broadcast ? broadcastFlag : 0, 10);
  for (const [at, address] of [[12, m.client] as const, [16, m.yours] as const, [24, m.relay] as const])
    ipBytes(address).copy(head, at);
  macBytes(m.mac).copy(head, 28);
  head.writeUInt32BE(cookie, fixed);
  const options = [[opt4.messageType, Buffer.from([type4[m.type]])] as const, ...m.options];
  const bytes = Buffer.concat([head, ...options.flatMap(([code, value]) => pieces(code, value)), Buffer.from([255])]);
  return bytes.length >= shortest ? bytes : Buffer.concat([bytes, Buffer.alloc(shortest - bytes.length)]);
}

function pieces(code: number, value: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at === 0 || at < value.length; at += 255) {
    const piece = value.subarray(at, at + 255);
    found.push(Buffer.from([code, piece.length]), piece);
  }
  return found;
}

/** The message in a datagram's bytes; `undefined` when they are none, or one without a type. */
export function decode4(bytes: Buffer): Message4 | undefined {
  if (bytes.length < fixed + 4 || bytes.length > longest || bytes.readUInt32BE(fixed) !== cookie) return undefined;
  const op = bytes.readUInt8(0);
  if ((op !== 1 && op !== 2) || bytes.readUInt8(1) !== 1 || bytes.readUInt8(2) !== 6) return undefined;
  const options = readOptions(bytes);
  const kind = options?.get(opt4.messageType);
  const type = (Object.keys(type4) as Type4[]).find((name) => kind?.length === 1 && type4[name] === kind[0]);
  if (options === undefined || type === undefined) return undefined;
  options.delete(opt4.messageType);
  options.delete(opt4.overload);
  const address = (at: number): Ip => ipFrom(bytes.subarray(at, at + 4));
  return {
    isReply: op === 2,
    type,
    xid: bytes.readUInt32BE(4),
    seconds: bytes.readUInt16BE(8),
    broadcast: (bytes.readUInt16BE(10) & broadcastFlag) !== 0,
    client: address(12),
    yours: address(16),
    relay: address(24),
    mac: macFrom(bytes.subarray(28, 34)),
    options,
  };
}

/** Of the options' own place, and of the two more that option 52 names, in that order; `undefined` when one runs over its end. */
function readOptions(bytes: Buffer): Map<number, Buffer> | undefined {
  const found = new Map<number, Buffer>();
  if (!readPlace(bytes.subarray(fixed + 4), found)) return undefined;
  const overload = found.get(opt4.overload)?.[0] ?? 0;
  for (const [bit, { at, length }] of [[1, bootFile] as const, [2, serverName] as const])
    if ((overload & bit) !== 0 && !readPlace(bytes.subarray(at, at + length), found)) return undefined;
  return found;
}

function readPlace(place: Buffer, into: Map<number, Buffer>): boolean {
  for (let at = 0; at < place.length; ) {
    const code = place.readUInt8(at);
    at += 1;
    if (code === opt4.end) return true;
    if (code === opt4.pad) continue;
    if (at >= place.length) return false;
    const end = at + 1 + place.readUInt8(at);
    if (end > place.length) return false;
    const earlier = into.get(code);
    const value = place.subarray(at + 1, end);
    into.set(code, earlier === undefined ? Buffer.from(value) : Buffer.concat([earlier, value]));
    at = end;
  }
  return true; // many forget the end
}
