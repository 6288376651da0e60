/** Looks at files, directories and their disk as a check of the node does: owners, modes, times, space. Reads; what it writes has no name and goes when it is closed. */
import {
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  type Stats,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ioFailed, ioUnlessMissing } from './io';

/** A file or directory as `stat` tells of it; a symbolic link as what it leads to. */
export interface FileLook {
  readonly name: string;
  readonly uid: number;
  readonly mode: number; // permission bits
  readonly changed: number; // of its content, milliseconds since 1970
  readonly isDirectory: boolean;
}

/** A directory and what is in it, by name. */
export interface DirectoryLook extends FileLook {
  readonly entries: readonly FileLook[];
}

/** The disk of a directory. */
export interface DiskLook {
  /** The directory, or the nearest one above that is there. */
  readonly path: string;
  readonly free: number; // bytes that root may use
  readonly freePart: number; // 0 to 1
  readonly freeInodes: number | undefined; // 0 to 1; undefined: this file system has no limit
  readonly isNetwork: boolean; // NFS, CIFS and their like
  /** Why a file could not be written and brought to the disk; undefined: it could. */
  readonly problem: string | undefined;
}

/** `undefined` when there is none. IoFailed. */
export function lookAtFile(path: string): FileLook | undefined {
  return ioUnlessMissing('look at', path, () => toLook(path, statSync(path)));
}

/** `undefined` when there is no such directory. IoFailed. */
export function lookAtDirectory(path: string): DirectoryLook | undefined {
  return ioUnlessMissing('look at', path, () => {
    const entries = readdirSync(path).sort();
    return { ...toLook(path, statSync(path)), entries: entries.flatMap((name) => lookInside(path, name)) };
  });
}

/** A link that leads nowhere is looked at itself. */
function lookInside(directory: string, name: string): readonly FileLook[] {
  const path = join(directory, name);
  const found = lookAtFile(path) ?? ioUnlessMissing('look at', path, () => toLook(path, lstatSync(path)));
  return found === undefined ? [] : [{ ...found, name }];
}

function toLook(path: string, stat: Stats): FileLook {
  return {
    name: path,
    uid: stat.uid,
    mode: stat.mode & 0o7777,
    changed: stat.mtimeMs,
    isDirectory: stat.isDirectory(),
  };
}

/** statfs(2), f_type: linux/magic.h and the kernel's file systems. */
const networkTypes: readonly number[] = [0x6969, 0xff534d42, 0xfe534d42, 0x517b, 0x00c36400, 0x01021997];

/** IoFailed when not even a directory above can be looked at. */
export function lookAtDisk(wanted: string): DiskLook {
  let path = wanted;
  while (path !== '/' && ioUnlessMissing('look at', path, () => statSync(path)) === undefined) path = dirname(path);
  const { bavail, bfree, bsize, blocks, files, ffree, type } = statfsSync(path);
  const free = process.getuid?.() === 0 ? bfree : bavail;
  return {
    path,
    free: free * bsize,
    freePart: blocks === 0 ? 1 : free / blocks,
    freeInodes: files === 0 ? undefined : ffree / files,
    isNetwork: networkTypes.includes(type >>> 0),
    problem: writeProblem(path),
  };
}

const temporaryFile = 0o20000000; // __O_TMPFILE of asm-generic/fcntl.h: a file without a name, which no kill leaves behind

function writeProblem(directory: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(directory, temporaryFile | constants.O_DIRECTORY | constants.O_RDWR, 0o600);
    writeSync(fd, 'braid doctor');
    fsyncSync(fd);
    return undefined;
  } catch (error) {
    const failed = ioFailed('write in', directory, error);
    if (failed.errno === 'EOPNOTSUPP' || failed.errno === 'EISDIR') return undefined; // no such files here: nothing can be tried
    return failed.problem;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
