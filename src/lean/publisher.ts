/** src/kube/publisher.ts for the lean engine: the full runtime is asked, for the call has acted by then. Starts a process. */
import type { Files, Log, Publisher } from '../attach/ports';
import type { AccessPlace } from '../kube/access';
import type { PublisherOptions } from '../kube/publisher';
import { askFull } from './full';

/** As of src/kube/publisher.ts. */
export const briefPatience = { request: 1000, total: 1500, pause: 50 } as const;

const longest = 10_000; // ms: it gives up by itself before

/** As of src/kube/publisher.ts. */
export const createPublisher = (place: AccessPlace, _: Files, log: Log, options: PublisherOptions): Publisher => ({
  writeStatus: async (...given) =>
    (await askFull('publisher.writeStatus', { place, options, given }, longest, log)) as Awaited<
      ReturnType<Publisher['writeStatus']>
    >,
  writeEvent: async (...given) => void (await askFull('publisher.writeEvent', { place, options, given }, longest, log)),
});
