/** DEL: takes back what the record says was attached, every step tried. Acts through the edges. */
import { toCniError } from '../error';
import type { ContainerId, IfName, NetnsPath } from '../net/names';
import { delRecorded, hasLinks } from './detach';
import type { Edges } from './ports';
import type { AttachRecord } from './record';
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
  const owner = { containerId, ifName };
  await edges.records.locked(containerId, async () => {
    const record = await findReadable(containerId, ifName, edges);
    if (record === 'unreadable') {
      const { delUnreadable } = await import('./unreadable');
      const { failure, isVisible } = await delUnreadable(owner, netns, edges);
      if (failure === undefined)
        await edges.records.delete(owner, ofPod); // the hint that leads from the pod to it
      else if (isVisible) throw failure;
    } else if (record === undefined)
      await edges.records.delete(owner, ofPod); // half a file of a killed call
    else
      await inSandbox(netns, record, edges, async (sandbox) => {
        const [failure] = await delRecorded(record, sandbox, edges);
        if (failure !== undefined && (await hasLinks(record, sandbox.pod))) throw failure;
      });
  });
}

/** The record; `undefined` when there is none. */
export async function findReadable(
  containerId: ContainerId,
  ifName: IfName,
  edges: Edges,
): Promise<AttachRecord | 'unreadable' | undefined> {
  try {
    return await edges.records.find(containerId, ifName);
  } catch (error) {
    if (toCniError(error).reason !== 'RecordInvalid') throw error;
    return 'unreadable';
  }
}
