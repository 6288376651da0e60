/** Netlink messages as bytes: struct nlmsghdr, a fixed part, attributes that may hold others (struct nlattr). Pure. */
import { endOfNest, type Parts, plainBytes } from './attribute-stream';
import type { Message } from './codec';
import { netlinkH as nl } from './headers';

const messageHeader = 16; // u32 length, u16 type, u16 flags, u32 sequence, u32 port
const longest = 0xffff; // bytes of an attribute

/**
 * One datagram, each message padded as the one behind it needs, under sequence numbers from `first` on; the last one has more flags.
 * The netlink package's own stream makes three pieces of each attribute. RangeError for an attribute that is too long.
 */
export function encodeMessages(messages: readonly Message[], first: number, flagsOfLast: number): Uint8Array {
  const out = new Bytes();
  for (const [at, { type, flags, parts }] of messages.entries()) {
    const start = out.align();
    const isLast = at === messages.length - 1;
    out.u32(0); // the length, when it is known
    out.u16(type);
    out.u16(flags | nl.NLM_F_REQUEST | (isLast ? flagsOfLast : 0));
    out.u32(first + at);
    out.u32(0);
    pushParts(out, parts);
    out.setU32(start, out.length - start);
  }
  out.align();
  return out.all();
}

/** The bytes of a body alone. */
export function encodeParts(parts: Parts): Uint8Array {
  const whole = Buffer.from(encodeMessages([{ type: 0, flags: 0, parts }], 0, 0));
  return whole.subarray(messageHeader, whole.readUInt32LE(0));
}

function pushParts(out: Bytes, parts: Parts): void {
  const begun: number[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const [what, value] = [parts[at] as number, parts[at + 1]];
    if (what === plainBytes) out.bytes(value as Uint8Array);
    else if (what === endOfNest) finish(out, begun.pop() as number);
    else {
      const start = out.align();
      out.u16(0);
      out.u16(what);
      if (value === undefined) begun.push(start);
      else {
        if (typeof value === 'number') out.u32(value);
        else out.bytes(typeof value === 'string' ? Buffer.from(`${value}\0`) : value);
        finish(out, start);
      }
    }
  }
}

function finish(out: Bytes, start: number): void {
  const length = out.length - start;
  if (length > longest) throw new RangeError(`Cannot send an attribute of ${length} bytes: at most ${longest}`);
  out.setU16(start, length);
}

/** Bytes in one piece, in host order: both processors are little-endian. */
class Bytes {
  #bytes = Buffer.alloc(256);
  length = 0;

  all(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** Goes on at a multiple of four, which is told. */
  align(): number {
    const start = (this.length + 3) & ~3;
    this.#reach(start);
    this.length = start;
    return start;
  }

  bytes(data: Uint8Array): void {
    const at = this.length;
    this.#reach(at + data.length);
    this.#bytes.set(data, at);
    this.length = at + data.length;
  }

  u16(value: number): void {
    this.#reach(this.length + 2);
    this.setU16(this.length, value);
    this.length += 2;
  }

  u32(value: number): void {
    this.#reach(this.length + 4);
    this.setU32(this.length, value);
    this.length += 4;
  }

  setU16(at: number, value: number): void {
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >> 8;
  }

  setU32(at: number, value: number): void {
    this.setU16(at, value);
    this.setU16(at + 2, value >> 16);
  }

  #reach(end: number): void {
    if (end > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * end);
  }
}
