/** A pod's devices: found for its networks, their information handed over and taken back. Acts through the edges. */
import { toCniError } from '../error';
import type { Json } from '../json';
import type { ContainerId } from '../net/names';
import type { Attachment } from '../pod/attachment';
import { assignDevices, type DevicesByResource, infoPath, isEnough, pluginInfoPath, type Taker } from '../pod/devices';
import type { PodIdentity } from '../pod/event';
import type { Edges } from './ports';

/**
 * The networks with their devices. kubelet is asked for what device plugins gave, and only when that is too little, the
 * API server for what was claimed (DRA). DevicesUnavailable when they cannot be asked; DeviceMissing when there are too few.
 */
export async function withDevices<T extends Taker>(
  wanted: readonly T[],
  pod: PodIdentity,
  { devices, log }: Pick<Edges, 'devices' | 'log'>,
): Promise<readonly T[]> {
  const allocated = await devices.allocated(pod);
  const owned = isEnough(wanted, allocated) ? allocated : merge(allocated, await devices.claimed(pod));
  const assigned = assignDevices(wanted, owned);
  return wanted.map((one, at) => {
    const device = assigned[at];
    if (device === undefined && one.resourceName !== undefined)
      log.warn({ network: one.display, resource: one.resourceName }, 'the pod has no device of that resource');
    return device === undefined ? one : { ...one, device };
  });
}

function merge(first: DevicesByResource, second: DevicesByResource): DevicesByResource {
  const merged = new Map(first);
  for (const [name, ids] of second) merged.set(name, [...new Set([...(merged.get(name) ?? []), ...ids])]);
  return merged;
}

/** Before ADD: what the device plugin told about the device lies where the delegate looks. Information only: without it ADD goes on. */
export async function lendInfo(attachment: Attachment, container: ContainerId, edges: Edges): Promise<void> {
  const from = attachment.device && pluginInfoPath(attachment.device);
  if (from === undefined) return;
  try {
    await edges.deviceFiles.copy(from, infoPath(attachment, container));
  } catch (error) {
    edges.log.warn(
      { network: attachment.network, problem: toCniError(error).message },
      'could not hand over what is known of a device',
    );
  }
}

/** After ADD: what is known of the device, for the network status. */
export async function readInfo(
  attachment: Attachment,
  container: ContainerId,
  edges: Edges,
): Promise<Json | undefined> {
  if (attachment.device === undefined) return undefined;
  try {
    return await edges.deviceFiles.read(infoPath(attachment, container));
  } catch (error) {
    edges.log.warn(
      { network: attachment.network, problem: toCniError(error).message },
      'could not read what is known of a device',
    );
    return undefined;
  }
}

/** At DEL: the file goes; already gone is success. */
export async function deleteInfo(attachment: Attachment, container: ContainerId, edges: Edges): Promise<void> {
  if (attachment.device !== undefined) await edges.deviceFiles.delete(infoPath(attachment, container));
}
