/** DHCPv4 datagrams in Ethernet frames: a client without an address must write and read the headers itself. Pure. */
import { type Ip, ipBytes, ipFrom } from '../net/ip';
import { type Mac, macBytes, macFrom } from '../net/mac';

/** Where a datagram of the client's port goes to, or came from. */
export interface Peer {
  readonly mac: Mac;
  readonly ip: Ip;
}

/** All hosts of the link. */
export const everybody: Peer = { mac: 'ff:ff:ff:ff:ff:ff' as Mac, ip: '255.255.255.255' as Ip };

const ethernet = 14; // bytes
const ethernetIpv4 = 0x0800;
const udp = 17; // protocol
const ports = { server: 67, client: 68 };

/** A datagram from the client's port to the server's. */
export function toFrame4(payload: Buffer, from: Peer, to: Peer): Buffer {
  const head = Buffer.alloc(ethernet + 20 + 8);
  macBytes(to.mac).copy(head, 0);
  macBytes(from.mac).copy(head, 6);
  head.writeUInt16BE(ethernetIpv4, 12);
  const ip = head.subarray(ethernet, ethernet + 20);
  ip.writeUInt16BE(0x45_10, 0); // version 4, 5 words, low delay
  ip.writeUInt16BE(28 + payload.length, 2);
  ip.writeUInt8(64, 8); // hops: the server may be behind a router
  ip.writeUInt8(udp, 9);
  ipBytes(from.ip).copy(ip, 12);
  ipBytes(to.ip).copy(ip, 16);
  ip.writeUInt16BE(onesComplement(ip), 10);
  const datagram = Buffer.concat([head.subarray(ethernet + 20), payload]);
  datagram.writeUInt16BE(ports.client, 0);
  datagram.writeUInt16BE(ports.server, 2);
  datagram.writeUInt16BE(datagram.length, 4);
  const pseudo = Buffer.concat([ip.subarray(12, 20), Buffer.from([0, udp]), datagram.subarray(4, 6)]);
  datagram.writeUInt16BE(onesComplement(Buffer.concat([pseudo, datagram])) || 0xffff, 6);
  return Buffer.concat([head.subarray(0, ethernet + 20), datagram]);
}

/**
 * The datagram that a frame brings to the client's port, and who sent it; `undefined` when it brings none. The checksum
 * is not looked at: between links of one node the kernel leaves it unfinished.
 */
export function findDatagram4(frame: Buffer): { readonly payload: Buffer; readonly from: Peer } | undefined {
  if (frame.length < ethernet + 20 || frame.readUInt16BE(12) !== ethernetIpv4) return undefined;
  const ip = frame.subarray(ethernet);
  const header = 4 * (ip.readUInt8(0) & 15);
  const end = ip.readUInt16BE(2);
  const isPart = (ip.readUInt16BE(6) & 0x3fff) !== 0; // of a datagram in several frames
  if (ip.readUInt8(0) >> 4 !== 4 || header < 20 || isPart || ip.readUInt8(9) !== udp) return undefined;
  if (end < header + 8 || end > ip.length) return undefined;
  const datagram = ip.subarray(header, end);
  const length = datagram.readUInt16BE(4);
  if (datagram.readUInt16BE(2) !== ports.client || length < 8 || length > datagram.length) return undefined;
  return {
    payload: datagram.subarray(8, length),
    from: { mac: macFrom(frame.subarray(6, 12)), ip: ipFrom(ip.subarray(12, 16)) },
  };
}

/** RFC 1071, over any number of bytes. */
export function onesComplement(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += bytes.readUInt8(bytes.length - 1) << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
