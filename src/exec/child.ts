/** Starts a program in a process group of its own, and hears what it says. Starts processes. */

/** A program to start: the file, what follows its name, its environment, and all it will read. */
export interface ChildCall {
  readonly path: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: string;
}

/** How it ended. */
export interface ChildEnd {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  /** Its name, e.g. `SIGKILL`. */
  readonly signal: string | undefined;
}

/** What is told of its output, piece by piece. */
export interface Hearing {
  stdout(bytes: Uint8Array): void;
  stderr(bytes: Uint8Array): void;
}

/** A program that runs. */
export interface Child {
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  /** Both outputs are closed: by it, and by everything that it handed them to. */
  readonly silent: Promise<void>;
  /** Hears no more. */
  close(): void;
}

/** Throws the system's error, with its `code`, when it cannot be started. */
export function startChild({ path, args, env, stdin }: ChildCall, hearing: Hearing): Child {
  const child = Bun.spawn([path, ...args], {
    env: { ...env },
    stdin: Buffer.from(stdin),
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
  });
  const [stdout, stderr] = [listen(child.stdout, hearing.stdout), listen(child.stderr, hearing.stderr)];
  return {
    pid: child.pid,
    ended: child.exited.then(() => ({
      exitCode: child.signalCode === null ? (child.exitCode ?? undefined) : undefined,
      signal: child.signalCode === null ? undefined : String(child.signalCode),
    })),
    silent: Promise.all([stdout.ended, stderr.ended]).then(() => undefined),
    close() {
      stdout.close();
      stderr.close();
    },
  };
}

/** Hears a stream until it ends, is closed by us, or breaks: what came counts. */
function listen(stream: ReadableStream<Uint8Array>, heard: (bytes: Uint8Array) => void) {
  const reader = stream.getReader();
  const read = async (): Promise<void> => {
    for (let next = await reader.read(); !next.done; next = await reader.read()) heard(next.value);
  };
  return { ended: read().catch(() => {}), close: () => void reader.cancel().catch(() => {}) };
}
