/** GC: frees what belongs to sandboxes that are gone. Acts through the edges, only on what Braid's own records name. */
import { type CniError, placed, toCniError } from '../error';
import type { ContainerId, IfName } from '../net/names';
import { braidGroup } from '../net/vlan';
import { findReadable } from './del';
import { delRecorded } from './detach';
import { deleteOwn, releaseHostLinks } from './host-links';
import type { Edges } from './ports';
import type { AttachRecord } from './record';
import { inSandbox, whySandboxGone } from './sandbox';

/** An attachment of the runtime: a container and the interface of its default network. */
export interface SandboxName {
  readonly containerId: ContainerId;
  readonly ifName: IfName;
}

/** Which sandboxes are gone, and whether anything is to be done about it. */
export interface GcRequest {
  /** What the runtime still has; undefined: it does not say, so a sandbox must be provably gone. */
  readonly valid: readonly SandboxName[] | undefined;
  /** Only tell what would go. */
  readonly dryRun: boolean;
}

/** Something that goes, and why. */
export interface Finding extends Partial<SandboxName> {
  readonly what: 'attachment' | 'record' | 'link' | 'file';
  readonly subject: string; // networks, or a path
  readonly why: string;
}

/** What GC did; with `dryRun`, what it would have tried. */
export interface GcReport {
  readonly freed: readonly Finding[];
  readonly failed: readonly (Finding & { readonly error: CniError })[];
}

/**
 * Frees every sandbox that is gone, then what killed calls left behind. Each one is tried; failures are reported, not
 * thrown. What the cluster is still to be told of the others is told then.
 */
export async function gcAll(request: GcRequest, edges: Edges): Promise<GcReport> {
  const freed: Finding[] = [];
  const failed: (Finding & { error: CniError })[] = [];
  for (const one of await candidates(request, edges)) {
    const outcome = await free(one, request, edges);
    if (outcome === 'alive') continue;
    if (outcome === undefined) freed.push(one.finding);
    else failed.push({ ...one.finding, error: outcome });
  }
  freed.push(...(await freeHostLinks(request, edges)));
  const files = request.dryRun ? [] : await edges.records.deleteLeftovers();
  if (!request.dryRun && edges.publisher !== undefined) {
    const { publishPending } = await import('./publish');
    await publishPending(edges);
  }
  return {
    freed: [...freed, ...files.map((path): Finding => ({ what: 'file', subject: path, why: 'a killed call left it' }))],
    failed,
  };
}

/** What a GC would try to free now, only looked for: no lock is taken, so an ADD or DEL that runs meanwhile may be among it. */
export async function findGone(edges: Edges): Promise<readonly Finding[]> {
  const request: GcRequest = { valid: undefined, dryRun: true };
  const found = await candidates(request, edges);
  return [...found.map(({ finding }) => finding), ...(await freeHostLinks(request, edges))];
}

interface Candidate {
  readonly name: SandboxName;
  readonly finding: Finding;
}

async function candidates(request: GcRequest, edges: Edges): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  const { whole, broken } = await edges.records.everything();
  for (const record of whole) {
    const why = await whyGone(record, request, edges);
    if (why !== undefined) found.push({ name: record, finding: toFinding(record, why) });
  }
  for (const { containerId, ifName, error } of broken) {
    const name = { containerId, ifName };
    const why = await whyUnreadableGone(name, request, edges);
    const finding: Finding = { what: 'record', ...name, subject: error.problem, why: why ?? '' };
    if (why !== undefined) found.push({ name, finding });
  }
  return found;
}

/** Under the container's lock everything is looked at anew: its ADD or DEL may have ended meanwhile. */
function free({ name }: Candidate, request: GcRequest, edges: Edges): Promise<CniError | 'alive' | undefined> {
  const { containerId, ifName } = name;
  return edges.records.locked(containerId, async () => {
    try {
      const record = await findReadable(containerId, ifName, edges);
      const why =
        record === 'unreadable'
          ? await whyUnreadableGone(name, request, edges)
          : record && (await whyGone(record, request, edges));
      if (record === undefined || why === undefined) return 'alive';
      if (request.dryRun) return undefined;
      return record === 'unreadable' ? await freeUnreadable(name, edges) : await freeRecorded(record, edges);
    } catch (error) {
      return toCniError(error);
    }
  });
}

async function freeRecorded(record: AttachRecord, edges: Edges): Promise<CniError | undefined> {
  const [first] = await inSandbox(undefined, record, edges, (sandbox) => delRecorded(record, sandbox, edges));
  return first === undefined ? undefined : placed(first, {});
}

async function freeUnreadable(name: SandboxName, edges: Edges): Promise<CniError | undefined> {
  const { delUnreadable } = await import('./unreadable');
  return (await delUnreadable(name, undefined, edges)).failure;
}

/** As whyGone, of a record that tells no more than whose sandbox it is, if that. */
async function whyUnreadableGone(
  name: SandboxName,
  request: Pick<GcRequest, 'valid'>,
  edges: Edges,
): Promise<string | undefined> {
  if (request.valid !== undefined) return unlisted(name, request);
  const { record } = (await edges.records.salvage(name.containerId, name.ifName)) ?? {};
  return record && (await whyGone(record, request, edges));
}

/** Why the sandbox is known to be gone; `undefined` when it may be alive. */
async function whyGone(
  record: AttachRecord,
  request: Pick<GcRequest, 'valid'>,
  edges: Edges,
): Promise<string | undefined> {
  if (request.valid !== undefined) return unlisted(record, request);
  return await whySandboxGone(record, edges);
}

/** Shared links of the node: users without a record go, then links of Braid that nobody uses. */
async function freeHostLinks({ dryRun }: GcRequest, edges: Edges): Promise<readonly Finding[]> {
  const { hostLinks, kernel } = edges;
  const links = await hostLinks.all(); // before the records: a user that is there by now has had one since earlier
  const { whole, broken } = await edges.records.everything();
  const recorded = new Set(whole.flatMap(usersOf));
  const unread = new Set(broken.map(({ containerId }) => containerId)); // and perhaps alive
  const found: Finding[] = [];
  for (const { link, users } of links) {
    for (const user of users.filter((one) => !recorded.has(userName(one)) && !unread.has(one.containerId))) {
      if (!dryRun) await releaseHostLinks(user, kernel.host, hostLinks);
      found.push({ what: 'link', ...user, subject: link, why: 'its user has no record' });
    }
  }
  const used = new Set((await hostLinks.all()).filter(({ users }) => users.length > 0).map(({ link }) => link));
  for (const { name, group } of await kernel.host.links()) {
    if (group !== braidGroup || used.has(name)) continue;
    if (!dryRun) await hostLinks.locked(name, () => deleteUnused(name, edges));
    found.push({ what: 'link', subject: name, why: 'nobody uses it' });
  }
  return found;
}

async function deleteUnused(name: IfName, { hostLinks, kernel }: Edges): Promise<void> {
  const used = (await hostLinks.all()).some(({ link, users }) => link === name && users.length > 0);
  if (!used) await deleteOwn(name, kernel.host);
}

function usersOf({ containerId, attachments }: AttachRecord): readonly string[] {
  return attachments.map(({ ifName }) => userName({ containerId, ifName }));
}

function userName({ containerId, ifName }: SandboxName): string {
  return `${containerId} ${ifName}`;
}

function unlisted({ containerId, ifName }: SandboxName, { valid }: Pick<GcRequest, 'valid'>): string | undefined {
  if (valid === undefined) return undefined;
  const listed = valid.some((one) => one.containerId === containerId && one.ifName === ifName);
  return listed ? undefined : 'the runtime does not list it';
}

function toFinding({ containerId, ifName, pod, attachments }: AttachRecord, why: string): Finding {
  const networks = attachments.map(({ network }) => network).join(', ');
  const subject = pod === undefined ? networks : `${pod.namespace}/${pod.name}: ${networks}`;
  return { what: 'attachment', containerId, ifName, subject, why };
}
