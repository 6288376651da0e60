/** Asks the network who holds addresses: ARP probes (RFC 5227, 1.1) and neighbour solicitations (RFC 4862, 5.4) by a packet socket. Touches the namespace it is opened in. */

import { familyOf, type Ip, ipBytes, ipFrom } from '../net/ip';
import { type Mac, macBytes, macFrom } from '../net/mac';
import { errnoOf } from './errno';
import { ifEtherH as eth, inet6H, ndiscH as nd } from './headers';
import { PacketSocket } from './packet-socket';

const icmpv6 = inet6H.IPPROTO_ICMPV6;

/** Length of a header in bytes: destination, source, type. */
export const ethernet = 14;
export const ipv6Header = 40; // bytes

/** A question and the ears for its answers, on one link. */
export class ProbeSocket {
  readonly #socket: PacketSocket;
  readonly #own: Mac;

  /** Opens it in the namespace that the thread is in, on the link of that index and MAC. Answers to nobody's question go to all nodes. */
  constructor(index: number, own: Mac) {
    this.#own = own;
    this.#socket = new PacketSocket(index, eth.ETH_P_ALL);
    try {
      this.#socket.joinAll(index);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Asks who holds each of them, without saying who asks; with `size` each packet is filled up to that many bytes. */
  ask(addresses: readonly Ip[], size = 0): void {
    for (const address of addresses) {
      const frame = familyOf(address) === 4 ? arpProbe(address, this.#own) : neighbourProbe(address, this.#own);
      sendOrLose(this.#socket, filled(frame, size), `ask who holds ${address}`);
    }
  }

  /** Tells whose these IPv4 addresses are now. */
  tell(addresses: readonly Ip[]): void {
    for (const address of addresses) this.#socket.send(arpAnnouncement(address, this.#own), `announce ${address}`);
  }

  /** Who answered since the last call, or asked for the same address at the same moment. */
  heard(): readonly (readonly [Ip, Mac])[] {
    return this.#socket
      .received('listen for holders of addresses')
      .map(findHolder)
      .filter((one) => one !== undefined && one[1] !== this.#own) as readonly (readonly [Ip, Mac])[];
  }

  close(): void {
    this.#socket.close();
  }
}

/** What the link drops (its queue is full, or the other end of a veth pair refuses the size) is lost, as further on. */
export function sendOrLose(socket: PacketSocket, frame: Buffer, action: string): void {
  try {
    socket.send(frame, action);
  } catch (error) {
    if (errnoOf(error) !== 'ENOBUFS') throw error;
  }
}

/** The address that the frame's sender holds, or wants to hold; `undefined` when the frame says neither. */
export function findHolder(frame: Buffer): readonly [Ip, Mac] | undefined {
  if (frame.length < 42) return undefined;
  const type = frame.readUInt16BE(12);
  if (type === eth.ETH_P_ARP) {
    const sender = frame.subarray(28, 32);
    const asks = sender.every((byte) => byte === 0);
    return [ipFrom(asks ? frame.subarray(38, 42) : sender), macFrom(frame.subarray(22, 28))];
  }
  const message = ethernet + ipv6Header;
  if (type !== eth.ETH_P_IPV6 || frame.length < message + 24 || frame.readUInt8(20) !== icmpv6) return undefined;
  const kind = frame.readUInt8(message);
  const fromNobody = frame.subarray(ethernet + 8, ethernet + 24).every((byte) => byte === 0);
  if (kind !== nd.NDISC_NEIGHBOUR_ADVERTISEMENT && !(kind === nd.NDISC_NEIGHBOUR_SOLICITATION && fromNobody))
    return undefined;
  return [ipFrom(frame.subarray(message + 8, message + 24)), macFrom(frame.subarray(6, 12))];
}

/** Who has it? Sent by nobody, so that no table changes (RFC 5227, 2.1.1). */
export function arpProbe(address: Ip, own: Mac): Buffer {
  return arpRequest(Buffer.alloc(4), address, own);
}

/** The frame with zeros behind its packet, which receivers skip as they skip Ethernet's own padding; `size` is the packet's, without the header. */
export function filled(frame: Buffer, size: number): Buffer {
  return Buffer.concat([frame, Buffer.alloc(Math.max(0, ethernet + size - frame.length))]);
}

/** The same, sent by the address itself (RFC 5227, 2.3). */
export function arpAnnouncement(address: Ip, own: Mac): Buffer {
  return arpRequest(ipBytes(address), address, own);
}

function arpRequest(sender: Uint8Array, address: Ip, own: Mac): Buffer {
  const mac = macBytes(own);
  const head = Buffer.from('0001080006040001', 'hex'); // Ethernet, IPv4, lengths, request
  const broadcast = header(Buffer.alloc(6, 0xff), mac, eth.ETH_P_ARP);
  return Buffer.concat([broadcast, head, mac, sender, Buffer.alloc(6), ipBytes(address)]);
}

/** The same for IPv6, as duplicate address detection asks it. */
export function neighbourProbe(address: Ip, own: Mac): Buffer {
  const target = Buffer.from(ipBytes(address));
  const group = Buffer.concat([Buffer.from('ff0200000000000000000001ff', 'hex'), target.subarray(13)]);
  const message = Buffer.concat([Buffer.from([nd.NDISC_NEIGHBOUR_SOLICITATION, 0, 0, 0, 0, 0, 0, 0]), target]);
  const addresses = Buffer.concat([Buffer.alloc(16), group]); // from nobody
  const pseudo = Buffer.concat([addresses, Buffer.from([0, 0, 0, message.length, 0, 0, 0, icmpv6])]);
  message.writeUInt16BE(checksum(Buffer.concat([pseudo, message])), 2);
  const head = Buffer.from([0x60, 0, 0, 0, 0, message.length, icmpv6, 255]);
  const destination = Buffer.concat([Buffer.from([0x33, 0x33]), group.subarray(12)]);
  return Buffer.concat([header(destination, macBytes(own), eth.ETH_P_IPV6), head, addresses, message]);
}

/** The Ethernet header. */
export function header(destination: Buffer, source: Buffer, type: number): Buffer {
  return Buffer.concat([destination, source, Buffer.from([type >> 8, type & 0xff])]);
}

/** RFC 1071, over an even number of bytes. */
export function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
