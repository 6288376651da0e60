/** Devices of a pod: which network gets which, and where its information lies (multus-behaviour.md 3.7, 3.8). Pure. */
import { fail } from '../error';
import type { ContainerId } from '../net/names';
import type { Attachment, Device } from './attachment';

/** Ids of a pod's devices by the name of their resource. */
export type DevicesByResource = ReadonlyMap<string, readonly string[]>;

/** A network in the order of attachment, and the resource that it takes a device of. */
export interface Taker {
  readonly display: string;
  readonly resourceName: string | undefined;
}

/** Whether each network finds its device among these. */
export function isEnough(takers: readonly Taker[], owned: DevicesByResource): boolean {
  return [...wantedCounts(takers)].every(([name, count]) => (owned.get(name)?.length ?? 0) >= count);
}

/**
 * The device of each network, in order: the n-th network of a resource gets its n-th device, sorted by id as Multus sorts
 * them. A pod without any device of that resource gets none: the resource may only say which nodes have the network
 * (bridge-marker). DeviceMissing when it has some, and too few.
 */
export function assignDevices(takers: readonly Taker[], owned: DevicesByResource): readonly (Device | undefined)[] {
  const taken = new Map<string, number>();
  return takers.map(({ display, resourceName }) => {
    const ids = resourceName === undefined ? [] : (owned.get(resourceName) ?? []).toSorted();
    if (resourceName === undefined || ids.length === 0) return undefined;
    const at = taken.get(resourceName) ?? 0;
    taken.set(resourceName, at + 1);
    const id = ids[at];
    if (id !== undefined) return { id, resourceName };
    const problem = `Cannot give a device of ${resourceName}: the pod has ${ids.length}, its networks need ${wantedCounts(takers).get(resourceName)}`;
    return fail('DeviceMissing', problem, { where: { network: display } });
  });
}

function wantedCounts(takers: readonly Taker[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { resourceName } of takers)
    if (resourceName !== undefined) counts.set(resourceName, (counts.get(resourceName) ?? 0) + 1);
  return counts;
}

const infoDirectory = '/var/run/k8s.cni.cncf.io/devinfo';

/** Where a device plugin tells about a device; `undefined` when it is known by its id alone. */
export function pluginInfoPath({ resourceName, id }: Device): string | undefined {
  return resourceName === undefined ? undefined : `${infoDirectory}/dp/${flat(`${resourceName}-${id}-device.json`)}`;
}

/** Where that is handed to the delegate, which may change it. */
export function infoPath({ network, ifName }: Pick<Attachment, 'network' | 'ifName'>, container: ContainerId): string {
  return `${infoDirectory}/cni/${flat(`${network}-${container}_${ifName}`)}`;
}

/** Attachments with a device learn where its information lies, if a delegate declares that it wants to know. */
export function withInfoPaths(attachments: readonly Attachment[], container: ContainerId): readonly Attachment[] {
  return attachments.map((one) =>
    one.device === undefined
      ? one
      : { ...one, capabilities: { ...one.capabilities, CNIDeviceInfoFile: infoPath(one, container) } },
  );
}

/** One file name, whatever is in the parts. */
function flat(name: string): string {
  return name.replaceAll('/', '-');
}
