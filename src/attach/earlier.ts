/** What earlier calls for a sandbox or its pod left: a result that still holds, or something to take back. Acts through the edges. */
import type { IfName } from '../net/names';
import type { LiveSandbox, Sandbox } from './chain';
import { isHeld } from './check';
import { findReadable } from './del';
import { delRecorded } from './detach';
import type { Edges } from './ports';
import type { AttachedRecord, AttachRecord } from './record';
import { inSandbox, isAnother, whySandboxGone } from './sandbox';

/** A pod whose sandbox died gets a new one: what the dead one held (a static address, say) must be free for it. */
export async function freeDeadSandbox(pod: AttachRecord['pod'], { containerId }: Sandbox, edges: Edges): Promise<void> {
  const last = pod === undefined ? undefined : await edges.records.findOfPod(pod);
  if (last === undefined || last.containerId === containerId) return;
  await edges.records.locked(last.containerId, async () => {
    const record = await findReadable(last.containerId, last.ifName, edges);
    if (record === 'unreadable')
      return edges.log.warn({ ...last }, 'cannot use the record of the pod’s earlier sandbox');
    if (record === undefined || (await whySandboxGone(record, edges)) === undefined) return;
    await delRecorded(record, { containerId: record.containerId, netns: undefined, pod: undefined }, edges);
  });
}

/** The record of an earlier ADD whose result the kernel still holds; what an ADD left half done is taken away. */
export async function findHeld(
  sandbox: LiveSandbox,
  ifName: IfName,
  edges: Edges,
): Promise<AttachedRecord | undefined> {
  const record = await findReadable(sandbox.containerId, ifName, edges);
  if (record === undefined) return undefined;
  if (record === 'unreadable') {
    const { delUnreadable } = await import('./unreadable');
    const { failure } = await delUnreadable({ containerId: sandbox.containerId, ifName }, sandbox.netns, edges);
    if (failure !== undefined) throw failure;
  } else if (isAnother(sandbox.pod, record, edges))
    await inSandbox(undefined, record, edges, (earlier) => delWhole(record, earlier, edges));
  else if (record.result !== undefined && (await isHeld(record, sandbox, edges)))
    return { ...record, result: record.result };
  else await delWhole(record, sandbox, edges);
  return undefined;
}

async function delWhole(record: AttachRecord, sandbox: Sandbox, edges: Edges): Promise<void> {
  const [failure] = await delRecorded(record, sandbox, edges);
  if (failure !== undefined) throw failure;
}
