/** Devices that a pod claimed (DRA, resource.k8s.io/v1), by what their driver publishes about them. Asks the API server. */
import { fail } from '../error';
import { isRecord, type Json } from '../json';
import type { DevicesByResource } from '../pod/devices';
import type { PodIdentity } from '../pod/event';
import type { Client } from './client';

const idAttribute = 'k8s.cni.cncf.io/deviceID';
const resourceAttribute = 'k8s.cni.cncf.io/resourceName';
const group = ['apis', 'resource.k8s.io', 'v1'];

/**
 * The devices of every claim of the pod whose driver names a resource and an id; others (a GPU) are nobody's network.
 * DevicesUnavailable when a claim is not there, or nothing is allocated to it. Throws as Client.get.
 */
export async function findClaimed({ namespace, name }: PodIdentity, client: Client): Promise<DevicesByResource> {
  const found = new Map<string, readonly string[]>();
  const pod = await client.get(['api', 'v1', 'namespaces', namespace, 'pods', name], `pod ${namespace}/${name}`);
  const node = at(pod, 'spec', 'nodeName');
  const slices = new Map<string, readonly unknown[]>();
  for (const claim of claimsOf(pod)) {
    const what = `ResourceClaim ${namespace}/${claim}`;
    const object = await client.get([...group, 'namespaces', namespace, 'resourceclaims', claim], what);
    const results = at(object, 'status', 'allocation', 'devices', 'results');
    if (!Array.isArray(results) || results.length === 0)
      return fail('DevicesUnavailable', `Cannot find the devices of the pod: nothing is allocated to ${what}`);
    for (const result of results.filter(isRecord)) {
      const { driver, pool, device } = result;
      if (typeof driver !== 'string') continue;
      const known = slices.get(driver) ?? (await slicesOf(driver, node, client));
      slices.set(driver, known);
      const { id, resource } = published(known, pool, device);
      if (id !== undefined && resource !== undefined) found.set(resource, [...(found.get(resource) ?? []), id]);
    }
  }
  return found;
}

/** Names of the claims, also of those that stand for an extended resource. */
function claimsOf(pod: unknown): readonly string[] {
  const statuses = at(pod, 'status', 'resourceClaimStatuses');
  const each = [...(Array.isArray(statuses) ? statuses : []), at(pod, 'status', 'extendedResourceClaimStatus')];
  const names = each.map((status) => at(status, 'resourceClaimName'));
  return [...new Set(names.filter((name): name is string => typeof name === 'string' && name !== ''))];
}

async function slicesOf(driver: string, node: unknown, client: Client): Promise<readonly unknown[]> {
  const fieldSelector = `spec.nodeName=${String(node ?? '')},spec.driver=${driver}`;
  const list = await client.get([...group, 'resourceslices'], `ResourceSlices of ${driver}`, { fieldSelector });
  const items = at(list, 'items');
  return Array.isArray(items) ? items : [];
}

/** What the newest slice of the pool says about the device. */
function published(slices: readonly unknown[], pool: unknown, device: unknown): { id?: string; resource?: string } {
  const generation = (slice: unknown): number => Number(at(slice, 'spec', 'pool', 'generation') ?? 0);
  const own = slices
    .filter((slice) => at(slice, 'spec', 'pool', 'name') === pool)
    .toSorted((a, b) => generation(b) - generation(a));
  for (const slice of own) {
    const devices = at(slice, 'spec', 'devices');
    const found = (Array.isArray(devices) ? devices : []).find((each) => at(each, 'name') === device);
    if (found === undefined) continue;
    const [id, resource] = [idAttribute, resourceAttribute].map((name) => at(found, 'attributes', name, 'string'));
    return { ...(typeof id === 'string' && { id }), ...(typeof resource === 'string' && { resource }) };
  }
  return {};
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((part, key) => (isRecord(part) ? (part as Json)[key] : undefined), value);
}
