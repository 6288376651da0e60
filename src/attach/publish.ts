/** Tells the cluster what pods got: status and Events, now or from the records later. Acts through the edges; never throws. */
import { type CniError, toCniError } from '../error';
import { attachedEvents, failedEvent, ignoredEvent, type PodEvent, type PodIdentity } from '../pod/event';
import { type Attached, toStatus } from '../pod/status';
import type { Edges, LeaseOwner, Publisher, Records } from './ports';
import type { AttachRecord } from './record';

/** How a round went, in numbers of sandboxes. */
export interface PublishReport {
  readonly published: number;
  /** Nobody is to be told any more: another pod has the name, or the pod has a newer sandbox. */
  readonly dropped: number;
  /** Still to be published, with the first one's error; undefined: the pods are not known to the cluster yet. */
  readonly left: readonly LeaseOwner[];
  readonly error: CniError | undefined;
}

type Outcome = 'written' | 'dropped' | 'missing' | CniError;

const mostUnanswered = 3; // by then it is the API server, not what one pod's admission hooks make of it

/**
 * Publishes what the records say is not published yet and notes in each record how it went: new ones first, then those
 * that failed before, oldest first. Ends when the API server cannot be asked: the others would wait in vain as well.
 * For the agent (when it is `told` of some records, and on a timer) and for GC.
 */
export async function publishPending(
  edges: Pick<Edges, 'records' | 'publisher' | 'log'>,
  told?: readonly LeaseOwner[],
): Promise<PublishReport> {
  let [published, dropped] = [0, 0];
  const left: LeaseOwner[] = [];
  let error: CniError | undefined;
  const { publisher } = edges;
  const pending = (told === undefined ? await edges.records.all() : await findThose(told, edges.records))
    .filter((record) => record.unpublished !== undefined && record.result !== undefined)
    .toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  let unanswered = 0;
  for (const record of pending) {
    const { containerId, ifName } = record;
    if (publisher === undefined || unanswered === mostUnanswered) left.push({ containerId, ifName });
    else {
      const outcome = await publish(record, publisher, edges.records);
      await edges.records.locked(containerId, () => note(record, outcome, edges));
      if (outcome === 'written') published += 1;
      else if (outcome === 'dropped') dropped += 1;
      else left.push({ containerId, ifName });
      if (typeof outcome === 'string') continue;
      error ??= outcome;
      if (isUnanswered(outcome)) unanswered += 1;
    }
  }
  return { published, dropped, left, error };
}

/** Those that are there. One that cannot be read is told of when all are looked at. */
async function findThose(owners: readonly LeaseOwner[], records: Records): Promise<readonly AttachRecord[]> {
  const found = await Promise.all(
    owners.map(({ containerId, ifName }) => records.find(containerId, ifName).catch(() => undefined)),
  );
  return found.filter((record) => record !== undefined);
}

/** Publishes one, and notes how it went; under its container's lock. */
export async function publishRecord(
  record: AttachRecord,
  publisher: Publisher,
  edges: Pick<Edges, 'records' | 'log'>,
): Promise<void> {
  await note(record, await publish(record, publisher, edges.records), edges);
}

/** After an ADD that failed: an Event on the pod, unless the failure is that the cluster cannot be asked. */
export async function publishFailure(pod: PodIdentity, error: CniError, edges: Telling): Promise<void> {
  if (!isUnanswered(error)) await publishEvent(failedEvent(identityOf(pod), error), edges);
}

/** After an ADD that succeeded: an Event for each thing in the pod's annotations that was passed over. */
export async function publishIgnored(pod: PodIdentity, ignored: readonly string[], edges: Telling): Promise<void> {
  for (const what of ignored) await publishEvent(ignoredEvent(identityOf(pod), what), edges);
}

type Telling = Pick<Edges, 'agent' | 'publisher' | 'log'>;

const identityOf = ({ namespace, name, uid }: PodIdentity): PodIdentity => ({ namespace, name, uid });

/** By the agent; without one, here, once. */
async function publishEvent(event: PodEvent, { agent, publisher, log }: Telling): Promise<void> {
  if ((await agent.tell({ tell: 'event', event })) || publisher === undefined) return;
  await publisher
    .writeEvent(event)
    .catch((cause) =>
      log.warn({ event: event.reason, problem: toCniError(cause).message }, 'could not write an Event'),
    );
}

async function publish(record: AttachRecord, publisher: Publisher, records: Records): Promise<Outcome> {
  const { pod, containerId, ifName } = record;
  if (pod === undefined) return 'dropped';
  const last = await records.findOfPod(pod);
  if (last !== undefined && (last.containerId !== containerId || last.ifName !== ifName)) return 'dropped';
  const attached = attachedOf(record);
  try {
    const written = await publisher.writeStatus(pod, toStatus(attached));
    if (written !== 'written') return written === 'missing' ? 'missing' : 'dropped';
    const events = attachedEvents(pod, attached, `${containerId} ${record.createdAt}`);
    await Promise.all(events.map((event) => publisher.writeEvent(event)));
    return 'written';
  } catch (error) {
    return toCniError(error);
  }
}

function attachedOf({ attachments }: AttachRecord): readonly Attached[] {
  return attachments.flatMap(({ network, ifName, isDefault, result, routes, deviceInfo }) =>
    result === undefined ? [] : { network, ifName, isDefault, result, routes, deviceInfo },
  );
}

/** Writes down how it went; a record that is another one by now is left alone. */
async function note(
  published: AttachRecord,
  outcome: Outcome,
  { records, log }: Pick<Edges, 'records' | 'log'>,
): Promise<void> {
  const { containerId, ifName, createdAt } = published;
  const done = outcome === 'written' || outcome === 'dropped';
  const missing = 'the cluster has no pod of that name yet';
  const problem = done ? undefined : outcome === 'missing' ? missing : outcome.message.slice(0, longestProblem);
  if (!done)
    log.warn({ pod: published.pod, containerId, problem }, 'could not publish the status of a pod; it is tried again');
  if (!done && problem === published.unpublished?.problem) return;
  try {
    const record = await records.find(containerId, ifName);
    if (record?.unpublished === undefined || record.createdAt !== createdAt) return;
    await records.save({ ...record, unpublished: done ? undefined : { problem } });
  } catch (error) {
    log.warn({ containerId, problem: toCniError(error).message }, 'could not note that a status was published');
  }
}

const longestProblem = 300; // characters

/** RFC 3339 in UTC sorts as text. */
function orderOf({ unpublished, createdAt }: AttachRecord): string {
  return `${unpublished?.problem === undefined ? 'new' : 'old'} ${createdAt}`;
}

/** Whether it tells that the API server cannot be asked now, whatever is asked. */
function isUnanswered({ reason }: CniError): boolean {
  const reasons: readonly string[] = ['PodUnavailable', 'ClusterUntrusted', 'KubeconfigInvalid'];
  return reasons.includes(reason);
}
