/** Calls of the executable under test, whole, traced, or with one fault in one system call. Starts processes; writes /tmp/faults. */
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Call, followed, parseTrace, traced } from './calls';
import { config, environment, type Sandbox, type Verb } from './node';

const directory = '/tmp/faults';
const executable = `${directory}/braid`; // in memory: starts faster than from the shared files
const log = `${directory}/trace`;
const configFile = `${directory}/braid.json`;
const mark = 'BRAID_FAULTS'; // in the environment of everything that a call starts
const callLimit = 300_000; // ms
const orphanLimit = 60_000; // ms

/** What happens to a call instead of being made. */
export interface Fault {
  readonly call: Call;
  readonly what: 'kill' | `E${string}`; // SIGKILL, or the errno that it fails with
}

/** How one run ended. */
export interface Answer {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Takes the executable to be tested. */
export function install(path: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  copyFileSync(path, executable);
  chmodSync(executable, 0o755);
  writeFileSync(configFile, config());
}

/** One call of the runtime. */
export function call(verb: Verb, sandbox: Sandbox): Answer {
  return start([executable], verb, sandbox);
}

/** The same, and what it did. */
export function traceCall(verb: Verb, sandbox: Sandbox): { readonly answer: Answer; readonly calls: readonly Call[] } {
  const answer = start([...strace(verb), '-e', `trace=${traced.join(',')}`, executable], verb, sandbox);
  return { answer, calls: parseTrace(readFileSync(log, 'utf8')) };
}

/** The same with a fault; `undefined` when the call at that number was another one than expected, and so the run says nothing. */
export function faultyCall(
  verb: Verb,
  sandbox: Sandbox,
  { call: { name, path, nth, label }, what }: Fault,
): Answer | undefined {
  const how = what === 'kill' ? 'signal=KILL' : `error=${what}`;
  const inject = [
    '-e',
    `trace=${name}`,
    '-e',
    `inject=${name}:${how}:when=${nth}`,
    ...(path === undefined ? [] : ['-P', path]),
  ];
  const answer = start([...strace(verb), ...inject, executable], verb, sandbox);
  const hit = parseTrace(readFileSync(log, 'utf8'))[nth - 1];
  waitForOrphans();
  return hit?.label === label ? answer : undefined;
}

/** `braid gc`, by hand. */
export function gcByHand(): Answer {
  return ended(
    spawnSync(executable, ['gc', '--conf', configFile], { ...options, env: { PATH: process.env.PATH ?? '' } }),
  );
}

/** Numbers count the calls of each thread by itself. The full runtime, which does GC, works in its main thread alone. */
function strace(verb: Verb): readonly string[] {
  return ['strace', ...(verb === 'GC' ? [] : followed), '-y', '-qq', '-e', 'signal=none', '-s', '64', '-o', log];
}

const options = { encoding: 'utf8', timeout: callLimit, killSignal: 'SIGKILL' } as const;

function start([program = '', ...args]: readonly string[], verb: Verb, sandbox: Sandbox): Answer {
  const env = { ...environment(verb, sandbox), [mark]: '1' };
  const input = verb === 'GC' ? config({ 'cni.dev/valid-attachments': [] }) : config();
  return ended(spawnSync(program, args, { ...options, env, input }));
}

function ended({ status, signal, stdout, stderr, error }: ReturnType<typeof spawnSync>): Answer {
  if (error !== undefined) throw error;
  return { status, signal, stdout: String(stdout), stderr: String(stderr) };
}

/** Children of a killed call finish their work, as they would on a node; what comes next must not race with them. */
function waitForOrphans(): void {
  const end = performance.now() + orphanLimit;
  while (readdirSync('/proc').some(isMarked)) {
    if (performance.now() > end) throw new Error('a child of a killed call does not end');
    Bun.sleepSync(10);
  }
}

function isMarked(pid: string): boolean {
  if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`${mark}=1`);
  } catch {
    return false; // gone meanwhile
  }
}
