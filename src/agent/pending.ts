/** Which records the agent's next round of publishing looks at: those it was told of, now and then all. Pure. */
import type { LeaseOwner } from '../attach/ports';

/** All records are looked at so often: a call that found no agent, or none in time, told nobody. */
const wholeEvery = 30_000; // ms

/** To read a record takes a tenth of a millisecond, a node has hundreds, and each pod that starts tells of its own. */
export class Pending {
  readonly #told = new Map<string, LeaseOwner>();
  #wholeIsDue = true;
  #wholeAt = 0;

  /** That record is still to be published; `undefined`: somebody of another version has one, and does not say which. */
  tell(owner: LeaseOwner | undefined): void {
    if (owner === undefined) this.#wholeIsDue = true;
    else this.#told.set(`${owner.containerId} ${owner.ifName}`, owner);
  }

  /** What to look at now, `now` in milliseconds of any clock; `undefined`: all. What is not published then, is told of again. */
  take(now: number): readonly LeaseOwner[] | undefined {
    const told = [...this.#told.values()];
    this.#told.clear();
    if (!this.#wholeIsDue && now - this.#wholeAt < wholeEvery) return told;
    this.#wholeIsDue = false;
    this.#wholeAt = now;
    return undefined;
  }
}
