/** The body of a netlink message as it grows: a fixed part, then attributes, which may hold others (struct nlattr). Pure. */
import { netlinkH } from './headers';

/**
 * What a body is made of, in order, two entries for each: what it is, and its value. An attribute's type comes with its value: bytes,
 * a number of 32 bits in host order, text, which gets a NUL at its end, or `undefined` where attributes follow that it holds, up to `endOfNest`.
 */
export type Parts = readonly Part[];
type Part = number | string | Uint8Array | undefined;

/** Instead of a type: bytes as they are. */
export const plainBytes = -1;
/** Instead of a type: the attribute that was begun last has all that it holds. */
export const endOfNest = -2;

/** Parts of a body, in order. */
export class AttributeStream {
  readonly #parts: Part[] = [];

  get parts(): Parts {
    return this.#parts;
  }

  /** Adds bytes as they are: the fixed part of a message, or of an attribute's value. */
  emit(data: Uint8Array): void {
    this.#parts.push(plainBytes, data);
  }

  /** Adds an attribute with that value. */
  push(type: number, value: Uint8Array): void {
    this.#parts.push(type, value);
  }

  /** Adds an attribute with that 32-bit number, in host order: most values are one. */
  u32(type: number, value: number): void {
    this.#parts.push(type, value);
  }

  /** Adds an attribute with that text, and a NUL at its end. */
  text(type: number, value: string): void {
    this.#parts.push(type, value);
  }

  /** Adds an attribute that holds attributes, with NLA_F_NESTED: bridge ports and strict checks want it, nobody minds it. */
  nest(type: number, fill: (inner: AttributeStream) => void): void {
    this.#parts.push(type | netlinkH.NLA_F_NESTED, undefined);
    fill(this);
    this.#parts.push(endOfNest, undefined);
  }
}
