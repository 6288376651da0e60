/** Takes back what can be found of a sandbox whose record cannot be used. Acts through the edges. */
import { CniError } from '../error';
import type { ContainerId, IfName, NetnsPath } from '../net/names';
import { detachAll, type Failed, hasLinks, keepFailed } from './detach';
import { releaseHostLinks } from './host-links';
import type { Edges } from './ports';
import type { AttachRecord } from './record';
import { inSandbox } from './sandbox';

/** Whose record it is, by the file's name. */
interface Owner {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
}

/** What is left to do. */
export interface Left {
  readonly failure: CniError | undefined; // undefined: nothing
  readonly isVisible: boolean; // the pod still has a link of ours
}

/**
 * Takes back the attachments that can be read of it, then the container's reservations in every store that Braid ever
 * used, and its use of shared links; what else there was goes with its namespace. What failed stays recorded. A record of
 * which only a newer Braid understands the rest stays as it is.
 */
export async function delUnreadable(owner: Owner, netns: NetnsPath | undefined, edges: Edges): Promise<Left> {
  const { containerId } = owner;
  const { record, isWhole = true, isNewer = false } = (await edges.records.salvage(containerId, owner.ifName)) ?? {};
  const { failed, isVisible } =
    record === undefined ? { failed: [], isVisible: false } : await detachIn(netns, record, edges);
  const freed = await edges.leases.releaseContainer(containerId);
  await releaseLinksOf(containerId, edges);
  const networks = record?.attachments.map(({ network }) => network);
  edges.log.warn({ containerId, freed, networks }, 'detached a container whose record could not be used');
  if (isNewer && !isWhole) return { failure: newer(owner), isVisible };
  if (record === undefined) await edges.records.delete(owner, undefined);
  const [failure] = record === undefined ? [] : await keepFailed(record, failed, edges);
  return { failure, isVisible };
}

function detachIn(
  netns: NetnsPath | undefined,
  record: AttachRecord,
  edges: Edges,
): Promise<{ readonly failed: readonly Failed[]; readonly isVisible: boolean }> {
  return inSandbox(netns, record, edges, async (sandbox) => {
    const failed = await detachAll(record, sandbox, edges);
    return { failed, isVisible: failed.length > 0 && (await hasLinks(record, sandbox.pod)) };
  });
}

/** GC would find the links, too, but not before the next one. */
async function releaseLinksOf(container: ContainerId, { hostLinks, kernel }: Edges): Promise<void> {
  const users = (await hostLinks.all()).flatMap((link) => link.users);
  const interfaces = new Set(users.filter((user) => user.containerId === container).map(({ ifName }) => ifName));
  for (const ifName of interfaces) await releaseHostLinks({ containerId: container, ifName }, kernel.host, hostLinks);
}

function newer({ containerId, ifName }: Owner): CniError {
  return new CniError(
    'RecordInvalid',
    `Cannot take back all of container ${containerId}, interface ${ifName}: a newer Braid wrote its record, and this one does not understand all of it; run "braid gc" of that Braid`,
  );
}
