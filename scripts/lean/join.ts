/**
 * Joins two executables in one file, which begins as the second (src/lean/entry.c) and can go on as the first. Pure; elf(5), 64 bits,
 * little-endian.
 */

/** A program header. */
interface Part {
  readonly type: number;
  readonly bytes: Buffer;
  readonly offset: number;
  readonly address: number;
}

const loadable = 1; // PT_LOAD
const stack = 0x6474e551; // PT_GNU_STACK
const partSize = 56;
const page = 64 * 1024; // the largest that arm64 has
/** What src/lean/entry.c begins its place with. */
const mark = Buffer.from('goofdull', 'latin1');

/** Both must have fixed addresses that do not meet. */
export function joinExecutables(full: Buffer, lean: Buffer): Buffer {
  const [fullParts, leanParts] = [partsOf(full), partsOf(lean)];
  const start = upTo(page, full.length);
  const first = fullParts.find(({ type, offset }) => type === loadable && offset === 0);
  const place = lean.indexOf(mark);
  if (first === undefined || place < 0 || lean.indexOf(mark, place + 1) >= 0)
    throw new Error('The executables are not of the kind that can be joined');
  const told = Buffer.from(lean);
  told.writeBigUInt64LE(BigInt(first.address) + full.readBigUInt64LE(32), place + 8); // where its headers are in memory
  told.writeBigUInt64LE(BigInt(fullParts.length), place + 16);
  told.writeBigUInt64LE(full.readBigUInt64LE(24), place + 24); // its entry
  const moved = leanParts.map((part): Part => {
    const bytes = Buffer.from(part.bytes);
    bytes.writeBigUInt64LE(BigInt(start + part.offset), 8);
    return { ...part, bytes };
  });
  const loaded = [...fullParts, ...moved].filter(({ type }) => type === loadable);
  const table = [
    ...loaded.sort((one, other) => one.address - other.address),
    ...fullParts.filter(({ type }) => type === stack),
  ];
  const tableAt = upTo(8, start + told.length);
  const joined = Buffer.alloc(tableAt + table.length * partSize);
  full.copy(joined);
  told.copy(joined, start);
  for (const [index, { bytes }] of table.entries()) bytes.copy(joined, tableAt + index * partSize);
  joined.writeBigUInt64LE(lean.readBigUInt64LE(24), 24);
  joined.writeBigUInt64LE(BigInt(tableAt), 32);
  joined.writeUInt16LE(table.length, 56);
  return joined;
}

function partsOf(bytes: Buffer): readonly Part[] {
  const start = Number(bytes.readBigUInt64LE(32));
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, index) => {
    const part = bytes.subarray(start + index * partSize, start + (index + 1) * partSize);
    return {
      type: part.readUInt32LE(0),
      bytes: part,
      offset: Number(part.readBigUInt64LE(8)),
      address: Number(part.readBigUInt64LE(16)),
    };
  });
}

const upTo = (unit: number, length: number): number => Math.ceil(length / unit) * unit;
