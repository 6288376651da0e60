/** The cluster as far as it is told something, and the agent, in memory. Touch nothing. */
import type { Agent, News, Publisher } from '../../src/attach/ports';
import type { PodEvent, PodIdentity } from '../../src/pod/event';

/** What a test may look at, and let fail. */
export interface FakePublisher extends Publisher {
  readonly statuses: readonly { readonly pod: PodIdentity; readonly status: string }[];
  readonly events: readonly PodEvent[];
  /** Answers of the next calls of writeStatus, in order; an error is thrown. */
  readonly next: ('missing' | 'another' | Error)[];
  /** Thrown by the next calls of writeEvent. */
  readonly nextEvent: Error[];
}

/** A cluster that takes everything. */
export function fakePublisher(): FakePublisher {
  const statuses: { pod: PodIdentity; status: string }[] = [];
  const events: PodEvent[] = [];
  const next: FakePublisher['next'] = [];
  const nextEvent: Error[] = [];
  return {
    statuses,
    events,
    next,
    nextEvent,
    async writeStatus(pod, status) {
      const answer = next.shift();
      if (answer instanceof Error) throw answer;
      if (answer === undefined) statuses.push({ pod, status });
      return answer ?? 'written';
    },
    async writeEvent(event) {
      const error = nextEvent.shift();
      if (error !== undefined) throw error;
      events.push(event);
    },
  };
}

/** An agent that takes everything while `alive`. */
export function fakeAgent(alive = false): Agent & { alive: boolean; readonly told: readonly News[] } {
  const told: News[] = [];
  return {
    alive,
    told,
    async tell(news) {
      if (this.alive) told.push(news);
      return this.alive;
    },
  };
}
