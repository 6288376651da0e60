/** Devices that kubelet's device manager gave to a pod: its pod-resources API (v1), else its checkpoint. Asks that socket, reads that file. */

import type { Files } from '../attach/ports';
import { fail } from '../error';
import { isRecord, parseObject } from '../json';
import { existsSync } from '../kernel/fs';
import type { DevicesByResource } from '../pod/devices';
import type { PodIdentity } from '../pod/event';
import { callUnary } from './grpc';
import { textField, textOf, valuesOf } from './protobuf';

/** Where kubelet is asked. */
export interface KubeletPaths {
  readonly socket: string;
  /** From before the API, or where it is switched off. */
  readonly checkpoint: string;
}

export const kubeletPaths: KubeletPaths = {
  socket: '/var/lib/kubelet/pod-resources/kubelet.sock',
  checkpoint: '/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint',
};

const limits = { milliseconds: 10_000, most: 16 * 1024 * 1024 }; // as Multus

/** The pod's devices; none without a kubelet. DevicesUnavailable when it does not answer, or not so that it can be understood. */
export async function findAllocated(pod: PodIdentity, paths: KubeletPaths, files: Files): Promise<DevicesByResource> {
  if (existsSync(paths.socket)) return askKubelet(pod, paths.socket);
  const text = await files.readText(paths.checkpoint);
  return text === undefined ? new Map() : inCheckpoint(text, pod, paths.checkpoint);
}

/** Get is for one pod, and not in each kubelet; List has all. */
async function askKubelet(pod: PodIdentity, socket: string): Promise<DevicesByResource> {
  const service = '/v1.PodResourcesLister';
  const query = Buffer.concat([textField(1, pod.name), textField(2, pod.namespace)]);
  const got = await callUnary(socket, `${service}/Get`, query, limits);
  if ('message' in got) return understood(socket, () => devicesIn(valuesOf(got.message, 1), pod));
  const listed = got.status < 0 ? got : await callUnary(socket, `${service}/List`, Buffer.alloc(0), limits);
  if ('message' in listed) return understood(socket, () => devicesIn(valuesOf(listed.message, 1), pod));
  return fail('DevicesUnavailable', `Cannot ask kubelet at ${socket} for the devices of the pod: ${listed.problem}`);
}

/** PodResources: 1 name, 2 namespace, 3 containers; of these 2 devices: 1 resource_name, 2 device_ids. */
function devicesIn(pods: readonly Buffer[], { namespace, name }: PodIdentity): DevicesByResource {
  const found = new Map<string, readonly string[]>();
  for (const pod of pods) {
    if (textOf(pod, 1) !== name || textOf(pod, 2) !== namespace) continue;
    for (const devices of valuesOf(pod, 3).flatMap((container) => valuesOf(container, 2)))
      add(found, textOf(devices, 1), valuesOf(devices, 2).map(String));
  }
  return found;
}

/** `Data.PodDeviceEntries[]`: `PodUID`, `ResourceName`, `DeviceIDs` by NUMA node, or in one list of old kubelets. */
function inCheckpoint(text: string, { uid }: PodIdentity, path: string): DevicesByResource {
  const { Data: data } = parseObject(text, path, 'DevicesUnavailable');
  const entries = isRecord(data) ? data.PodDeviceEntries : undefined;
  const found = new Map<string, readonly string[]>();
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (!isRecord(entry) || uid === undefined || entry.PodUID !== uid || typeof entry.ResourceName !== 'string')
      continue;
    const ids = isRecord(entry.DeviceIDs) ? Object.values(entry.DeviceIDs).flat() : [entry.DeviceIDs].flat();
    add(
      found,
      entry.ResourceName,
      ids.filter((id) => typeof id === 'string'),
    );
  }
  return found;
}

function add(found: Map<string, readonly string[]>, resource: string, ids: readonly string[]): void {
  found.set(resource, [...new Set([...(found.get(resource) ?? []), ...ids])]);
}

function understood<T>(socket: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    return fail('DevicesUnavailable', `Cannot understand what kubelet answers at ${socket}: ${String(cause)}`, {
      cause,
    });
  }
}
