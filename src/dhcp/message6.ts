/** DHCPv6 messages between client and server (RFC 8415, section 8) to bytes and back; what comes in may be hostile. Pure. */
import { decodeOptions6, encodeOptions6, type Options6 } from './option6';

/** Message types (section 7.3) that clients and servers send each other; what relays send among themselves is not for us. */
export const type6 = {
  solicit: 1,
  advertise: 2,
  request: 3,
  confirm: 4,
  renew: 5,
  rebind: 6,
  reply: 7,
  release: 8,
  decline: 9,
} as const;

export type Type6 = keyof typeof type6;

export interface Message6 {
  readonly type: Type6;
  readonly xid: number; // 24 bits
  readonly options: Options6;
}

/** The bytes of a message. */
export function encode6({ type, xid, options }: Message6): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(((type6[type] << 24) | (xid & 0xff_ffff)) >>> 0, 0);
  return Buffer.concat([head, encodeOptions6(options)]);
}

/** The message in a datagram's bytes; `undefined` when they are none, or one of another type. */
export function decode6(bytes: Buffer): Message6 | undefined {
  if (bytes.length < 4) return undefined;
  const type = (Object.keys(type6) as Type6[]).find((name) => type6[name] === bytes[0]);
  const options = decodeOptions6(bytes.subarray(4));
  if (type === undefined || options === undefined) return undefined;
  return { type, xid: bytes.readUIntBE(1, 3), options };
}
