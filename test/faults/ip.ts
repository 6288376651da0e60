/**
 * Questions to `ip` that stay open: one process for each namespace and family answers many, since starting one is slow in
 * the guest. Starts processes; writes /tmp/faults-ip.
 */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, readlinkSync, readSync, rmSync, writeSync } from 'node:fs';

const directory = '/tmp/faults-ip';
const limit = 30_000; // ms for one answer
const { O_NONBLOCK, O_RDWR } = constants;

/** One `ip -batch -` and the two pipes to it. */
interface Session {
  readonly questions: number;
  readonly answers: number;
  readonly end: () => void;
}

const sessions = new Map<string, Session>();

/** The lists that `ip -d -j` prints for each of the commands, e.g. `route show table all`. `space`: undefined for the node's own namespace. */
export function ask<Lists extends readonly (readonly object[])[]>(
  space: string | undefined,
  family: '' | '-6',
  commands: readonly string[],
): Lists {
  const name = `${space ?? ''}${family}`;
  const session = sessions.get(name) ?? open(name, space, family);
  sessions.set(name, session);
  for (const command of commands) writeSync(session.questions, `${command}\n`);
  const lists = readLines(session.answers, commands.length).map((line) =>
    line === '' ? [] : (JSON.parse(line) as object[]).filter((one) => Object.keys(one).length > 0),
  );
  return lists as readonly (readonly object[])[] as Lists;
}

/** Before a namespace is removed: a process in it would keep it alive. */
export function endSessions(space: string): void {
  for (const name of [space, `${space}-6`]) {
    sessions.get(name)?.end();
    sessions.delete(name);
  }
}

function open(name: string, space: string | undefined, family: string): Session {
  mkdirSync(directory, { recursive: true });
  const [questions, answers] = ['questions', 'answers'].map((which) => {
    const path = `${directory}/${name}.${which}`;
    rmSync(path, { force: true });
    execFileSync('mkfifo', [path]);
    return openSync(path, O_RDWR | O_NONBLOCK); // both ways: neither opening nor reading waits for the other side
  }) as [number, number];
  const where = space === undefined ? [] : ['-n', space];
  const pipes = [`${directory}/${name}.questions`, `${directory}/${name}.answers`];
  const args = ['-c', 'exec ip "$@" <"$0.questions" >"$0.answers"', `${directory}/${name}`];
  const child = spawn('sh', [...args, ...where, ...(family === '' ? [] : [family]), '-d', '-j', '-batch', '-'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const end = (): void => {
    child.kill('SIGKILL');
    for (const descriptor of [questions, answers]) closeSync(descriptor);
    for (const path of pipes) rmSync(path, { force: true });
    waitForEnd(child.pid);
  };
  child.unref();
  return { questions, answers, end };
}

/** Its namespace is free when the process has none any more. */
function waitForEnd(pid: number | undefined): void {
  waitUntil(() => {
    try {
      readlinkSync(`/proc/${pid}/ns/net`);
      return undefined;
    } catch {
      return true;
    }
  }, `ip, process ${pid}, does not end`);
}

/** That many lines, of what comes. */
function readLines(from: number, count: number): readonly string[] {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  return waitUntil(() => {
    for (let length = readSome(from, chunk); length > 0; length = readSome(from, chunk))
      text += chunk.toString('utf8', 0, length);
    const lines = text.split('\n');
    return lines.length > count ? lines.slice(0, count) : undefined;
  }, `ip answers ${count} questions with ${text}`);
}

function readSome(from: number, chunk: Buffer): number {
  try {
    return readSync(from, chunk);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
    throw error;
  }
}

function waitUntil<T>(look: () => T | undefined, otherwise: string): T {
  for (const end = performance.now() + limit; ; Bun.sleepSync(1)) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(otherwise);
  }
}
