/** System calls that change the world, read from a trace by strace. Pure. */

/** One system call of Braid's main thread, or `sendmsg` of the thread that sends: which one it is, by number and by content. */
export interface Call {
  readonly name: string; // of the system call
  readonly path: string | undefined; // the file it works on
  readonly nth: number; // among the calls of that name on that path, without a path among all of that name; from 1
  readonly label: string; // what it does, without what differs from run to run
}

/** Every call of interest in a trace. */
export const traced = [
  'sendto',
  'sendmsg',
  'openat',
  'write',
  'pwrite64',
  'ftruncate',
  'rename',
  'unlink',
  'mkdir',
  'rmdir',
  'fchmod',
  'chmod',
  'symlink',
  'link',
  'flock',
  'vfork',
] as const;

const messages: Readonly<Record<number, string>> = {
  16: 'RTM_NEWLINK',
  17: 'RTM_DELLINK',
  18: 'RTM_GETLINK',
  19: 'RTM_SETLINK',
  20: 'RTM_NEWADDR',
  21: 'RTM_DELADDR',
  22: 'RTM_GETADDR',
  24: 'RTM_NEWROUTE',
  25: 'RTM_DELROUTE',
  26: 'RTM_GETROUTE',
  32: 'RTM_NEWRULE',
  33: 'RTM_DELRULE',
  34: 'RTM_GETRULE',
};

/** How strace is to follow a call: its threads, but no program that it starts. Each line of the log begins with the number of a thread then. */
export const followed = ['-f', '-b', 'execve'] as const;

/** The traced calls of a log of `strace -y`, in order. The first line is the main thread's. */
export function parseTrace(log: string): readonly Call[] {
  const counts = new Map<string, number>();
  let main: string | undefined;
  return log.split('\n').flatMap((whole) => {
    const [, thread = '', line = ''] = /^(?:(\d+) +)?(\w+\(.*)$/.exec(whole) ?? []; // not the rest of a call that another one came into
    const name = /^\w+/.exec(line)?.[0];
    if (name === undefined) return [];
    main ??= thread;
    if (thread !== main && name !== 'sendmsg') return [];
    const path = pathOf(line);
    for (const key of [name, `${name} ${path}`]) counts.set(key, (counts.get(key) ?? 0) + 1);
    const nth = counts.get(path === undefined ? name : `${name} ${path}`) ?? 0;
    return [{ name, path, nth, label: label(name, path, line) }];
  });
}

/** Calls before which a killed process leaves another world than before the call in front of them. */
export function changes({ name, label }: Call): boolean {
  if (name === 'flock') return false;
  if (name === 'sendto' || name === 'sendmsg') return !label.includes('RTM_GET');
  if (label.includes('anon_inode')) return false; // tells the thread that sends
  if (name === 'openat') return !label.startsWith('read ');
  return true;
}

/** Calls that can fail and matter: those, the questions to the kernel, and the locks. */
export function canFail(call: Call): boolean {
  return (
    changes(call) ||
    call.name === 'sendto' ||
    call.name === 'sendmsg' ||
    (call.name === 'flock' && !call.label.includes('LOCK_UN'))
  );
}

function label(name: string, path: string | undefined, line: string): string {
  if (name === 'sendto' || name === 'sendmsg') return message(line);
  if (name === 'openat') return `${opening(line)} ${path}`;
  const lock = /LOCK_UN/.test(line) ? ' LOCK_UN' : '';
  const descriptor = /\(\d+<(\w+)/.exec(line)?.[1] ?? '';
  return `${name} ${path ?? descriptor}${lock}`.trim();
}

function message(line: string): string {
  const [, length = '?', type = ''] = /nlmsg_len=(\d+), nlmsg_type=(\w+)/.exec(line) ?? [];
  const known = type.startsWith('0x') ? messages[Number(type)] : type;
  return `send ${known ?? `message ${type}`} of ${length} bytes`;
}

function opening(line: string): string {
  if (line.includes('O_CREAT')) return 'create';
  return /O_WRONLY|O_RDWR|O_TRUNC/.test(line) ? 'open' : 'read';
}

/** The first path that a call names or that its descriptor leads to; what has no name in the file system has none. */
function pathOf(line: string): string | undefined {
  const named = /^\w+\([^"]*"(\/[^"]*)"/.exec(line)?.[1];
  const behind = /^\w+\(\d+<(\/[^>]*)>/.exec(line)?.[1];
  const path = /^(write|pwrite64|ftruncate|fchmod|flock)\(/.test(line) ? behind : named;
  return path?.startsWith('/memfd:') ? undefined : path;
}
