/** src/kube/publisher.ts for the lean engine: the full runtime is asked, for the call has acted by then. Starts a process. */
import type { Files, Log, Publisher } from '../attach/ports';
import type { Outcome, PublisherCall } from '../bin/asked';
import type { AccessPlace } from '../kube/access';
import type { PublisherOptions } from '../kube/publisher';
import { askFull, resultOf } from './full';

const longest = 10_000; // ms: it gives up by itself before

/** As of src/kube/publisher.ts. What is published at one moment, a status and Events say, is asked of one process. */
export function createPublisher(place: AccessPlace, _: Files, log: Log, options: PublisherOptions): Publisher {
  let waiting: { readonly calls: PublisherCall[]; readonly outcomes: Promise<readonly Outcome[]> } | undefined;
  const askSoon = async (calls: readonly PublisherCall[]): Promise<readonly Outcome[]> => {
    await new Promise((resolve) => setTimeout(resolve, 0)); // others of this moment come first
    waiting = undefined;
    return (await askFull('publish', { place, options, calls }, longest, log)) as readonly Outcome[];
  };
  const publish = async (call: PublisherCall): Promise<unknown> => {
    if (waiting === undefined) {
      const calls: PublisherCall[] = [];
      waiting = { calls, outcomes: askSoon(calls) };
    }
    const { calls, outcomes } = waiting;
    const at = calls.push(call) - 1;
    return resultOf((await outcomes)[at] ?? {});
  };
  return {
    writeStatus: async (...given) =>
      (await publish({ method: 'writeStatus', given })) as Awaited<ReturnType<Publisher['writeStatus']>>,
    writeEvent: async (...given) => void (await publish({ method: 'writeEvent', given })),
  };
}
