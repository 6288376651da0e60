/** Finds the namespace of a recorded sandbox, and no other's. Reads through the edges. */
import { toCniError } from '../error';
import type { NetnsPath } from '../net/names';
import type { Sandbox } from './chain';
import type { Edges, Netns } from './ports';
import type { AttachRecord } from './record';

/**
 * Works on the sandbox of a record: its namespace at the path that the runtime names, else at the recorded one; without
 * one when it is gone, or when nobody can tell that what is there is the sandbox's.
 */
export async function inSandbox<T>(
  netns: NetnsPath | undefined,
  record: AttachRecord,
  edges: Edges,
  work: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const sandbox = await findSandbox(netns, record, edges);
  try {
    return await work(sandbox);
  } finally {
    sandbox.pod?.close();
  }
}

/** Why the recorded sandbox is known to be gone; `undefined` when it may be alive. */
export async function whySandboxGone(record: AttachRecord, edges: Edges): Promise<string | undefined> {
  if (record.bootId !== edges.bootId) return 'the node was restarted since';
  const pod = await findUnlessNode(record.netns, edges);
  if (pod === undefined) return `its namespace ${record.netns} is gone`;
  try {
    return isAnother(pod, record, edges) ? `another namespace is at ${record.netns} by now` : undefined;
  } finally {
    pod.close();
  }
}

/** Whether a namespace is known to be another one than the recorded sandbox's, whatever its path. */
export function isAnother(pod: Netns, { netnsId, bootId }: AttachRecord, edges: Edges): boolean {
  return netnsId !== undefined && bootId === edges.bootId && pod.identity !== netnsId;
}

/** A path of an earlier boot, or by process number, may be another sandbox's by now, if the runtime does not say that it is not. */
async function findSandbox(netns: NetnsPath | undefined, record: AttachRecord, edges: Edges): Promise<Sandbox> {
  const { containerId } = record;
  const doubtful = record.bootId !== edges.bootId || record.netns.startsWith('/proc/');
  let told = netns; // as the runtime said, unless something else is there
  for (const path of new Set([netns, doubtful || !mayLookElsewhere(netns, record) ? undefined : record.netns])) {
    if (path === undefined) continue;
    const pod = await findUnlessNode(path, edges);
    if (pod === undefined) continue;
    if (isSandboxOrClose(pod, record, edges)) return { containerId, netns: path, pod };
    if (path === netns) told = undefined;
  }
  return { containerId, netns: told, pod: undefined };
}

/** Whether it may be the sandbox's. Any other, and one that cannot be asked, is closed. */
function isSandboxOrClose(pod: Netns, record: AttachRecord, edges: Edges): boolean {
  let is = false;
  try {
    is = !isAnother(pod, record, edges);
  } finally {
    if (!is) pod.close();
  }
  return is;
}

/** Where the runtime names a path, only a sandbox that can be told from others is looked for at the recorded one. */
function mayLookElsewhere(netns: NetnsPath | undefined, { netnsId }: AttachRecord): boolean {
  return netns === undefined || netnsId !== undefined;
}

/** The namespace at that path; `undefined` when there is none, or the node's own: no sandbox is in there. */
async function findUnlessNode(path: NetnsPath, edges: Edges): Promise<Netns | undefined> {
  try {
    return await edges.kernel.find(path);
  } catch (error) {
    if (toCniError(error).reason === 'NetnsSame') return undefined;
    throw error;
  }
}
