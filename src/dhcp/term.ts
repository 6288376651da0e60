/** The times of a lease, of either family. Pure. */

/** Milliseconds of the clock that the state machine is told; Infinity: for good. */
export interface Term {
  readonly renewAt: number;
  readonly rebindAt: number;
  readonly endsAt: number;
}

/** What a server tells, in seconds. */
export interface Told {
  readonly renewal: number | undefined;
  readonly rebinding: number | undefined;
  readonly whole: number;
}

const forever = 0xffffffff;
const shortest = 10; // seconds; less would keep every link busy

/** A time as the wire has it, in seconds: all ones are for good. */
export const secondsOf = (told: number): number => (told === forever ? Number.POSITIVE_INFINITY : told);

/** The term from now on. Times that the server does not tell, or that make no sense, are shares of `base` seconds. */
export function toTerm(now: number, { renewal, rebinding, whole }: Told, shares: Shares): Term {
  const seconds = Math.max(secondsOf(whole), shortest);
  const base = Math.min(Math.max(shares.base, shortest), seconds);
  const rebind = within(rebinding, shares.rebind * base, seconds);
  const renew = within(renewal, Math.min(shares.renew * base, rebind), rebind);
  return { renewAt: now + 1000 * renew, rebindAt: now + 1000 * rebind, endsAt: now + 1000 * seconds };
}

/** A family's own times. */
export interface Shares {
  readonly base: number; // seconds
  readonly renew: number;
  readonly rebind: number;
}

/** A time that a server tells, when it makes sense: 0 < time < limit. */
const within = (told: number | undefined, otherwise: number, limit: number): number =>
  told !== undefined && told > 0 && told < limit ? told : otherwise;
