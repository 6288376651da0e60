/** Reads a stream of Go's gob encoding from bytes as they come; the sender may be hostile. Pure. */
import { bool, bytes, type GobType, type GobValue, int, text, uint, wireType } from './gob';

/** Why bytes are no gob stream that is understood here. */
export class GobError extends Error {
  override readonly name = 'GobError';
}

const longest = 1024 * 1024; // bytes of a message
const deepest = 20; // levels of values
const mostTypes = 200;

type Read =
  | GobType
  | { readonly kind: 'struct-of'; readonly fields: readonly (readonly [string, number])[] }
  | { readonly kind: 'list-of'; readonly id: number };

/** A stream's values in their order. */
export class GobReader {
  #bytes = Buffer.alloc(0);
  readonly #types = new Map<number, Read>([
    [1, bool],
    [2, int],
    [3, uint],
    [5, bytes],
    [6, text],
  ]);

  push(more: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, more]);
  }

  /** The next value; `undefined` when not all of its bytes are there. GobError when they make none. */
  next(): GobValue | undefined {
    for (;;) {
      const body = this.#message();
      if (body === undefined) return undefined;
      const cursor = new Cursor(body);
      const id = cursor.int();
      if (id < 0n) this.#learn(Number(-id), cursor);
      else return this.#read(this.#typeOf(Number(id)), cursor, 0);
    }
  }

  #message(): Buffer | undefined {
    const cursor = new Cursor(this.#bytes);
    const length = cursor.whole(() => cursor.uint());
    if (length === undefined) return undefined;
    if (length > BigInt(longest)) throw new GobError(`a message of ${length} bytes, at most ${longest} are read`);
    const body = cursor.whole(() => cursor.take(Number(length)));
    if (body !== undefined) this.#bytes = this.#bytes.subarray(cursor.at);
    return body;
  }

  #typeOf(id: number): Read {
    return this.#types.get(id) ?? refuse(`type ${id} was never described`);
  }

  #learn(id: number, cursor: Cursor): void {
    if (this.#types.size > mostTypes || this.#types.has(id)) refuse('too many types');
    const described = this.#read(wireType, cursor, 0) as Described;
    const { StructT, SliceT } = described;
    if (StructT !== undefined)
      this.#types.set(id, {
        kind: 'struct-of',
        fields: (StructT.Field ?? []).map((f) => [f.Name ?? '', Number(f.Id ?? 0)]),
      });
    else if (SliceT !== undefined) this.#types.set(id, { kind: 'list-of', id: Number(SliceT.Elem ?? 0) });
    else refuse(`type ${id} is of a kind that is not known here`);
  }

  #read(type: Read, cursor: Cursor, depth: number): GobValue {
    if (depth > deepest) refuse('values in values in values');
    switch (type.kind) {
      case 'bool':
        return cursor.uint() !== 0n;
      case 'int':
        return Number(cursor.int());
      case 'uint':
        return Number(cursor.uint());
      case 'bytes':
        return Buffer.from(cursor.counted());
      case 'string':
        return cursor.counted().toString('utf8');
      case 'list':
        return this.#list(type.of, cursor, depth);
      case 'list-of':
        return this.#list(this.#typeOf(type.id), cursor, depth);
      case 'struct':
        return this.#struct(type.fields, cursor, depth);
      case 'struct-of':
        return this.#struct(
          type.fields.map(([name, id]) => [name, () => this.#typeOf(id)]),
          cursor,
          depth,
        );
    }
  }

  #list(of: Read, cursor: Cursor, depth: number): readonly GobValue[] {
    const count = cursor.uint();
    if (count > BigInt(cursor.left)) refuse(`a list of ${count}`); // each item has a byte at least
    return Array.from({ length: Number(count) }, () => this.#read(of, cursor, depth + 1));
  }

  #struct(fields: readonly (readonly [string, Read | (() => Read)])[], cursor: Cursor, depth: number): GobValue {
    const value: Record<string, GobValue> = Object.create(null);
    for (let at = -1; ; ) {
      const step = cursor.uint();
      if (step === 0n) return value;
      at += Number(step);
      const field = fields[at] ?? refuse('a field that was not described');
      const [name, of] = field;
      value[name] = this.#read(typeof of === 'function' ? of() : of, cursor, depth + 1);
    }
  }
}

/** A type's description as it is read; every field may be absent. */
interface Described {
  readonly StructT?: { readonly Field?: readonly { readonly Name?: string; readonly Id?: number }[] };
  readonly SliceT?: { readonly Elem?: number };
}

function refuse(why: string): never {
  throw new GobError(why);
}

/** A place in bytes; running over their end is an error, unless `whole` asks whether all of it is there. */
class Cursor {
  at = 0;
  #waits = false;

  constructor(readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** What `read` gives; `undefined` when bytes are missing. */
  whole<T>(read: () => T): T | undefined {
    this.#waits = true;
    try {
      return read();
    } catch (error) {
      if (error instanceof Missing) return undefined;
      throw error;
    } finally {
      this.#waits = false;
    }
  }

  take(count: number): Buffer {
    if (count > this.left) throw this.#waits ? new Missing() : new GobError('a value runs over the end of its message');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  uint(): bigint {
    const [first = 0] = this.take(1);
    if (first < 128) return BigInt(first);
    const count = 256 - first;
    if (count > 8) refuse('a number of more than 8 bytes');
    return BigInt(`0x${this.take(count).toString('hex')}`);
  }

  int(): bigint {
    const value = this.uint();
    return (value & 1n) === 1n ? ~(value >> 1n) : value >> 1n;
  }

  counted(): Buffer {
    const count = this.uint();
    if (count > BigInt(this.left)) refuse('a value runs over the end of its message');
    return this.take(Number(count));
  }
}

class Missing extends Error {}
