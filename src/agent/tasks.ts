/** What the agent does again and again, each task never twice at once. Touches nothing but the clock. */
import type { Log } from '../attach/ports';
import { toCniError } from '../error';
import type { Metrics } from './metrics';

/** Something to be repeated. */
export interface Task {
  readonly name: string;
  /** Milliseconds between the end of a run and the next one. */
  readonly every: number;
  /** Milliseconds before the next run after one that failed; doubled each time, up to `every`. */
  readonly retry: number;
  run(): Promise<void>;
}

/** A task that runs. */
export interface RunningTask {
  /** Lets it run at once, or once more after the run that is under way. */
  now(): void;
  /** The same in a moment: whoever asks for it has its own work to end first, and others may ask meanwhile. */
  soon(): void;
  /** Ends when a run that is under way has ended. */
  stop(): Promise<void>;
}

/** Longer than a call of a runtime has left to do when it tells the agent. */
const moment = 50; // ms

/** Runs it at once, then again and again. A failure is logged and counted. */
export function startTask({ name, every, retry, run }: Task, metrics: Metrics, log: Log): RunningTask {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSoon = false;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  let failures = 0;

  const once = async (): Promise<void> => {
    const since = performance.now();
    const problem = await run().then(
      () => undefined,
      (error: unknown) => toCniError(error),
    );
    metrics.ran({ task: name, seconds: (performance.now() - since) / 1000, failed: problem !== undefined }, Date.now());
    failures = problem === undefined ? 0 : failures + 1;
    if (problem !== undefined)
      log.warn(
        { task: name, reason: problem.reason, error: problem.message },
        'task of the agent failed; it is tried again',
      );
  };
  const begin = (): void => {
    clearTimeout(timer);
    isSoon = false;
    if (running !== undefined || stopped) {
      again = true;
      return;
    }
    running = once().finally(() => {
      running = undefined;
      if (stopped) return;
      const wait = failures === 0 ? every : Math.min(every, retry * 2 ** Math.min(failures - 1, 20));
      timer = setTimeout(begin, again ? 0 : wait);
      again = false;
    });
  };
  metrics.begins(name, Date.now());
  begin();
  return {
    now: begin,
    soon() {
      if (running !== undefined) again = true;
      if (isSoon || running !== undefined || stopped) return;
      clearTimeout(timer);
      isSoon = true;
      timer = setTimeout(begin, moment);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
