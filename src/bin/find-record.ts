/** The record that people mean by a pod's or container's name. Pure. */
import type { AttachRecord } from '../attach/record';
import { fail } from '../error';
import { shown } from '../json';

/**
 * By `namespace/pod`, by a pod's name alone, or by the beginning of a container id. ContainerUnknown says what there is
 * instead, or which ones it could be.
 */
export function findRecord(name: string, records: readonly AttachRecord[]): AttachRecord {
  const called = records.filter(({ pod }) => pod?.name === name || `${pod?.namespace}/${pod?.name}` === name);
  const found =
    called.length > 0 ? called : records.filter(({ containerId }) => name !== '' && containerId.startsWith(name));
  const [one, ...others] = found;
  if (one !== undefined && others.length === 0) return one;
  const names = (one === undefined ? records : found).map(nameOf);
  const list =
    names.length === 0 ? 'nothing is attached on this node' : `there is ${[...new Set(names)].slice(0, 8).join(', ')}`;
  return fail('ContainerUnknown', `Cannot ${one === undefined ? 'find' : 'choose'} ${shown(name)}: ${list}`);
}

function nameOf({ pod, containerId }: AttachRecord): string {
  const short = containerId.slice(0, 12);
  return pod === undefined ? short : `${pod.namespace}/${pod.name} (${short})`;
}
