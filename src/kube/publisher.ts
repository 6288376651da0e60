/** Writes a pod's network-status and Events on it. Asks the API server: patch of pods/status, get of pods, create and patch of events. */
import type { Files, Log, Publisher } from '../attach/ports';
import { fail } from '../error';
import type { PodIdentity } from '../pod/event';
import { statusAnnotation } from '../pod/status';
import { type AccessPlace, readAccess } from './access';
import { type Client, createClient } from './client';
import { mayCount, toCountPatch, toEventObject } from './event';
import type { Patience } from './patience';
import { isSamePod, parsePod } from './pod';

/** By whom and how long it is tried. */
export interface PublisherOptions {
  /** Of this node, as Events show it. */
  readonly node: string;
  /** For each call. */
  readonly patience: Patience;
}

const mostConflicts = 5;

/** Reads the kubeconfig for each call: credentials are renewed, and an agent lives for months. Errors as Client. */
export function createPublisher(place: AccessPlace, files: Files, log: Log, options: PublisherOptions): Publisher {
  const open = async (): Promise<Client> => createClient(await readAccess(place, files), files, options.patience, log);
  return {
    async writeStatus(pod, status) {
      const client = await open();
      const what = `the network status of pod ${pod.namespace}/${pod.name}`;
      let { uid } = pod;
      let problem = '';
      for (let tries = 0; tries < mostConflicts; tries += 1) {
        const metadata = { ...(uid !== undefined && { uid }), annotations: { [statusAnnotation]: status } }; // no other pod's
        const parts = [...podPath(pod), 'status'];
        const outcome = await client.write({ method: 'PATCH', parts, body: { metadata } }, what);
        if (outcome.kind === 'found') return 'written';
        if (outcome.kind === 'missing') return 'missing';
        problem = outcome.problem;
        const value = await client.get(podPath(pod), `pod ${pod.namespace}/${pod.name}`);
        if (value === undefined) return 'missing';
        const found = parsePod(value, pod.namespace, pod.name);
        if (!isSamePod(found, pod.uid)) return 'another';
        uid = found.uid; // a mirror's own
      }
      return fail('PublishFailed', `Cannot write ${what}: ${problem}; tries: ${mostConflicts}`);
    },

    async writeEvent(event) {
      const client = await open();
      const list = ['api', 'v1', 'namespaces', event.pod.namespace, 'events'];
      const what = `Event ${event.reason} of pod ${event.pod.namespace}/${event.pod.name}`;
      const time = new Date();
      const body = toEventObject(event, options.node, time);
      const made = await client.write({ method: 'POST', parts: list, body }, what);
      if (made.kind !== 'conflict' || !event.counted) return; // or the namespace goes, and its Events with it
      const parts = [...list, event.name];
      const now = await client.write({ method: 'PATCH', parts, body: {} }, what); // as a get, which needs one more right
      if (now.kind === 'found' && mayCount(now.value, time))
        await client.write({ method: 'PATCH', parts, body: toCountPatch(now.value, event, time) }, what); // a conflict: another one counts
    },
  };
}

function podPath({ namespace, name }: PodIdentity): readonly string[] {
  return ['api', 'v1', 'namespaces', namespace, 'pods', name];
}
