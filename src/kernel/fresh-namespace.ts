/** A network namespace of this process's own, without a name or a mount. Touches the calling thread's namespace for a moment. */
import { dlopen } from 'bun:ffi';
import { closeSync, openSync } from 'node:fs';
import { type NetnsPath, netnsPath } from '../net/names';
import { refused } from './errno';
import { systemH as sys } from './headers';
import { lastErrno, libc, libcName } from './libc';
import { ownNamespace } from './namespace';

let loaded: ReturnType<typeof load> | undefined;
const load = () => dlopen(libcName(), { unshare: { args: ['i32'], returns: 'i32' } }).symbols;

/** A namespace that lives until it is closed, or the process ends. */
export interface FreshNamespace {
  readonly path: NetnsPath;
  close(): void;
}

/** Makes one. KernelRefused: it needs CAP_SYS_ADMIN. Without a way back the process ends at once. */
export function createNamespace(): FreshNamespace {
  const home = ownNamespace();
  loaded ??= load();
  if (loaded.unshare(sys.CLONE_NEWNET) !== 0) throw refused('make a network namespace', lastErrno());
  let fd: number;
  try {
    fd = openSync('/proc/thread-self/ns/net', 'r');
  } finally {
    if (libc().setns(home, sys.CLONE_NEWNET) !== 0) process.abort();
  }
  return { path: netnsPath(`/proc/${process.pid}/fd/${fd}`), close: () => closeSync(fd) };
}
