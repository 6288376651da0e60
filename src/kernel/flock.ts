/** Advisory locks of whole files (man 2 flock), which the kernel drops with the process. Touches the lock file. */

import { CniError, fail } from '../error';
import { errnoOf } from './errno';
import { closeSync, constants, fstatSync, openSync } from './fs';
import { systemH as sys } from './headers';
import { lastErrno, libc } from './libc';

/** A lock that is held. */
export interface Lock {
  /** The file, as `device:inode`: whoever deletes lock files must see whether the path still leads to it. */
  readonly file: string;
  /** Lets go; a second call does nothing. */
  release(): void;
}

const held = new Set<string>(); // device:inode of what this thread holds

/**
 * Takes the exclusive lock of that file, made with `mode` when it is missing, and waits as long as another process
 * holds it. The wait blocks the thread, on purpose: locks are held for milliseconds, a blocked flock is queued and
 * woken by the kernel, and a one-shot process has nothing else to do. The agent, which has, takes turns in memory
 * first, or uses `tryFlock`. Waiting for a lock that this thread holds itself would never end: that is a defect, and thrown.
 */
export function flock(path: string, mode: number): Lock {
  return take(path, mode, 0) ?? fail('Internal', `Cannot lock ${path}: it was said to be busy`);
}

/** As flock, but `undefined` at once when the lock is held elsewhere, or by this thread. */
export function tryFlock(path: string, mode: number): Lock | undefined {
  return take(path, mode, sys.LOCK_NB);
}

function take(path: string, mode: number, flags: number): Lock | undefined {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_CREAT, mode); // closed on exec: a child must not keep the lock
  } catch (cause) {
    throw new CniError('IoFailed', `Cannot open the lock file ${path}: ${errnoOf(cause) ?? String(cause)}`, {
      cause,
      errno: errnoOf(cause),
    });
  }
  try {
    const { dev, ino } = fstatSync(fd);
    const key = `${dev}:${ino}`;
    if (flags === 0 && held.has(key)) fail('Internal', `Cannot lock ${path}: this process holds it already`);
    if (!locked(fd, path, flags)) {
      closeSync(fd);
      return undefined;
    }
    held.add(key);
    return lockOf(fd, key);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function lockOf(fd: number, key: string): Lock {
  let open = true;
  return {
    file: key,
    release() {
      if (!open) return;
      open = false;
      held.delete(key);
      libc().flock(fd, sys.LOCK_UN); // closing alone is not enough while a child is between fork and exec
      closeSync(fd);
    },
  };
}

/** False when somebody else has the lock and LOCK_NB was given. */
function locked(fd: number, path: string, flags: number): boolean {
  for (;;) {
    if (libc().flock(fd, sys.LOCK_EX | flags) === 0) return true;
    const errno = lastErrno();
    if (errno === 'EAGAIN') return false;
    if (errno !== 'EINTR') throw new CniError('IoFailed', `Cannot lock ${path}: ${errno}`, { errno });
  }
}
