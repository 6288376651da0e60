/** Takes back the attachments of a record, and keeps what could not be taken back. Acts through the edges. */
import { type CniError, placed, toCniError } from '../error';
import type { IfName } from '../net/names';
import { delChain, type Sandbox } from './chain';
import { type Failure, failureOf, withFailure } from './history';
import { endIsolation } from './isolation';
import type { Edges, Netns } from './ports';
import type { AttachRecord, RecordedAttachment } from './record';

/** An attachment that is not gone, and why. */
export interface Failed {
  readonly attachment: RecordedAttachment;
  readonly problems: readonly CniError[];
}

/** Takes back every attachment, last one first, and keeps only what failed in the record. Returns the failures. */
export async function delRecorded(record: AttachRecord, sandbox: Sandbox, edges: Edges): Promise<readonly CniError[]> {
  return await keepFailed(record, await detachAll(record, sandbox, edges), edges);
}

/**
 * Takes back every attachment, last one first; the record stays as it is. Returns those that are not gone. The kernel takes
 * its time over deleted links: those of the attachments so far go while a foreign delegate works, the others together.
 */
export async function detachAll(record: AttachRecord, sandbox: Sandbox, edges: Edges): Promise<readonly Failed[]> {
  const gone: Outcome[] = [];
  let pending: readonly Outcome[] = [];
  const endPending = async (): Promise<void> => {
    const outcomes = pending;
    pending = [];
    gone.unshift(...(await withLinksDeleted(await withIsolationEnded(outcomes, sandbox), sandbox)));
  };
  for (const attachment of record.attachments.toReversed()) {
    const links = new Set<IfName>();
    const end = edges.meter.begin(attachment.network);
    const problems = [
      ...(await delChain(attachment, sandbox, edges, links, endPending)),
      ...(await returned(attachment, sandbox, edges)),
    ];
    end(problems[0]?.reason);
    pending = [{ attachment, links, problems }, ...pending];
  }
  await endPending();
  return gone.filter(({ problems }) => problems.length > 0);
}

/** Writes down what is left and why; deletes the record when nothing is. Returns the failures, each with its place. */
export async function keepFailed(
  record: AttachRecord,
  failed: readonly Failed[],
  edges: Edges,
  verb: Failure['verb'] = 'DEL',
): Promise<readonly CniError[]> {
  const failures = failed.flatMap(({ attachment: { network, ifName }, problems }) =>
    problems.map((problem) => placed(problem, { network, ifName })),
  );
  if (failed.length === 0) await edges.records.delete(record, record.pod);
  else {
    const attachments = failed.map(({ attachment, problems }) => ({
      ...attachment,
      failure: problems.map(toText).join('; '),
    }));
    const [first] = failures;
    const noted =
      first === undefined ? {} : { failures: withFailure(record.failures, failureOf(verb, first, edges.now())) };
    await edges.records.save({ ...record, ...noted, attachments, result: undefined });
    edges.log.warn(
      { containerId: record.containerId, left: failures.map(({ message }) => message) },
      'could not detach everything; GC will retry',
    );
  }
  return failures;
}

/** Whether the pod still has a link of one of the attachments. */
export async function hasLinks({ attachments }: AttachRecord, pod: Netns | undefined): Promise<boolean> {
  if (pod === undefined) return false;
  const links = await Promise.all(attachments.map(({ ifName }) => pod.findLink(ifName)));
  return links.some((link) => link !== undefined);
}

/** What was told about a device goes; what failed is returned. */
async function returned(attachment: RecordedAttachment, sandbox: Sandbox, edges: Edges): Promise<readonly CniError[]> {
  if (attachment.device === undefined) return [];
  try {
    const { deleteInfo } = await import('./devices');
    await deleteInfo(attachment, sandbox.containerId, edges);
    return [];
  } catch (error) {
    return [toCniError(error)];
  }
}

/** For people who look at what is left: `braid list`. */
export function toText({ reason, message }: CniError): string {
  return `${reason}: ${message}`.slice(0, 300); // a delegate may have printed megabytes
}

/** How the DEL of one attachment went, and the links of the pod that are left to delete for it. */
interface Outcome extends Failed {
  readonly links: ReadonlySet<IfName>;
}

/** The rules that isolate the attachments go together. */
async function withIsolationEnded(outcomes: readonly Outcome[], { pod }: Sandbox): Promise<readonly Outcome[]> {
  const isolated = outcomes.filter(({ attachment }) => !attachment.isDefault && attachment.isolated);
  if (pod === undefined || isolated.length === 0) return outcomes;
  const problems = await endIsolation(
    pod,
    isolated.map(({ attachment }) => attachment.ifName),
  );
  return outcomes.map((one) => {
    const problem = problems.get(one.attachment.ifName);
    return problem === undefined ? one : { ...one, problems: [...one.problems, problem] };
  });
}

/** Deletes the links of all attachments together; when that fails, one by one, so that each failure has its place. */
async function withLinksDeleted(outcomes: readonly Outcome[], { pod }: Sandbox): Promise<readonly Outcome[]> {
  const names = outcomes.flatMap(({ links }) => [...links]);
  if (pod === undefined || names.length === 0) return outcomes;
  try {
    await pod.deleteLinks(names);
    return outcomes;
  } catch {
    return await Promise.all(
      outcomes.map(async (one) => ({ ...one, problems: [...one.problems, ...(await deleteEach(one.links, pod))] })),
    );
  }
}

async function deleteEach(links: ReadonlySet<IfName>, pod: Netns): Promise<readonly CniError[]> {
  const problems: CniError[] = [];
  for (const name of links) await pod.deleteLink(name).catch((error) => problems.push(toCniError(error)));
  return problems;
}
