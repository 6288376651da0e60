/** What people ask about a pod's past: how long each step of its ADD took, and what failed when. Pure. */
import type { CniError, Reason } from '../error';

/** A part of an ADD: `plan` until the record is written, each network by its name, `routes` with isolation. */
export interface Step {
  readonly step: string;
  readonly ms: number;
}

/** A call that failed. */
export interface Failure {
  readonly at: string; // RFC 3339
  readonly verb: 'ADD' | 'CHECK' | 'DEL';
  readonly reason: Reason;
  readonly problem: string;
}

/** A pod whose ADD failed lately, which has no record of it. */
export interface FailedPod {
  readonly pod: string; // namespace/name
  readonly failures: readonly Failure[]; // oldest first
}

/** Kept of each pod: the runtime tries again for ever. */
export const mostFailures = 8;

const longest = 300; // characters of a message: a delegate may have printed megabytes

/** The failure of that verb, now. */
export function failureOf(verb: Failure['verb'], error: CniError, at: string): Failure {
  return { at, verb, reason: error.reason, problem: error.message.slice(0, longest) };
}

/** With the newest failure added; the oldest goes when there are many. */
export function withFailure(failures: readonly Failure[] | undefined, newest: Failure): readonly Failure[] {
  return [...(failures ?? []), newest].slice(-mostFailures);
}

/** Measures steps by a clock in ms: each lasts from the end of the one before. */
export function stopwatch(elapsed: () => number): { readonly steps: readonly Step[]; lap(step: string): void } {
  const steps: Step[] = [];
  let since = 0;
  return {
    steps,
    lap(step) {
      const now = elapsed();
      steps.push({ step, ms: Math.round((now - since) * 100) / 100 });
      since = now;
    },
  };
}
