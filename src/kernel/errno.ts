/** Error numbers of the kernel by name and text, and the one error made of them. Pure. */
import { CniError } from '../error';

/** asm-generic/errno-base.h and asm-generic/errno.h (x86-64 and arm64 alike): what rtnetlink, sockets and files answer. */
const table = {
  EPERM: [1, 'operation not permitted'],
  ENOENT: [2, 'no such file or directory'],
  ESRCH: [3, 'no such process'],
  EINTR: [4, 'interrupted system call'],
  EIO: [5, 'input/output error'],
  ENXIO: [6, 'no such device or address'],
  EBADF: [9, 'bad file descriptor'],
  EAGAIN: [11, 'resource temporarily unavailable'],
  ENOMEM: [12, 'out of memory'],
  EACCES: [13, 'permission denied'],
  EFAULT: [14, 'bad address'],
  EBUSY: [16, 'device or resource busy'],
  EEXIST: [17, 'already exists'],
  EXDEV: [18, 'cross-device link'],
  ENODEV: [19, 'no such device'],
  ENOTDIR: [20, 'not a directory'],
  EISDIR: [21, 'is a directory'],
  EINVAL: [22, 'invalid argument'],
  ENFILE: [23, 'too many open files in the system'],
  EMFILE: [24, 'too many open files'],
  ETXTBSY: [26, 'text file busy'],
  EFBIG: [27, 'file too large'],
  ENOSPC: [28, 'no space left on device'],
  EROFS: [30, 'read-only file system'],
  ERANGE: [34, 'out of range'],
  ENAMETOOLONG: [36, 'file name too long'],
  ENOTEMPTY: [39, 'directory not empty'],
  ELOOP: [40, 'too many levels'],
  EPROTO: [71, 'protocol error'],
  EOVERFLOW: [75, 'value too large'],
  EMSGSIZE: [90, 'message too long'],
  EPROTONOSUPPORT: [93, 'protocol not supported'],
  EOPNOTSUPP: [95, 'operation not supported'],
  EAFNOSUPPORT: [97, 'address family not supported'],
  EADDRINUSE: [98, 'address already in use'],
  EADDRNOTAVAIL: [99, 'address not available'],
  ENETDOWN: [100, 'network is down'],
  ENETUNREACH: [101, 'network is unreachable'],
  ENOBUFS: [105, 'no buffer space available'],
  ENOTCONN: [107, 'not connected'],
  ECONNRESET: [104, 'connection reset by peer'],
  ETIMEDOUT: [110, 'timed out'],
  ECONNREFUSED: [111, 'connection refused'],
  EHOSTUNREACH: [113, 'no route to host'],
  EALREADY: [114, 'already in progress'],
  ESTALE: [116, 'stale file handle'],
  EDQUOT: [122, 'disk quota exceeded'],
} as const;

/** An error number by its symbolic name. */
export type Errno = keyof typeof table;

/** The symbolic name of a positive error number; `E<number>` when it is not in the table. */
export function errnoName(number: number): string {
  for (const name of Object.keys(table) as Errno[]) if (table[name][0] === number) return name;
  return `E${number}`;
}

/** Whether the number says that nothing has that path. */
export function isAbsence(number: number): boolean {
  return number === table.ENOENT[0] || number === table.ENOTDIR[0];
}

/** Whether the number says that a signal came in between. */
export function isInterrupt(number: number): boolean {
  return number === table.EINTR[0];
}

/** Words for an error number by its name. */
export function errnoText(errno: string): string {
  return errno in table ? table[errno as Errno][1] : 'error';
}

/** KernelRefused: what was tried, the error number's text and name, and the kernel's own words when it had any. */
export function refused(action: string, errno: string, words?: string): CniError {
  const detail = words === undefined || words === '' ? '' : `: ${words}`;
  return new CniError('KernelRefused', `Cannot ${action}: ${errnoText(errno)} (${errno})${detail}`, {
    errno,
    words: words === '' ? undefined : words,
  });
}

/** The errno of a CniError, or the `code` of an error of node:fs; `undefined` for any other value. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof CniError) return error.errno;
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
