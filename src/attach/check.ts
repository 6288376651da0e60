/** CHECK: compares every recorded attachment with the kernel, each against its own result. Reads through the edges. */
import { isAtLeast } from '../cni/version';
import { fail, placed } from '../error';
import type { ContainerId, IfName } from '../net/names';
import { checkChain, type LiveSandbox } from './chain';
import { checkIsolation } from './isolation';
import type { Edges } from './ports';
import type { RecordedAttachment } from './record';

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

/** Networks below version 0.4.0 have no CHECK, and a list may switch it off: both count as success. */
async function checkOne(attachment: RecordedAttachment, sandbox: LiveSandbox, edges: Edges): Promise<void> {
  const { network, ifName, cniVersion, disableCheck, isDefault, isolated } = attachment;
  if (disableCheck || !isAtLeast(cniVersion, '0.4.0')) return;
  try {
    await checkChain(attachment, sandbox, edges);
    const has = (await sandbox.pod.findLink(ifName)) !== undefined; // a delegate of others may make none, and has then passed
    if (has && !isDefault && isolated) await checkIsolation(sandbox.pod, ifName);
  } catch (error) {
    throw placed(error, { network, ifName });
  }
}
