/** A packet socket on one link: whole frames out and in, never waiting. Touches the namespace it is opened in. */
import { ptr } from 'bun:ffi';
import { refused } from './errno';
import { closeSync } from './fs';
import { packetH as pk, socketH as so } from './headers';
import { lastErrno, libc } from './libc';

/** One instruction of the kernel's packet filter (struct sock_filter): code, jump when true, when false, operand. */
export type FilterStep = readonly [code: number, whenTrue: number, whenFalse: number, operand: number];

/** What came to a socket that never waits, since the last call, each piece cut to the buffer; at most so many. KernelRefused names the action. */
export function received(fd: number, buffer: Buffer, action: string, most: number): readonly Buffer[] {
  const pieces: Buffer[] = [];
  while (pieces.length < most) {
    const length = libc().recvfrom(fd, buffer, buffer.length, 0, null, null);
    if (length >= 0) pieces.push(Buffer.from(buffer.subarray(0, length)));
    else {
      const errno = lastErrno();
      if (errno === 'EAGAIN' || errno === 'ENETDOWN') return pieces; // a link that is down says so once
      if (errno !== 'EINTR') throw refused(action, errno);
    }
  }
  return pieces;
}

/** Frames of one link. */
export class PacketSocket {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(2048);

  /** Opens it in the namespace that the thread is in; hears frames of that Ethernet type that the filter lets through. */
  constructor(index: number, type: number, filter: readonly FilterStep[] = []) {
    this.#fd = libc().socket(so.AF_PACKET, so.SOCK_RAW | so.SOCK_CLOEXEC | so.SOCK_NONBLOCK, 0); // hears nothing yet
    if (this.#fd < 0) throw refused('open a packet socket', lastErrno());
    try {
      if (filter.length > 0) this.#attach(filter);
      const address = Buffer.alloc(20); // struct sockaddr_ll: family, protocol, ifindex, …
      address.writeUInt16LE(so.AF_PACKET, 0);
      address.writeUInt16BE(type, 2);
      address.writeInt32LE(index, 4);
      if (libc().bind(this.#fd, address, address.length) !== 0) throw refused(`listen on link ${index}`, lastErrno());
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Hears what is for all multicast groups, too. */
  joinAll(index: number): void {
    const membership = Buffer.alloc(16); // struct packet_mreq
    membership.writeInt32LE(index, 0);
    membership.writeUInt16LE(pk.PACKET_MR_ALLMULTI, 4);
    this.#set(pk.SOL_PACKET, pk.PACKET_ADD_MEMBERSHIP, membership, `listen on link ${index}`);
  }

  /** KernelRefused names the action. */
  send(frame: Buffer, action: string): void {
    if (libc().send(this.#fd, frame, frame.length, 0) < 0) throw refused(action, lastErrno());
  }

  /** Frames that came since the last call, each cut at 2048 bytes; at most so many, that no flood keeps the caller. */
  received(action: string, most = Number.POSITIVE_INFINITY): readonly Buffer[] {
    return received(this.#fd, this.#buffer, action, most);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #attach(filter: readonly FilterStep[]): void {
    const steps = Buffer.alloc(8 * filter.length);
    for (const [at, [code, whenTrue, whenFalse, operand]] of filter.entries()) {
      steps.writeUInt16LE(code, 8 * at);
      steps.writeUInt8(whenTrue, 8 * at + 2);
      steps.writeUInt8(whenFalse, 8 * at + 3);
      steps.writeUInt32LE(operand, 8 * at + 4);
    }
    const program = Buffer.alloc(16); // struct sock_fprog: length, pointer
    program.writeUInt16LE(filter.length, 0);
    program.writeBigUInt64LE(BigInt(ptr(steps)), 8);
    this.#set(so.SOL_SOCKET, so.SO_ATTACH_FILTER, program, 'filter frames');
  }

  #set(level: number, option: number, value: Buffer, action: string): void {
    if (libc().setsockopt(this.#fd, level, option, value, value.length) !== 0) throw refused(action, lastErrno());
  }
}
