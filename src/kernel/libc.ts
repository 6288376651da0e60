/** The C library by bun:ffi: sockets, namespaces, files, errno. Loaded once, at the first call. Touches the process it runs in. */
import { dlopen, type Pointer, read } from 'bun:ffi';
import { fail } from '../error';
import { errnoName } from './errno';
import { isArm } from './processor';

/** man 2 of each name; `recvfrom`, `send` and `sendto` give bytes, all give -1 with errno on failure. */
const signatures = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'u32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i32' }, // the system call sendto
  sendto: { args: ['i32', 'ptr', 'u64', 'i32', 'ptr', 'u32'], returns: 'i32' },
  recvfrom: { args: ['i32', 'ptr', 'u64', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  setns: { args: ['i32', 'i32'], returns: 'i32' },
  ioctl: { args: ['i32', 'u64', 'u64'], returns: 'i32' },
  open: { args: ['ptr', 'i32', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  pread: { args: ['i32', 'ptr', 'u64', 'i64'], returns: 'i32' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  pwrite: { args: ['i32', 'ptr', 'u64', 'i64'], returns: 'i32' },
  ftruncate: { args: ['i32', 'i64'], returns: 'i32' },
  access: { args: ['ptr', 'i32'], returns: 'i32' },
  statfs: { args: ['ptr', 'ptr'], returns: 'i32' },
  mkdir: { args: ['ptr', 'u32'], returns: 'i32' },
  rename: { args: ['ptr', 'ptr'], returns: 'i32' },
  unlink: { args: ['ptr'], returns: 'i32' },
  rmdir: { args: ['ptr'], returns: 'i32' },
  realpath: { args: ['ptr', 'ptr'], returns: 'ptr' },
  syscall: { args: ['i64', 'i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32' }, // statx and getdents64: not in every C library
  flock: { args: ['i32', 'i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const;

let name: string | undefined;

function load() {
  const musl = isArm ? 'libc.musl-aarch64.so.1' : 'libc.musl-x86_64.so.1';
  let problem: unknown;
  for (const candidate of ['libc.so.6', musl]) {
    try {
      const { symbols } = dlopen(candidate, signatures);
      name = candidate;
      return symbols;
    } catch (cause) {
      problem = cause;
    }
  }
  return fail('Internal', `Cannot load the C library: neither libc.so.6 nor ${musl}`, { cause: problem });
}

let loaded: ReturnType<typeof load> | undefined;

/** The functions of the C library that the kernel edge uses. */
export function libc(): ReturnType<typeof load> {
  loaded ??= load();
  return loaded;
}

/** The file name of the C library of this node. */
export function libcName(): string {
  libc();
  return name as string;
}

/** The number of the error that the call just before left. Nothing may come in between. */
export function lastErrnoNumber(): number {
  return read.i32(libc().__errno_location() as Pointer, 0);
}

/** Its name, e.g. `EINTR`. */
export function lastErrno(): string {
  return errnoName(lastErrnoNumber());
}
