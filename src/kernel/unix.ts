/** A line to a unix stream socket, with or without an answer, and who is at the other end. Touches that socket. */
import { closeSync } from './fs';
import { socketH as so } from './headers';
import { lastErrno, libc } from './libc';

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
  const outcome = askAllUnix(path, [line], milliseconds, most);
  return 'errno' in outcome ? outcome : { answer: outcome.answers.join('') };
}

/** As askUnix, several lines at once, of which each is answered by one, in order. */
export function askAllUnix(
  path: string,
  lines: readonly string[],
  milliseconds: number,
  most: number,
): { readonly answers: readonly string[] } | { readonly errno: string } {
  return connected(path, milliseconds, (fd) => {
    sendAll(fd, Buffer.from(lines.join('')));
    return { answers: readLines(fd, lines.length, milliseconds, most) };
  });
}

/** Sends the line, and does not wait; false when nobody took it. */
export function tellUnix(path: string, line: string, milliseconds: number): boolean {
  const outcome = connected(path, milliseconds, (fd) => {
    sendAll(fd, Buffer.from(line));
    return {};
  });
  return !('errno' in outcome);
}

/** The user that the process at the other end of a connected unix socket ran as; `undefined` when the kernel does not say. */
export function peerUser(fd: number): number | undefined {
  const credentials = Buffer.alloc(12); // struct ucred: pid, uid, gid
  const length = Buffer.from(new Uint32Array([credentials.length]).buffer);
  const known = libc().getsockopt(fd, so.SOL_SOCKET, so.SO_PEERCRED, credentials, length) === 0;
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
    if (libc().connect(fd, address, address.length) !== 0) return { errno: lastErrno() };
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

/** That many lines, each of at most `most` bytes. */
function readLines(fd: number, count: number, milliseconds: number, most: number): readonly string[] {
  const end = performance.now() + milliseconds;
  const chunk = Buffer.allocUnsafe(64 * 1024);
  const lines: string[] = [];
  for (let line: Buffer[] = [], length = 0; ; ) {
    const got = libc().recvfrom(fd, chunk, chunk.length, 0, null, null);
    if (got < 0) failUnlessInterrupted();
    if (got === 0) throw new Errno('ECONNRESET'); // it hung up
    let rest = Buffer.from(chunk.subarray(0, Math.max(got, 0)));
    for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10)) {
      lines.push(Buffer.concat([...line, rest.subarray(0, newline)]).toString('utf8'));
      if (lines.length === count) return lines;
      rest = rest.subarray(newline + 1);
      [line, length] = [[], 0];
    }
    line.push(rest);
    length += rest.length;
    if (length > most) throw new Errno('EMSGSIZE');
    if (performance.now() > end) throw new Errno('EAGAIN');
  }
}

function failUnlessInterrupted(): void {
  const errno = lastErrno();
  if (errno !== 'EINTR') throw new Errno(errno);
}
