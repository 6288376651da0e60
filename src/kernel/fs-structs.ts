/** What the kernel tells of files, as bytes: struct statx (linux/stat.h) and struct linux_dirent64 (linux/dirent.h). Pure. */

/** What is known of a file. */
export interface Stats {
  readonly dev: number; // makedev(3)
  readonly ino: number;
  readonly size: number; // bytes
  readonly mtimeMs: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

/** Bytes of struct statx. */
export const statsLength = 256;

const typeMask = 0o170000; // S_IFMT
const directoryType = 0o040000;
const fileType = 0o100000;

/** struct statx, in host order: both processors are little-endian. */
export function decodeStats(data: Buffer): Stats {
  return new StatxStats(data);
}

/** Reads what is asked for: most calls ask for one thing. */
class StatxStats implements Stats {
  constructor(readonly data: Buffer) {}

  get dev(): number {
    const [major, minor] = [this.data.readUInt32LE(136), this.data.readUInt32LE(140)];
    return (minor & 0xff) + (major & 0xfff) * 2 ** 8 + (minor >>> 8) * 2 ** 20 + (major >>> 12) * 2 ** 44;
  }

  get ino(): number {
    return Number(this.data.readBigUInt64LE(32));
  }

  get size(): number {
    return Number(this.data.readBigUInt64LE(40));
  }

  get mtimeMs(): number {
    return Number(this.data.readBigInt64LE(112)) * 1000 + this.data.readUInt32LE(120) / 1e6;
  }

  isFile(): boolean {
    return this.#type() === fileType;
  }

  isDirectory(): boolean {
    return this.#type() === directoryType;
  }

  #type(): number {
    return this.data.readUInt16LE(28) & typeMask;
  }
}

/** Names of directory entries, without `.` and `..`. */
export function decodeNames(data: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < data.length; ) {
    const length = data.readUInt16LE(at + 16);
    const start = at + 19; // inode, offset, length, type
    const name = data.toString('utf8', start, data.indexOf(0, start));
    if (name !== '.' && name !== '..') names.push(name);
    at += length;
  }
  return names;
}
