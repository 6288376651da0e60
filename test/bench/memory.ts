/** Memory of processes, MiB, looked at while they run. Reads /proc. */
import { readdirSync, readFileSync } from 'node:fs';

const page = 4096 / 2 ** 20; // MiB

/** The process and all that it started, as far as they run now. */
export function treeOf(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid).flatMap(treeOf)];
}

/** Any thread may have started one. */
export function childrenOf(pid: number): readonly number[] {
  const threads = ifThere(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  const lists = threads.map(
    (thread) => ifThere(() => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')) ?? '',
  );
  return lists.flatMap((list) => list.split(' ').flatMap((word) => (word === '' ? [] : Number(word))));
}

/** Resident sizes, added up: what two of them share, counts twice. */
export function residentOf(pids: readonly number[]): number {
  const sizes = pids.map((pid) =>
    Number(ifThere(() => readFileSync(`/proc/${pid}/statm`, 'utf8'))?.split(' ')[1] ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size * page, 0);
}

/** A size of /proc/PID/status, e.g. `VmHWM`, the peak of what was resident; 0 when the process is gone. */
export function statusOf(pid: number, name: 'VmHWM' | 'VmRSS' | 'RssFile' | 'RssAnon'): number {
  const status = ifThere(() => readFileSync(`/proc/${pid}/status`, 'utf8')) ?? '';
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
}

/** Processes end while they are looked at. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
