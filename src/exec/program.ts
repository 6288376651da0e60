/** Runs one program to its end, within a time and an output limit. Starts and kills processes. */
import { sleep } from '../sleep';

/** What to run. */
export interface ProgramCall {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: string;
  /** Milliseconds until the program and everything it started are killed. */
  readonly timeout: number;
}

/** How it ended. */
export interface ProgramEnd {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
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
  const child = await start(call);
  const stop = Promise.withResolvers<'timeout' | 'output'>();
  const timer = setTimeout(stop.resolve, call.timeout, 'timeout');
  const stdout = collect(child.stdout, longestOutput, () => stop.resolve('output'));
  const stderr = collect(child.stderr, undefined, () => {});
  try {
    await meanwhile?.();
    const killed = await Promise.race([child.exited.then(() => undefined), stop.promise]);
    if (killed !== undefined) await killGroup(child);
    await within(pipeGrace, Promise.all([stdout.ended, stderr.ended]));
    const signal = child.signalCode === null ? undefined : String(child.signalCode);
    const exitCode = signal === undefined ? (child.exitCode ?? undefined) : undefined;
    return { exitCode, signal, stdout: stdout.text(), stderr: stderr.text(), killed };
  } finally {
    clearTimeout(timer);
    stdout.close();
    stderr.close();
  }
}

type Child = Bun.Subprocess<Uint8Array, 'pipe', 'pipe'>;

async function start({ path, args, env, stdin }: ProgramCall): Promise<Child> {
  const input = Buffer.from(stdin);
  for (let attempt = 0; ; attempt++) {
    try {
      return Bun.spawn([path, ...args], {
        env: { ...env },
        stdin: input,
        stdout: 'pipe',
        stderr: 'pipe',
        detached: true,
      });
    } catch (error) {
      const pause = busyPauses[attempt];
      if (pause === undefined || !(error instanceof Error && 'code' in error && error.code === 'ETXTBSY')) throw error;
      await sleep(pause);
    }
  }
}

async function killGroup({ pid, exited }: Child): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  await within(termGrace, exited);
  signalGroup(pid, 'SIGKILL'); // also what outlived the leader
  await within(killGrace, exited);
}

function signalGroup(leader: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(-leader, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error; // ESRCH: all gone
  }
}

/** What came out of a pipe: all of it up to a limit, or else its tail. */
interface Output {
  readonly ended: Promise<void>;
  text(): string;
  close(): void;
}

function collect(stream: ReadableStream<Uint8Array>, limit: number | undefined, over: () => void): Output {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const read = async (): Promise<void> => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      if (limit !== undefined && length + next.value.length > limit) return over();
      chunks.push(next.value);
      length += next.value.length;
      while (limit === undefined && length - (chunks[0]?.length ?? 0) >= stderrKept)
        length -= chunks.shift()?.length ?? 0;
    }
  };
  const ended = read().catch(() => {}); // closed by us, or the pipe broke: what came counts
  return {
    ended,
    text: () => Buffer.concat(chunks).toString('utf8'),
    close: () => void reader.cancel().catch(() => {}),
  };
}

async function within(limit: number, work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([work, new Promise((resolve) => (timer = setTimeout(resolve, limit)))]);
  } finally {
    clearTimeout(timer);
  }
}
