/** Network namespaces as file descriptors: opening them, and working inside one for a moment. Touches the calling thread's namespace. */

import { errnoOf, refused } from './errno';
import { closeSync, fstatSync, openSync, statfsSync } from './fs';
import { systemH as sys } from './headers';
import { lastErrno, libc } from './libc';

let own: number | undefined;

/** The namespace that this thread belongs to, as a file descriptor that stays open. */
export function ownNamespace(): number {
  own ??= openSync('/proc/thread-self/ns/net', 'r');
  return own;
}

/** Opens the namespace at that path; `undefined` when there is none any more, or never was. The caller closes it. */
export function findNamespace(path: string): number | undefined {
  let fd: number | undefined;
  try {
    const { type } = statfsSync(path); // before open: a pipe at that path would wait for ever
    if (type !== sys.NSFS_MAGIC && type !== sys.PROC_SUPER_MAGIC) return undefined;
    fd = openSync(path, 'r');
    inside(fd, () => undefined); // other kinds of namespaces have the same file system
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    const errno = errnoOf(error) ?? '';
    if (['ENOENT', 'ENOTDIR', 'ESRCH', 'EINVAL'].includes(errno)) return undefined;
    throw refused(`open the network namespace ${path}`, errno);
  }
}

/** Which namespace is behind a descriptor: device and inode of its file. No two of now have the same, but a later one may. */
export function fileOf(namespace: number): string {
  const { dev, ino } = fstatSync(namespace);
  return `${dev}:${ino}`;
}

/**
 * Does the work with this thread in that namespace, and comes back. The work must be synchronous to its end: other code
 * would run there, too. Without a way back the process ends at once, for nothing it did after that would be true.
 */
export function inside<T>(namespace: number, work: () => T): T {
  const home = ownNamespace();
  if (libc().setns(namespace, sys.CLONE_NEWNET) !== 0) throw refused('enter the network namespace', lastErrno());
  try {
    return work();
  } finally {
    if (libc().setns(home, sys.CLONE_NEWNET) !== 0) process.abort();
  }
}
