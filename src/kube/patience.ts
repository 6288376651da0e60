/** How long the API server is waited for. Pure. */

/** How long to try, in milliseconds. */
export interface Patience {
  /** One request, from connecting to the last byte. */
  readonly request: number;
  /** From the first request of this client on: none begins later. */
  readonly total: number;
  /** Before the second try; doubled for each further one, up to 2 s. */
  readonly pause: number;
  /** Whoever waits has to end: what is under way fails, and nothing is tried any more. */
  readonly ending?: AbortSignal;
}

/** At most 20 s together: kubelet itself waits minutes, but a call that waits holds a place in the runtime's queue. */
export const usualPatience: Patience = { request: 5000, total: 15_000, pause: 100 };

/** For a call of a runtime: what could not be written is written later. */
export const publishPatience: Patience = { request: 1000, total: 1500, pause: 50 };
