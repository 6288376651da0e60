/** Refuses a static address that another running pod of this node has: `static` itself remembers nothing. Reads records. */
import { fail } from '../error';
import { addressOf } from '../net/ip';
import { findHolder, type Holder, staticAddresses } from '../pod/independence';
import type { Edges } from './ports';
import type { AttachRecord } from './record';
import { whySandboxGone } from './sandbox';

/**
 * AddressTaken names the pod. The record of the ADD must be on disk, so that of two at once each sees the other: the one
 * that began earlier gets the address. `"shared": true` in the ipam section is for addresses that several pods share.
 */
export async function requireFreeAddresses(record: AttachRecord, edges: Edges): Promise<void> {
  const wanted = record.attachments
    .map((each) => ({ ...each, addresses: staticAddresses(each) }))
    .filter(({ addresses }) => addresses.length > 0);
  if (wanted.length === 0) return;
  const others = (await edges.records.all()).filter((other) => isBefore(other, record));
  for (const one of wanted)
    for (const other of others) {
      const found = findHolder(one, [toHolder(other)]);
      if (found === undefined || (await whySandboxGone(other, edges)) !== undefined) continue;
      fail('AddressTaken', `Cannot use address ${found.address}: already used by ${found.pod} on this node`, {
        where: { network: one.network, ifName: one.ifName },
      });
    }
}

/** A finished ADD, or one that began earlier; never the container's own. */
function isBefore(other: AttachRecord, own: AttachRecord): boolean {
  if (other.containerId === own.containerId) return false;
  if (other.result !== undefined) return true;
  return other.createdAt === own.createdAt ? other.containerId < own.containerId : other.createdAt < own.createdAt;
}

function toHolder({ pod, containerId, attachments }: AttachRecord): Holder {
  return {
    pod: pod === undefined ? `container ${containerId}` : `pod ${pod.namespace}/${pod.name}`,
    attachments: attachments.map((each) => ({
      ...each,
      addresses: each.result?.ips.map(({ address }) => addressOf(address)) ?? staticAddresses(each), // not yet, but soon
    })),
  };
}
