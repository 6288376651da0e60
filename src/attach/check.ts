/** CHECK: compares every recorded attachment with the kernel, each against its own result. Reads through the edges. */
import { isAtLeast } from '../cni/version';
import { fail, placed, toCniError } from '../error';
import type { ContainerId, IfName } from '../net/names';
import { checkChain, type LiveSandbox } from './chain';
import { checkIsolation } from './isolation';
import type { Edges } from './ports';
import type { AttachRecord, RecordedAttachment } from './record';
import { checkDecidedRoutes } from './verify';

/** CheckFailed names the network, the interface, what was expected and what is there. */
export async function checkAll(
  sandbox: LiveSandbox,
  containerId: ContainerId,
  ifName: IfName,
  edges: Edges,
): Promise<void> {
  const record = await edges.records.find(containerId, ifName);
  if (record?.result === undefined)
    return fail('CheckFailed', `Cannot check container ${containerId}: no finished ADD is recorded for ${ifName}`);
  for (const attachment of record.attachments) await checkOne(attachment, sandbox, edges);
}

/** Whether the kernel still holds what a finished ADD recorded: every link is there, and CHECK would succeed. */
export async function isHeld(
  { attachments, result }: AttachRecord,
  sandbox: LiveSandbox,
  edges: Edges,
): Promise<boolean> {
  if (result === undefined) return false;
  try {
    for (const attachment of attachments) {
      const has = (await sandbox.pod.findLink(attachment.ifName)) !== undefined;
      if (!has && showsLink(attachment)) return false;
      await checkOne(attachment, sandbox, edges);
    }
    return true;
  } catch (error) {
    edges.log.info({ error: toCniError(error).message }, 'the kernel does not hold the earlier result any more');
    return false;
  }
}

/** A device that was handed to user space has no link in the pod. */
function showsLink({ result, ifName }: RecordedAttachment): boolean {
  return result?.interfaces.some(({ name, sandbox }) => name === ifName && (sandbox ?? '') !== '') ?? false;
}

/** Networks below version 0.4.0 have no CHECK, and a list may switch it off: both count as success. */
async function checkOne(attachment: RecordedAttachment, sandbox: LiveSandbox, edges: Edges): Promise<void> {
  const { network, ifName, cniVersion, disableCheck, isDefault, isolated, routes } = attachment;
  if (disableCheck || !isAtLeast(cniVersion, '0.4.0')) return;
  try {
    await checkChain(attachment, sandbox, edges);
    const has = (await sandbox.pod.findLink(ifName)) !== undefined; // a delegate of others may make none, and has then passed
    if (!has || isDefault) return;
    await checkDecidedRoutes(sandbox.pod, routes ?? []);
    if (isolated) await checkIsolation(sandbox.pod, ifName);
  } catch (error) {
    throw placed(error, { network, ifName });
  }
}
