/** The body of a netlink message as it grows: a fixed part, then attributes, which may hold others (struct nlattr). Pure. */
import { netlinkH } from './headers';

const headerLength = 4; // u16 length with these, u16 type
const longest = 0xffff; // bytes of an attribute

/** Bytes in one piece. The netlink package's own stream makes three pieces of each attribute: a tenth of a call's time. */
export class AttributeStream {
  #bytes = Buffer.alloc(256);
  #end = 0;

  /** As the socket takes it. */
  get body(): readonly Uint8Array[] {
    return [this.#bytes.subarray(0, this.#end)];
  }

  /** Adds bytes as they are: the fixed part of a message, or of an attribute's value. */
  emit(data: Uint8Array): void {
    const end = this.#end + data.length;
    this.#reach(end);
    this.#bytes.set(data, this.#end);
    this.#end = end;
  }

  /** Adds an attribute with that value. */
  push(type: number, value: Uint8Array): void {
    const start = this.#begin(type);
    this.emit(value);
    this.#finish(start);
  }

  /** Adds an attribute with that 32-bit number, in host order: most values are one. */
  u32(type: number, value: number): void {
    const start = this.#begin(type);
    const at = this.#end;
    this.#reach(at + 4);
    this.#bytes[at] = value;
    this.#bytes[at + 1] = value >> 8;
    this.#bytes[at + 2] = value >> 16;
    this.#bytes[at + 3] = value >> 24;
    this.#end = at + 4;
    this.#finish(start);
  }

  /** Adds an attribute that holds attributes, with NLA_F_NESTED: bridge ports and strict checks want it, nobody minds it. */
  nest(type: number, fill: (inner: AttributeStream) => void): void {
    const start = this.#begin(type | netlinkH.NLA_F_NESTED);
    fill(this);
    this.#finish(start);
  }

  /** Starts an attribute on an aligned place, its length to be written. */
  #begin(type: number): number {
    const start = (this.#end + 3) & ~3;
    this.#reach(start + headerLength);
    this.#bytes[start + 2] = type; // u16 spelled out
    this.#bytes[start + 3] = type >> 8;
    this.#end = start + headerLength;
    return start;
  }

  #finish(start: number): void {
    const length = this.#end - start;
    if (length > longest) throw new RangeError(`Cannot send an attribute of ${length} bytes: at most ${longest}`);
    this.#bytes[start] = length;
    this.#bytes[start + 1] = length >> 8;
  }

  #reach(end: number): void {
    if (end > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * end);
  }
}
