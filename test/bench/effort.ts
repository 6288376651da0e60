/** What one ADD asks of the system: calls counted and bytes carried, by strace. Starts processes in the scene; needs strace. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Competitor } from './competitors';
import type { Scene } from './scene';
import type { Pod } from './work';

/** Of one ADD, with all processes it starts, and of the daemon that works for it. */
export interface Effort {
  readonly name: string;
  readonly calls: number;
  readonly processes: number;
  readonly bytes: number; // read and written, files and sockets
}

/** Calls that carry bytes; what they return is how many. */
const carriers = /^(?:\d+\s+)?(?:read|write|pread64|pwrite64|recvfrom|sendto|recvmsg|sendmsg|readv|writev)\(/;

/** One ADD of each competitor under strace, its daemon too. */
export async function effort(scene: Scene, competitors: readonly Competitor[], pod: Pod): Promise<readonly Effort[]> {
  const directory = mkdtempSync(path.join(tmpdir(), 'braid-strace-'));
  const found: Effort[] = [];
  try {
    for (const competitor of competitors) {
      const job = { pod, container: `effort-${found.length}`, netns: scene.addPod('effort') };
      const { command, env, stdin } = competitor.call({ verb: 'ADD', ...job });
      const [own, other] = [path.join(directory, 'own'), path.join(directory, 'daemon')];
      const pid = competitor.daemon;
      const watching = pid === undefined ? undefined : await watch(pid, other);
      const traced = ['strace', '-f', '-qq', '-s', '0', '-o', own, ...command];
      const child = Bun.spawn(traced, { env, stdin: Buffer.from(stdin), stdout: 'ignore', stderr: 'ignore' });
      const status = await child.exited;
      await watching?.();
      if (status !== 0) throw new Error(`${competitor.name} fails under strace, with status ${status}`);
      const lines = [own, ...(pid === undefined ? [] : [other])].flatMap((file) =>
        readFileSync(file, 'utf8').split('\n'),
      );
      found.push({ name: competitor.name, ...count(lines) });
      const del = competitor.call({ verb: 'DEL', ...job });
      await Bun.spawn([...del.command], { env: del.env, stdin: Buffer.from(del.stdin), stdout: 'ignore' }).exited;
      scene.deletePod('effort');
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  return found;
}

/** Follows a running process; what is returned ends that. */
async function watch(pid: number, file: string): Promise<() => Promise<void>> {
  const child = Bun.spawn(['strace', '-f', '-s', '0', '-o', file, '-p', String(pid)], { stderr: 'ignore' });
  const threads = readdirSync(`/proc/${pid}/task`);
  const followed = (thread: string): boolean =>
    /^TracerPid:\s*[1-9]/m.test(readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8'));
  while (!threads.every(followed)) await Bun.sleep(5);
  return async () => {
    child.kill('SIGINT');
    await child.exited;
  };
}

/** Lines of strace: a call that another one interrupts has two, of which one tells what it returned. */
function count(lines: readonly string[]): Omit<Effort, 'name'> {
  const done = lines.filter((line) => / = (?:-?\d|0x|\?)/.test(line));
  const carried = done.filter(
    (line) => carriers.test(line) || /<\.\.\. (?:read|write|recv|send)\w* resumed>/.test(line),
  );
  const bytes = carried.reduce((sum, line) => sum + Math.max(0, Number(/ = (-?\d+)/.exec(line)?.[1] ?? 0)), 0);
  return {
    calls: done.length,
    processes: lines.filter((line) => /execve(?:\(| resumed>).* = 0$/.test(line)).length,
    bytes,
  };
}

/** One table. */
export function effortToMarkdown(efforts: readonly Effort[], networks: number): string {
  return [
    `### What one ADD of ${networks} macvlan networks beside the default one asks of the system`,
    '',
    '| | system calls | programs started | KiB read and written |',
    '| --- | --: | --: | --: |',
    ...efforts.map(
      ({ name, calls, processes, bytes }) => `| ${name} | ${calls} | ${processes} | ${(bytes / 1024).toFixed(0)} |`,
    ),
    '',
  ].join('\n');
}
