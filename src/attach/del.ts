/** DEL: takes back what the record says was attached, every step tried. Acts through the edges. */
import { type CniError, placed, toCniError } from '../error';
import type { ContainerId, IfName, NetnsPath } from '../net/names';
import { delChain, type Sandbox } from './chain';
import { endIsolation } from './isolation';
import type { Edges, Netns } from './ports';
import type { AttachRecord, RecordedAttachment } from './record';
import { inSandbox } from './sandbox';

/** What a runtime says at DEL: which sandbox, and the namespace if it still has one. */
export interface DelRequest {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
  readonly netns: NetnsPath | undefined;
  readonly pod?: AttachRecord['pod'];
}

/**
 * Detaches a sandbox. Success when nothing is recorded, and when nothing of ours is left in the pod:
 * what could not be taken back stays recorded for GC. Throws the first failure when the pod still has a link of ours.
 */
export async function delAll({ containerId, ifName, netns, pod: ofPod }: DelRequest, edges: Edges): Promise<void> {
  await edges.records.locked(containerId, async () => {
    const record = await findReadable(containerId, ifName, edges);
    if (record === undefined) return edges.records.delete({ containerId, ifName }, ofPod); // half a file of a killed call
    await inSandbox(netns, record, edges, async (sandbox) => {
      const left = await delRecorded(record, sandbox, edges);
      if (left.length > 0 && sandbox.pod !== undefined && (await hasLinks(record, sandbox.pod))) throw left[0];
    });
  });
}

/** Takes back every attachment, last one first, and keeps only what failed in the record. Returns the failures. */
export async function delRecorded(record: AttachRecord, sandbox: Sandbox, edges: Edges): Promise<readonly CniError[]> {
  const outcomes: Outcome[] = [];
  for (const attachment of record.attachments.toReversed()) {
    const links = new Set<IfName>();
    const problems = await delChain(attachment, sandbox, edges, links);
    outcomes.unshift({ attachment, links, problems: [...problems, ...(await joined(attachment, sandbox))] });
  }
  const failed = (await withLinksDeleted(outcomes, sandbox)).filter(({ problems }) => problems.length > 0);
  const failures = failed.flatMap(({ attachment: { network, ifName }, problems }) =>
    problems.map((problem) => placed(problem, { network, ifName })),
  );
  if (failed.length === 0) await edges.records.delete(record, record.pod);
  else {
    const left = failed.map(({ attachment, problems }) => ({
      ...attachment,
      failure: problems.map(toText).join('; '),
    }));
    await edges.records.save({ ...record, attachments: left, result: undefined });
    edges.log.warn(
      { containerId: record.containerId, left: failures.map(({ message }) => message) },
      'could not detach everything; GC will retry',
    );
  }
  return failures;
}

/** The rules that isolate an attachment go; what failed is returned. */
async function joined(
  { isDefault, isolated, ifName }: RecordedAttachment,
  { pod }: Sandbox,
): Promise<readonly CniError[]> {
  if (pod === undefined || isDefault || !isolated) return [];
  try {
    await endIsolation(pod, ifName);
    return [];
  } catch (error) {
    return [toCniError(error)];
  }
}

/** For people who look at what is left: `braid list`. */
function toText({ reason, message }: CniError): string {
  return `${reason}: ${message}`.slice(0, 300); // a delegate may have printed megabytes
}

/** How the DEL of one attachment went, and the links of the pod that are left to delete for it. */
interface Outcome {
  readonly attachment: RecordedAttachment;
  readonly links: ReadonlySet<IfName>;
  readonly problems: readonly CniError[];
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

/**
 * Takes back what can be found without a record: reservations of that container, in every store Braid ever used. Its
 * links go with its namespace. Returns what failed; the file goes only when nothing did.
 */
export async function delUnreadable(
  containerId: ContainerId,
  ifName: IfName,
  edges: Edges,
): Promise<CniError | undefined> {
  try {
    const freed = await edges.leases.releaseContainer(containerId);
    await edges.records.delete({ containerId, ifName }, undefined);
    edges.log.warn({ containerId, freed }, 'detached a container whose record was unreadable');
    return undefined;
  } catch (error) {
    return toCniError(error);
  }
}

/** The record; `undefined` when there is none, or none any more after an unreadable one. */
export async function findReadable(
  containerId: ContainerId,
  ifName: IfName,
  edges: Edges,
): Promise<AttachRecord | undefined> {
  try {
    return await edges.records.find(containerId, ifName);
  } catch (error) {
    if (toCniError(error).reason !== 'RecordInvalid') throw error;
    const left = await delUnreadable(containerId, ifName, edges);
    if (left !== undefined) throw left;
    return undefined;
  }
}

async function hasLinks(record: AttachRecord, pod: Netns): Promise<boolean> {
  const links = await Promise.all(record.attachments.map(({ ifName }) => pod.findLink(ifName)));
  return links.some((link) => link !== undefined);
}
