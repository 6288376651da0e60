/** A line to a unix stream socket, with or without an answer, and who is at the other end. Touches that socket. */
import { dlopen } from 'bun:ffi';
import { closeSync } from './fs';
import { socketH as so } from './headers';
import { lastErrno, libc, libcName } from './libc';

/** man 2 connect, getsockopt. Loaded apart from the rest: a call that does not ask the agent does without. */
const signatures = {
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
} as const;

let loaded: ReturnType<typeof load> | undefined;
const load = () => dlopen(libcName(), signatures).symbols;
const own = (): ReturnType<typeof load> => (loaded ??= load());

const longestPath = 107; // struct sockaddr_un, less the zero at its end

/**
 * Sends the line and returns the answer's line, without its end; blocks at most some `milliseconds` for each read.
 * `undefined` with the errno when nobody listens, or no answer comes in time: for whoever asks, the agent is not there.
 */
export function askUnix(
  path: string,
  line: string,
  milliseconds: number,
  most: number,
): { readonly answer: string } | { readonly errno: string } {
  return connected(path, milliseconds, (fd) => {
    sendAll(fd, Buffer.from(line));
    return { answer: readLine(fd, milliseconds, most) };
  });
}

/** Sends the line, and does not wait; false when nobody took it. */
export function tellUnix(path: string, line: string, milliseconds: number): boolean {
  const outcome = connected(path, milliseconds, (fd) => {
    sendAll(fd, Buffer.from(line));
    return { answer: '' };
  });
  return 'answer' in outcome;
}

/** The user that the process at the other end of a connected unix socket ran as; `undefined` when the kernel does not say. */
export function peerUser(fd: number): number | undefined {
  const credentials = Buffer.alloc(12); // struct ucred: pid, uid, gid
  const length = Buffer.from(new Uint32Array([credentials.length]).buffer);
  const known = own().getsockopt(fd, so.SOL_SOCKET, so.SO_PEERCRED, credentials, length) === 0;
  return known ? credentials.readUInt32LE(4) : undefined;
}

class Errno extends Error {}

function connected<T>(path: string, milliseconds: number, work: (fd: number) => T): T | { readonly errno: string } {
  const name = Buffer.from(path);
  if (name.length > longestPath) return { errno: 'ENAMETOOLONG' };
  const fd = libc().socket(so.AF_UNIX, so.SOCK_STREAM | so.SOCK_CLOEXEC, 0);
  if (fd < 0) return { errno: lastErrno() };
  try {
    setTimeouts(fd, milliseconds);
    const address = Buffer.alloc(2 + longestPath + 1); // struct sockaddr_un
    address.writeUInt16LE(so.AF_UNIX, 0);
    name.copy(address, 2);
    if (own().connect(fd, address, address.length) !== 0) return { errno: lastErrno() };
    return work(fd);
  } catch (error) {
    if (error instanceof Errno) return { errno: error.message };
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Of connecting to a full queue, of sending and of receiving alike. */
function setTimeouts(fd: number, milliseconds: number): void {
  const time = new BigInt64Array([BigInt(Math.floor(milliseconds / 1000)), BigInt((milliseconds % 1000) * 1000)]);
  const value = Buffer.from(time.buffer);
  for (const option of [so.SO_RCVTIMEO, so.SO_SNDTIMEO])
    libc().setsockopt(fd, so.SOL_SOCKET, option, value, value.length);
}

function sendAll(fd: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    const sent = libc().send(fd, bytes.subarray(at), bytes.length - at, so.MSG_NOSIGNAL);
    if (sent >= 0) at += sent;
    else failUnlessInterrupted();
  }
}

function readLine(fd: number, milliseconds: number, most: number): string {
  const end = performance.now() + milliseconds;
  const chunks: Buffer[] = [];
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(64 * 1024);
    const got = libc().recvfrom(fd, chunk, chunk.length, 0, null, null);
    if (got < 0) failUnlessInterrupted();
    if (got === 0) throw new Errno('ECONNRESET'); // it hung up
    if (got > 0) {
      const part = chunk.subarray(0, got);
      const newline = part.indexOf(10);
      chunks.push(newline < 0 ? part : part.subarray(0, newline));
      if (newline >= 0) return Buffer.concat(chunks).toString('utf8');
      length += got;
    }
    if (length > most) throw new Errno('EMSGSIZE');
    if (performance.now() > end) throw new Errno('EAGAIN');
  }
}

function failUnlessInterrupted(): void {
  const errno = lastErrno();
  if (errno !== 'EINTR') throw new Errno(errno);
}
