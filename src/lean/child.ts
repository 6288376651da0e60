/** src/exec/child.ts for the lean engine. Starts processes. */
import type { Child, ChildCall, ChildEnd, Hearing } from '../exec/child';
import { closeSync } from '../kernel/fs';
import { libc } from '../kernel/libc';
import { host } from './host';
import { unwatch, watch } from './prelude';
import { systemError } from './system-error';

const signals: Readonly<Record<number, string>> = {
  ...{ 1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 4: 'SIGILL', 5: 'SIGTRAP', 6: 'SIGABRT', 7: 'SIGBUS', 8: 'SIGFPE' },
  ...{ 9: 'SIGKILL', 11: 'SIGSEGV', 13: 'SIGPIPE', 14: 'SIGALRM', 15: 'SIGTERM', 24: 'SIGXCPU', 31: 'SIGSYS' },
}; // asm/signal.h

/** As of src/exec/child.ts. */
export function startChild({ path, args, env, stdin }: ChildCall, hearing: Hearing): Child {
  const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
  const started = host.spawn(path, [path, ...args], variables, Buffer.from(stdin));
  if (typeof started === 'number') throw systemError(-started, `start ${path}`);
  const [pid, process, stdout, stderr] = started;
  const open = new Set([process, stdout, stderr]);
  const stop = (fd: number): void => {
    if (!open.delete(fd)) return;
    unwatch(fd);
    closeSync(fd);
  };
  const heard = (fd: number, hear: (bytes: Uint8Array) => void): Promise<void> =>
    new Promise((resolve) =>
      watch(fd, () => {
        const chunk = Buffer.allocUnsafe(64 * 1024);
        const length = libc().read(fd, chunk, chunk.length);
        if (length > 0) return hear(chunk.subarray(0, length));
        if (length < 0 && [eintr, eagain].includes(host.errno())) return;
        stop(fd);
        resolve();
      }),
    );
  return {
    pid,
    ended: new Promise((resolve) => {
      const look = (): void => {
        const status = host.ended(pid);
        if (status !== undefined) {
          stop(process);
          resolve(endOf(status));
        } else if (process < 0) setTimeout(look, unwatched);
      };
      if (process < 0) look();
      else watch(process, look);
    }),
    silent: Promise.all([heard(stdout, hearing.stdout), heard(stderr, hearing.stderr)]).then(() => undefined),
    close: () => [...open].forEach(stop),
  };
}

const unwatched = 5; // ms between looks at a child that an old kernel has no descriptor for
const eintr = 4; // asm-generic/errno-base.h
const eagain = 11;

const endOf = (status: number): ChildEnd =>
  status >= 0
    ? { exitCode: status, signal: undefined }
    : { exitCode: undefined, signal: signals[-status] ?? `signal ${-status}` };
