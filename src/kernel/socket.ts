/** One rtnetlink socket: a request out, its answers in, synchronously. Touches the namespace in which it was opened. */

import type { CniError } from '../error';
import { extendedAck, type Message } from './codec';
import { encodeMessages } from './encode';
import { errnoName, refused } from './errno';
import { closeSync } from './fs';
import { netlinkH as nl, socketH as so } from './headers';
import { lastErrno, libc } from './libc';
import { sendBeside } from './sender';

const headerLength = 16; // struct nlmsghdr
const patience = 60; // seconds
const attempts = 5; // of a dump that changes while it is read

/** Largest datagram: the kernel sends dumps in parts of at most 32 KiB, and one link with many virtual functions in one larger part. */
const received = Buffer.allocUnsafeSlow(256 * 1024);
const sender = Buffer.alloc(12); // struct sockaddr_nl: family, pad, pid, groups
const senderLength = Buffer.alloc(4);

/** What a message of an answer becomes; `undefined` leaves it out. `data` is valid during the call only. */
export type Decode<T> = (data: Buffer, type: number) => T | undefined;

/** A request that changes something, and the words for it. */
export interface Change {
  readonly message: Message;
  readonly action: string;
}

/** A NETLINK_ROUTE socket. Messages that are refused throw KernelRefused, `action` naming what was tried. */
export class RouteSocket {
  readonly #fd: number;
  #sequence = 0;

  /** Opens it in the namespace that the thread is in. */
  constructor() {
    this.#fd = libc().socket(so.AF_NETLINK, so.SOCK_RAW | so.SOCK_CLOEXEC, nl.NETLINK_ROUTE);
    if (this.#fd < 0) throw refused('open a netlink socket', lastErrno());
    const one = Buffer.from(new Int32Array([1]).buffer);
    const timeout = Buffer.from(new Int32Array([patience, 0, 0, 0]).buffer); // struct timeval of 64 bits, little-endian
    libc().setsockopt(this.#fd, so.SOL_SOCKET, so.SO_RCVTIMEO, timeout, timeout.length);
    // Each of these may be missing in an old kernel: less text in errors, more to filter here.
    for (const option of [nl.NETLINK_EXT_ACK, nl.NETLINK_CAP_ACK, nl.NETLINK_GET_STRICT_CHK])
      libc().setsockopt(this.#fd, nl.SOL_NETLINK, option, one, one.length);
  }

  /** The number of the namespace that the socket is in, which no other ever gets in this boot; `undefined` before Linux 5.14. */
  cookie(): bigint | undefined {
    const value = Buffer.alloc(8);
    const length = Buffer.from(new Uint32Array([value.length]).buffer);
    const done = libc().getsockopt(this.#fd, so.SOL_SOCKET, so.SO_NETNS_COOKIE, value, length);
    return done === 0 ? value.readBigUInt64LE() : undefined;
  }

  /** Changes something: sends, and waits for the acknowledgement. */
  change(message: Message, action: string): void {
    const [problem] = this.changeAll([{ message, action }]);
    if (problem !== undefined) throw problem;
  }

  /**
   * Changes several things by one datagram; what became of each, `undefined` where it was done. The kernel works them off in
   * order and goes on after one that it refuses. Only the last is acknowledged when it is done; the others tell when not.
   */
  changeAll(changes: readonly Change[]): readonly (CniError | undefined)[] {
    return this.#outcomes(changes, this.#send(messagesOf(changes), nl.NLM_F_ACK, actionOf(changes)));
  }

  /** As changeAll, but by the thread that sends, where there is one. */
  async changeAllBeside(changes: readonly Change[]): Promise<readonly (CniError | undefined)[]> {
    return this.#outcomes(changes, await this.#sendBeside(messagesOf(changes), nl.NLM_F_ACK, actionOf(changes)));
  }

  /** Asks for one thing. */
  get<T>(message: Message, decode: Decode<T>, action: string): T | undefined {
    return this.#receive(this.#send([message], 0, action), action, decode, false).found[0];
  }

  /** As get, but by the thread that sends, where there is one. */
  async getBeside<T>(message: Message, decode: Decode<T>, action: string): Promise<T | undefined> {
    return this.#receive(await this.#sendBeside([message], 0, action), action, decode, false).found[0];
  }

  /**
   * Asks for all things of a kind. A table that changes meanwhile is read again, up to five times; then the last answer
   * counts, as in the reference implementation: on a busy router no dump ever ends undisturbed.
   */
  dump<T>(message: Message, decode: Decode<T>, action: string): readonly T[] {
    for (let attempt = 1; ; attempt++) {
      const sequence = this.#send([message], nl.NLM_F_DUMP, action);
      const { found, disturbed } = this.#receive(sequence, action, decode, true);
      if (!disturbed || attempt === attempts) return found;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** What became of each change, whose last had that sequence number. */
  #outcomes(changes: readonly Change[], last: number): readonly (CniError | undefined)[] {
    const first = last - (changes.length - 1);
    const problems: (CniError | undefined)[] = changes.map(() => undefined);
    const refuse = (sequence: number, errno: string, words: string | undefined): void => {
      const at = (sequence - first) >>> 0;
      const refusedOne = changes[at]; // none: the rest of an answer that was given up
      if (refusedOne !== undefined) problems[at] = refused(refusedOne.action, errno, words);
    };
    this.#receive(last, actionOf(changes), () => undefined, true, refuse);
    return problems;
  }

  /** Sends them in one datagram, under the next sequence numbers; the last with more flags. The last sequence number. */
  #send(messages: readonly Message[], flagsOfLast: number, action: string): number {
    this.#sendBytes(this.#encode(messages, flagsOfLast), action);
    return this.#sequence;
  }

  /** The same by the thread that sends. Answers come in the order of requests, and so must they be received. */
  async #sendBeside(messages: readonly Message[], flagsOfLast: number, action: string): Promise<number> {
    const whole = this.#encode(messages, flagsOfLast);
    const last = this.#sequence;
    const sent = sendBeside(this.#fd, whole);
    if (sent === undefined) this.#sendBytes(whole, action);
    const errno = await sent;
    if (errno) throw refused(action, errnoName(errno));
    return last;
  }

  #encode(messages: readonly Message[], flagsOfLast: number): Uint8Array {
    const whole = encodeMessages(messages, this.#sequence + 1, flagsOfLast);
    this.#sequence = (this.#sequence + messages.length) >>> 0;
    return whole;
  }

  #sendBytes(whole: Uint8Array, action: string): void {
    for (;;) {
      if (libc().send(this.#fd, whole, whole.length, 0) >= 0) return;
      const errno = lastErrno();
      if (errno !== 'EINTR') throw refused(action, errno);
    }
  }

  /** Reads until the answer to that sequence number ends: at the acknowledgement or DONE, or at the first message when nothing else follows. */
  #receive<T>(
    until: number,
    action: string,
    decode: Decode<T>,
    toTheEnd: boolean,
    onRefusal?: (sequence: number, errno: string, words: string | undefined) => void,
  ): { found: T[]; disturbed: boolean } {
    const found: T[] = [];
    let disturbed = false;
    for (;;) {
      const length = this.#datagram(action);
      for (let at = 0; at + headerLength <= length; ) {
        const size = received.readUInt32LE(at);
        if (size < headerLength || at + size > length) throw refused(action, 'EPROTO', 'the answer is cut off');
        const type = received.readUInt16LE(at + 4);
        const flags = received.readUInt16LE(at + 6);
        const sequence = received.readUInt32LE(at + 8);
        const data = received.subarray(at + headerLength, at + size);
        at += (size + 3) & ~3;
        const last = sequence === until;
        if (!last && onRefusal === undefined) continue; // the rest of an answer that was given up
        if ((flags & nl.NLM_F_DUMP_INTR) !== 0) disturbed = true;
        if (type === nl.NLMSG_ERROR || type === nl.NLMSG_DONE) {
          const number = data.length >= 4 ? -data.readInt32LE(0) : 0;
          if (number > 0) {
            const words = extendedAck(flags, data, wordsAt(type, flags, data));
            if (onRefusal === undefined) throw refused(action, errnoName(number), words);
            onRefusal(sequence, errnoName(number), words);
          }
          if (last) return { found, disturbed };
          continue;
        }
        if (type === nl.NLMSG_NOOP) continue;
        const one = decode(data, type);
        if (one !== undefined) found.push(one);
        if (!toTheEnd) return { found, disturbed };
      }
    }
  }

  /** Bytes of the next datagram from the kernel. ENOBUFS, an answer that the kernel had to drop, is a failure like any other. */
  #datagram(action: string): number {
    for (;;) {
      senderLength.writeUInt32LE(sender.length, 0);
      const length = libc().recvfrom(this.#fd, received, received.length, so.MSG_TRUNC, sender, senderLength);
      if (length < 0) {
        const errno = lastErrno();
        if (errno === 'EINTR') continue;
        throw errno === 'EAGAIN'
          ? refused(action, 'ETIMEDOUT', `no answer within ${patience} s`)
          : refused(action, errno);
      }
      if (length > received.length) throw refused(action, 'EMSGSIZE', `an answer of ${length} bytes`);
      if (sender.readUInt32LE(4) === 0) return length; // others are not the kernel
    }
  }
}

/** Where the extended acknowledgement starts: after the error number, and after the request when it is sent back. */
function wordsAt(type: number, flags: number, data: Buffer): number {
  if (type === nl.NLMSG_DONE) return 4;
  return (flags & nl.NLM_F_CAPPED) !== 0 || data.length < 8 ? 20 : 4 + ((data.readUInt32LE(4) + 3) & ~3);
}

const messagesOf = (changes: readonly Change[]): readonly Message[] => changes.map(({ message }) => message);

/** The words for what is acknowledged. */
const actionOf = (changes: readonly Change[]): string => changes[changes.length - 1]?.action ?? '';
