/** Runs one program to its end, within a time and an output limit. Starts and kills processes. */
import { sleep } from '../sleep';
import { type Child, type ChildCall, type ChildEnd, type Hearing, startChild } from './child';

/** What to run. */
export interface ProgramCall extends ChildCall {
  /** Milliseconds until the program and everything it started are killed. */
  readonly timeout: number;
}

/** How it ended, and what it said. */
export interface ProgramEnd extends ChildEnd {
  readonly stdout: string;
  /** Its tail, 64 KiB at least. */
  readonly stderr: string;
  /** Why Braid killed it, if it did. */
  readonly killed: 'timeout' | 'output' | undefined;
}

/** Longest stdout, in bytes: a result takes a few thousand. */
export const longestOutput = 8 * 1024 * 1024;

const stderrKept = 64 * 1024; // bytes
const busyPauses = [50, 200, 750, 1000, 1000]; // ms; a file being installed is busy for a moment
const termGrace = 500; // ms from SIGTERM to SIGKILL
const killGrace = 2000; // ms to wait for a killed process: one in uninterruptible sleep does not go
const pipeGrace = 1000; // ms for output after the end: a daemon that it started may hold the pipe for ever

/**
 * Runs a program in a process group of its own. A busy executable (ETXTBSY) is tried again 5 times, as libcni does.
 * Throws the system's error, with its `code`, when the program cannot be started; `meanwhile` is done once it is.
 */
export async function runProgram(call: ProgramCall, meanwhile?: () => Promise<void>): Promise<ProgramEnd> {
  const stop = Promise.withResolvers<'timeout' | 'output'>();
  const stdout = collect(longestOutput, () => stop.resolve('output'));
  const stderr = collectTail(stderrKept);
  const child = await start(call, { stdout: stdout.take, stderr: stderr.take });
  const timer = setTimeout(stop.resolve, call.timeout, 'timeout');
  try {
    await meanwhile?.();
    const killed = await Promise.race([child.ended.then(() => undefined), stop.promise]);
    if (killed !== undefined) await killGroup(child);
    await within(pipeGrace, child.silent);
    const { exitCode, signal } = (await within(0, child.ended)) ?? { exitCode: undefined, signal: undefined };
    return { exitCode, signal, stdout: stdout.text(), stderr: stderr.text(), killed };
  } finally {
    clearTimeout(timer);
    child.close();
  }
}

async function start(call: ProgramCall, hearing: Hearing): Promise<Child> {
  for (let attempt = 0; ; attempt++) {
    try {
      return startChild(call, hearing);
    } catch (error) {
      const pause = busyPauses[attempt];
      if (pause === undefined || !(error instanceof Error && 'code' in error && error.code === 'ETXTBSY')) throw error;
      await sleep(pause);
    }
  }
}

async function killGroup({ pid, ended }: Child): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  await within(termGrace, ended);
  signalGroup(pid, 'SIGKILL'); // also what outlived the leader
  await within(killGrace, ended);
}

function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // ESRCH: all gone
  }
}

/** What came out of a pipe. */
interface Output {
  take(bytes: Uint8Array): void;
  text(): string;
}

/** All of it up to a limit; what is beyond is said once and let go. */
function collect(limit: number, over: () => void): Output {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    take(bytes) {
      length += bytes.length;
      if (length <= limit) chunks.push(bytes);
      else over();
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

/** Its tail, of that many bytes at least. */
function collectTail(kept: number): Output {
  const chunks: Uint8Array[] = [];
  let length = 0;
  return {
    take(bytes) {
      chunks.push(bytes);
      length += bytes.length;
      while (length - (chunks[0]?.length ?? 0) >= kept) length -= chunks.shift()?.length ?? 0;
    },
    text: () => Buffer.concat(chunks).toString('utf8'),
  };
}

/** What the work gives; `undefined` when it is not done after that many milliseconds. */
async function within<T>(limit: number, work: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<undefined>((resolve) => (timer = setTimeout(resolve, limit, undefined))),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
