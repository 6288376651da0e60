/** The record that people mean by a pod's or container's name. Pure. */
import type { FailedPod } from '../attach/history';
import type { AttachRecord } from '../attach/record';
import { fail } from '../error';
import { shown } from '../json';
import { containerOf } from './by-hand';

/**
 * By `namespace/pod`, by a pod's name alone, by the beginning of a container id, or by the namespace that `braid add` was
 * given. `failed`: pods without a record. ContainerUnknown says what there is instead, or which ones it could be.
 */
export function findRecord(
  name: string,
  records: readonly AttachRecord[],
  failed: readonly FailedPod[] = [],
): AttachRecord {
  const called = records.filter(({ pod }) => pod?.name === name || `${pod?.namespace}/${pod?.name}` === name);
  const begun = records.filter(({ containerId }) => name !== '' && containerId.startsWith(name));
  const byHand = records.filter(({ containerId }) => containerId === containerOf(name));
  const found = [called, begun, byHand].find(({ length }) => length > 0) ?? [];
  const [one, ...others] = found;
  if (one !== undefined && others.length === 0) return one;
  const names = (one === undefined ? records : found).map(nameOf);
  const list =
    names.length === 0 ? 'nothing is attached on this node' : `there is ${[...new Set(names)].slice(0, 8).join(', ')}`;
  const lost = failed.filter(({ pod }) => pod === name || pod.endsWith(`/${name}`));
  const last = lost.length === 1 ? lost[0]?.failures.at(-1) : undefined;
  const why = last === undefined ? '' : `; its ADD failed at ${last.at}: ${last.problem}`;
  return fail('ContainerUnknown', `Cannot ${one === undefined ? 'find' : 'choose'} ${shown(name)}: ${list}${why}`);
}

/** `namespace/pod (the container id's beginning)`. */
export function nameOf({ pod, containerId }: AttachRecord): string {
  const short = containerId.slice(0, 12);
  return pod === undefined ? short : `${pod.namespace}/${pod.name} (${short})`;
}
