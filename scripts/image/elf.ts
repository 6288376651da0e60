/** What a program or a library asks the loader for, as it says itself (elf(5)). Pure; 64 bits, little-endian. */

/** Names that are to be there when it is started. */
export interface Asked {
  /** Path of the loader; a library has none. */
  readonly loader: string | undefined;
  readonly libraries: readonly string[];
}

/** A part of the file, and where it lies in memory. */
interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

const loadable = 1;
const dynamic = 2;
const interpreter = 3;
const needed = 1n; // tags of the dynamic part
const strings = 5n;

/** `undefined`: the file is something else. */
export function parseElf(bytes: Buffer): Asked | undefined {
  if (bytes.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') return undefined;
  const segments = segmentsOf(bytes);
  const text = (at: number): string => bytes.toString('latin1', at, bytes.indexOf(0, at));
  const of = (type: number): Segment | undefined => segments.find((each) => each.type === type);
  const tags = tagsOf(bytes, of(dynamic));
  const table = tags.find(({ tag }) => tag === strings)?.value ?? 0;
  const home = segments.find(
    ({ type, address, size }) => type === loadable && table >= address && table < address + size,
  );
  const inFile = table - (home?.address ?? 0) + (home?.offset ?? 0);
  const loader = of(interpreter);
  return {
    loader: loader === undefined ? undefined : text(loader.offset),
    libraries: tags.filter(({ tag }) => tag === needed).map(({ value }) => text(inFile + value)),
  };
}

function segmentsOf(bytes: Buffer): readonly Segment[] {
  const start = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const at = start + index * size;
    const word = (offset: number): number => Number(bytes.readBigUInt64LE(at + offset));
    return { type: bytes.readUInt32LE(at), offset: word(8), address: word(16), size: word(32) };
  });
}

function tagsOf(bytes: Buffer, part: Segment | undefined): readonly { readonly tag: bigint; readonly value: number }[] {
  const { offset, size } = part ?? { offset: 0, size: 0 };
  return Array.from({ length: size / 16 }, (_, index) => ({
    tag: bytes.readBigInt64LE(offset + index * 16),
    value: Number(bytes.readBigUInt64LE(offset + index * 16 + 8)),
  }));
}
