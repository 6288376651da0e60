/** An Event as the API has it (core/v1, which kubectl describe shows), and how often one is counted. Pure. */
import { isRecord, type Json } from '../json';
import type { PodEvent } from '../pod/event';

const component = 'braid';

/** Its first appearance. */
export function toEventObject({ pod, type, reason, message, name }: PodEvent, node: string, time: Date): Json {
  const { namespace, uid } = pod;
  const at = toTime(time);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name: pod.name, ...(uid !== undefined && { uid }) },
    type,
    reason,
    message,
    source: { component, host: node },
    reportingComponent: component,
    reportingInstance: node,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  };
}

const burst = 25;
const secondsEach = 300;

/** Client-go's limit for Events of one object: 25 at once, then one every five minutes. */
export function mayCount(event: unknown, time: Date): boolean {
  const { count, first } = seen(event);
  return count < burst + Math.floor((time.getTime() - first) / 1000 / secondsEach);
}

/** One more of the same. With the version that was read: of two that count at once, one does. */
export function toCountPatch(event: unknown, { message }: PodEvent, time: Date): Json {
  const metadata = isRecord(event) && isRecord(event.metadata) ? event.metadata : {};
  const { resourceVersion } = metadata;
  return { metadata: { resourceVersion }, count: seen(event).count + 1, lastTimestamp: toTime(time), message };
}

function seen(event: unknown): { readonly count: number; readonly first: number } {
  const { count, firstTimestamp } = isRecord(event) ? event : {};
  const first = typeof firstTimestamp === 'string' ? Date.parse(firstTimestamp) : Number.NaN;
  return { count: typeof count === 'number' ? count : 1, first: Number.isNaN(first) ? 0 : first };
}

/** metav1.Time: whole seconds. */
function toTime(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z');
}
