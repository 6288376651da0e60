/** What the lean engine lacks of the globals that Braid uses, and the loop that runs a call to its end. Touches the process it runs in. */
import { host } from './host';
import { systemError } from './system-error';

/** A timer, or something that waits for a descriptor. */
interface Timer {
  readonly at: number; // ms of host.now()
  readonly act: () => void;
}

const timers = new Set<Timer>();
const watched = new Map<number, () => void>();

/** Calls `act` whenever there is something to read from the descriptor, or its other end is closed. */
export function watch(fd: number, act: () => void): void {
  watched.set(fd, act);
}

export function unwatch(fd: number): void {
  watched.delete(fd);
}

function startTimer<T extends readonly unknown[]>(act: (...values: T) => void, ms = 0, ...values: T): Timer {
  const timer = { at: host.now() + ms, act: () => act(...values) };
  timers.add(timer);
  return timer;
}

/** The earliest; of two at one time the one that was made first. */
function nextTimer(): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of timers) if (next === undefined || timer.at < next.at) next = timer;
  return next;
}

/** Called when nothing is ready to run: waits for one event and handles it. False: there is nothing to wait for. */
function proceed(): boolean {
  const timer = nextTimer();
  if (timer === undefined && watched.size === 0) return false;
  const left = timer === undefined ? -1 : Math.max(0, Math.ceil(timer.at - host.now()));
  const ready = host.wait([...watched.keys()], left);
  for (const fd of ready) watched.get(fd)?.();
  if (ready.length > 0 || timer === undefined || timer.at > host.now()) return true;
  timers.delete(timer);
  timer.act();
  return true;
}

/** The process as it was called; the saved heap knows nothing of it. False: there is no program. */
function begin(calledAs: string): boolean {
  Object.assign(process, { env: host.environment(), argv0: calledAs, argv: [calledAs], pid: host.pid() });
  program?.();
  return program !== undefined;
}

const signals = { SIGTERM: 15, SIGKILL: 9 } as const; // asm/signal.h

/** As of node:process; a negative number is that of a process group. */
function kill(pid: number, signal: keyof typeof signals): void {
  killNow ??= host.bind('kill');
  if (killNow?.(pid, signals[signal]) === 0) return;
  throw systemError(host.errno(), 'kill');
}

let killNow: ReturnType<typeof host.bind>;
let program: (() => void) | undefined;

/** What a start of the process is to run; it ends the process itself. */
export function setProgram(start: () => void): void {
  program = start;
}

Math.random = host.random;

Object.assign(globalThis, {
  begin,
  proceed,
  process: { env: {}, argv0: '', argv: [], pid: 0, arch: LEAN_ARCH, exit: host.exit, kill },
  performance: { now: host.now },
  setTimeout: startTimer,
  clearTimeout: (timer: Timer | undefined) => timer !== undefined && timers.delete(timer),
});

/** The processor that the engine is for, as node:process names it. */
declare const LEAN_ARCH: string;
