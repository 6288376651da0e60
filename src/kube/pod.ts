/** From the API's pod object to what is needed of it, and whether it is the pod that the runtime means. Pure. */
import type { Pod } from '../attach/ports';
import { fail } from '../error';
import { isRecord } from '../json';

/** Where kubelet got a pod from: `api`, or `file` or `http` for a static pod. */
const sourceAnnotation = 'kubernetes.io/config.source';

/** PodUnavailable when it is not that pod's object. */
export function parsePod(value: unknown, namespace: string, name: string): Pod {
  const metadata = isRecord(value) && isRecord(value.metadata) ? value.metadata : {};
  if (metadata.name !== name || metadata.namespace !== namespace)
    return fail('PodUnavailable', `Cannot use what the API server answered: need pod ${namespace}/${name}`);
  const annotations = isRecord(metadata.annotations) ? metadata.annotations : {};
  return {
    namespace,
    name,
    uid: typeof metadata.uid === 'string' && metadata.uid !== '' ? metadata.uid : undefined,
    annotations: Object.fromEntries(
      Object.entries(annotations).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}

/** Whether the object is the runtime's pod, as far as can be told. A static pod's object is a mirror with a uid of its own. */
export function isSamePod(pod: Pod, uid: string | undefined): boolean {
  return uid === undefined || pod.uid === uid || isStatic(pod);
}

/** PodUnavailable when the cluster has another pod of that name, as between two pods of a StatefulSet. */
export function requireSamePod(pod: Pod, uid: string | undefined): Pod {
  if (isSamePod(pod, uid)) return pod;
  return fail(
    'PodUnavailable',
    `Cannot use the annotations of another pod of that name: the cluster has uid ${pod.uid ?? 'none'}, the runtime starts uid ${uid}`,
  );
}

function isStatic({ annotations }: Pod): boolean {
  const source = annotations[sourceAnnotation] ?? '';
  return source !== '' && source !== 'api';
}
