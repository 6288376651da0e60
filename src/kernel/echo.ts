/** Echo requests that no router may fragment (RFC 792, RFC 4443, 4.1; RFC 1191), and their replies, as frames. Pure. */
import { familyOf, type Ip, ipBytes } from '../net/ip';
import { type Mac, macBytes } from '../net/mac';
import { ifEtherH as eth, inet6H } from './headers';
import { checksum, ethernet, header, ipv6Header } from './probe';

const ipv4Header = 20; // bytes, without options
const icmp = 1; // IP protocol
const icmpv6 = inet6H.IPPROTO_ICMPV6;
const types = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;
const dontFragment = 0x4000;

/** Who asks whom, and with how large a packet. */
export interface Echo {
  readonly from: readonly [Ip, Mac];
  readonly to: readonly [Ip, Mac];
  readonly size: number; // bytes of the IP packet, 48 at least
  readonly id: number; // 16 bits
}

/** The request's frame. */
export function echoRequest({ from, to, size, id }: Echo): Buffer {
  const [[source, own], [target, next]] = [from, to];
  const family = familyOf(target);
  const length = size - (family === 4 ? ipv4Header : ipv6Header);
  const message = Buffer.alloc(length + (length % 2)); // the checksum is over whole words
  message.writeUInt8(types[family].request, 0);
  message.writeUInt16BE(id, 4);
  const addresses = Buffer.concat([ipBytes(source), ipBytes(target)]);
  const pseudo = family === 4 ? Buffer.alloc(0) : Buffer.concat([addresses, numbers(length, icmpv6)]);
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), 2);
  const ip = family === 4 ? headerOf4(size, addresses) : headerOf6(length, addresses);
  const type = family === 4 ? eth.ETH_P_IP : eth.ETH_P_IPV6;
  return Buffer.concat([header(Buffer.from(macBytes(next)), macBytes(own), type), ip, message.subarray(0, length)]);
}

function numbers(length: number, protocol: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(length, 0);
  bytes.writeUInt32BE(protocol, 4);
  return bytes;
}

function headerOf4(size: number, addresses: Buffer): Buffer {
  const bytes = Buffer.concat([Buffer.from([0x45, 0, 0, 0, 0, 0, 0, 0, 64, icmp, 0, 0]), addresses]);
  bytes.writeUInt16BE(size, 2);
  bytes.writeUInt16BE(dontFragment, 6);
  bytes.writeUInt16BE(checksum(bytes), 10);
  return bytes;
}

function headerOf6(length: number, addresses: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x60, 0, 0, 0, length >> 8, length & 0xff, icmpv6, 64]), addresses]);
}

/** Whether the frame, of which the end may be cut off, is the reply to that request, as large as it was. */
export function isReply(frame: Buffer, { from, to, size, id }: Echo): boolean {
  const family = familyOf(to[0]);
  const start = ethernet + (family === 4 ? ipv4Header : ipv6Header);
  if (frame.length < start + 8) return false;
  const [type, protocol, length, first] =
    family === 4
      ? [eth.ETH_P_IP, frame.readUInt8(ethernet + 9), frame.readUInt16BE(ethernet + 2), 12]
      : [eth.ETH_P_IPV6, frame.readUInt8(ethernet + 6), frame.readUInt16BE(ethernet + 4) + ipv6Header, 8];
  const addresses = frame.subarray(ethernet + first, start);
  return (
    frame.readUInt16BE(12) === type &&
    protocol === (family === 4 ? icmp : icmpv6) &&
    length === size &&
    addresses.equals(Buffer.concat([ipBytes(to[0]), ipBytes(from[0])])) &&
    frame.readUInt8(start) === types[family].reply &&
    frame.readUInt16BE(start + 4) === id
  );
}
