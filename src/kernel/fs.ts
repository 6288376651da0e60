/** Files by the C library, all that the lean engine has of node:fs: the calls that a runtime's call makes, under their names there. Touches the files named. */
import { dirname } from '../path';
import { errnoName, errnoText, isAbsence, isInterrupt } from './errno';
import { decodeNames, decodeStats, type Stats, statsLength } from './fs-structs';
import { lastErrnoNumber, libc } from './libc';
import { isArm } from './processor';

/** Flags of open(2): asm-generic/fcntl.h; asm/fcntl.h of arm64 has another O_DIRECTORY. */
export const constants = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOCTTY: 0o400,
  O_TRUNC: 0o1000,
  O_NONBLOCK: 0o4000,
  O_DIRECTORY: isArm ? 0o40000 : 0o200000,
  O_CLOEXEC: 0o2000000,
} as const;

const named = { r: constants.O_RDONLY, 'r+': constants.O_RDWR } as const;

const here = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const emptyPath = 0x1000; // AT_EMPTY_PATH
const basic = 0x7ff; // STATX_BASIC_STATS
const longestPath = 4096; // PATH_MAX
const callStatx = isArm ? 291 : 332; // asm/unistd.h
const callGetdents = isArm ? 61 : 217;

const block = Buffer.allocUnsafeSlow(64 * 1024);

/** What the kernel refused, as node:fs throws it: `code`, `syscall` and `path`. */
class FileError extends Error {
  constructor(
    readonly code: string,
    readonly syscall: string,
    readonly path: string | undefined,
  ) {
    super(`${code}: ${errnoText(code)}, ${syscall}${path === undefined ? '' : ` '${path}'`}`);
  }
}

/** Opens; the file does not outlive an exec. */
export function openSync(path: string, flags: number | keyof typeof named, mode = 0o666): number {
  const bits = (typeof flags === 'number' ? flags : named[flags]) | constants.O_CLOEXEC;
  const name = bytes(path);
  for (;;) {
    const fd = libc().open(name, bits, mode);
    if (fd >= 0) return fd;
    retryOrThrow('open', path);
  }
}

/** Opens what is there; `undefined` where nothing has that path, which throws and catches nothing: calls look for much that is not there. */
export function openIfThere(path: string, flags: number): number | undefined {
  const name = bytes(path);
  for (;;) {
    const fd = libc().open(name, flags | constants.O_CLOEXEC, 0);
    if (fd >= 0) return fd;
    if (isAbsence(lastErrnoNumber())) return undefined;
    retryOrThrow('open', path);
  }
}

/** The descriptor is free afterwards, whatever the kernel says. */
export function closeSync(fd: number): void {
  libc().close(fd);
}

/** Bytes read into the buffer from `offset` on; `position` null: where the last read ended. */
export function readSync(fd: number, into: Buffer, offset: number, length: number, position: number | null): number {
  const to = into.subarray(offset, offset + length);
  for (;;) {
    const read = position === null ? libc().read(fd, to, length) : libc().pread(fd, to, length, position);
    if (read >= 0) return read;
    retryOrThrow('read', undefined);
  }
}

/** Bytes written; `position` undefined: where the last write ended. */
export function writeSync(fd: number, data: string | Buffer, position?: number): number {
  const from = typeof data === 'string' ? Buffer.from(data) : data;
  if (from.length === 0) return 0;
  const { length } = from;
  for (;;) {
    const written = position === undefined ? libc().write(fd, from, length) : libc().pwrite(fd, from, length, position);
    if (written >= 0) return written;
    retryOrThrow('write', undefined);
  }
}

/** Cuts an open file off at that length. */
export function ftruncateSync(fd: number, length: number): void {
  done('ftruncate', undefined, () => libc().ftruncate(fd, length));
}

/** All of a file, or of an open one from where it stands, as UTF-8. */
export function readFileSync(from: string | number): string {
  const fd = typeof from === 'number' ? from : openSync(from, constants.O_RDONLY | constants.O_NOCTTY);
  try {
    let into = block;
    for (let length = 0; ; ) {
      const read = readSync(fd, into, length, into.length - length, null);
      if (read === 0) return into.toString('utf8', 0, length);
      length += read;
      if (length === into.length) into = Buffer.concat([into], 4 * length);
    }
  } finally {
    if (typeof from === 'string') closeSync(fd);
  }
}

/** Writes a file from its start and cuts it there; made with `mode` when missing, unless `flag` is `r+`. */
export function writeFileSync(
  path: string,
  data: string,
  options: { readonly mode?: number; readonly flag?: 'r+' } = {},
): void {
  const fd = openSync(path, options.flag ?? constants.O_WRONLY | constants.O_CREAT, options.mode);
  try {
    const whole = Buffer.from(data);
    for (let at = 0; at < whole.length; ) at += writeSync(fd, whole.subarray(at));
    if (options.flag === undefined) ftruncateSync(fd, whole.length);
  } finally {
    closeSync(fd);
  }
}

/** Whether there is something at that path, symbolic links followed. */
export function existsSync(path: string): boolean {
  return !path.includes('\0') && libc().access(bytes(path), 0) === 0;
}

/** Whether there is a regular file at that path, and within reach. */
export function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export function statSync(path: string): Stats {
  return statx(path, here, 0);
}

/** Of a symbolic link itself. */
export function lstatSync(path: string): Stats {
  return statx(path, here, noFollow);
}

export function fstatSync(fd: number): Stats {
  return statx('', fd, emptyPath);
}

/** The kind of file system that holds the path: its magic number (linux/magic.h). */
export function statfsSync(path: string): { readonly type: number } {
  const into = Buffer.alloc(128); // struct statfs has 120 bytes
  done('statfs', path, () => libc().statfs(bytes(path), into));
  return { type: Number(into.readBigInt64LE(0)) };
}

/** Names of what is in a directory, in no order. */
export function readdirSync(path: string): string[] {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    const names: string[] = [];
    for (;;) {
      const read = done('scandir', path, () => Number(libc().syscall(callGetdents, fd, block, block.length, 0, null)));
      if (read === 0) return names;
      names.push(...decodeNames(block.subarray(0, read)));
    }
  } finally {
    closeSync(fd);
  }
}

/** With `recursive` those above it, too, and one that is there is success. */
export function mkdirSync(path: string, { recursive = false, mode = 0o777 } = {}): void {
  try {
    done('mkdir', path, () => libc().mkdir(bytes(path), mode));
  } catch (error) {
    const code = recursive && error instanceof FileError ? error.code : '';
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    mkdirSync(dirname(path), { recursive, mode });
    mkdirSync(path, { recursive, mode });
  }
}

export function renameSync(from: string, to: string): void {
  done('rename', from, () => libc().rename(bytes(from), bytes(to)));
}

export function unlinkSync(path: string): void {
  done('unlink', path, () => libc().unlink(bytes(path)));
}

/** Deletes what is there. Whether it was. */
export function unlinkIfThere(path: string): boolean {
  const name = bytes(path);
  for (;;) {
    if (libc().unlink(name) >= 0) return true;
    if (isAbsence(lastErrnoNumber())) return false;
    retryOrThrow('unlink', path);
  }
}

export function rmdirSync(path: string): void {
  done('rmdir', path, () => libc().rmdir(bytes(path)));
}

/** The path without symbolic links, `.` and `..`. */
export function realpathSync(path: string): string {
  const into = Buffer.alloc(longestPath);
  done('realpath', path, () => (libc().realpath(bytes(path), into) === null ? -1 : 0));
  return into.toString('utf8', 0, into.indexOf(0));
}

function statx(path: string, directory: number, flags: number): Stats {
  const into = Buffer.alloc(statsLength);
  const name = bytes(path);
  while (Number(libc().syscall(callStatx, directory, name, flags, basic, into)) < 0) retryOrThrow('stat', path);
  return decodeStats(into);
}

/** The number that the call gives; what it refuses is thrown. Calls that many others are made of do without the function it takes. */
function done(syscall: string, path: string | undefined, call: () => number): number {
  for (;;) {
    const result = call();
    if (result >= 0) return result;
    retryOrThrow(syscall, path);
  }
}

/** After a call that gave less than 0: a signal came in between, and it is to be made again; all else is thrown. */
function retryOrThrow(syscall: string, path: string | undefined): void {
  const errno = lastErrnoNumber();
  if (!isInterrupt(errno)) throw new FileError(errnoName(errno), syscall, path);
}

/** A path for the C library, for which a zero byte would be the end. */
function bytes(path: string): Buffer {
  const found = Buffer.from(`${path}\0`);
  if (found.indexOf(0) !== found.length - 1) throw new FileError('EINVAL', 'open', JSON.stringify(path));
  return found;
}
